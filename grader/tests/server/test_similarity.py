"""Who teaches is shown which submissions are alike, side by side, and nothing comes of it by itself."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from grader.course.tree import Course
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.grading.sealed import bundle
from grader.grading.submission import Submission
from grader.notebook import build
from grader.queue.intake import accept
from grader.similarity.pairs import FEWEST
from grader.tests.server.school import School, ok
from grader.tests.server.test_pages import person
from grader.tests.similarity.solutions import COPIED, FIRST, OWN

PLACE = "/api/v1/courses/math/assignments/adding/similarity"
PAGE = "/courses/math/assignments/adding/similarity"
EVIL = 'x = "</pre><script>alert(1)</script>"\n'


def hand_in(school: School, who: str, cells: dict[str, str]) -> int:
    """The lab's notebook with somebody's answer to its first task, and their other cells after it."""
    lab = school.content.lab(school.lab)
    notebook = build.starter(lab)
    texts = list(cells.values())
    for cell in notebook.cells:
        if cell["id"] == "add":
            cell.source = f"{cell.source}\n{texts[0]}"
    notebook.cells += [nbformat.v4.new_code_cell(text) for text in texts[1:]]
    sealed = bundle(lab, Submission("x", None, nbformat.writes(notebook).encode()))
    return accept(school.database, school.blobs, school.content, "math", "adding", who, sealed).submission


@pytest.fixture
def alike(database: Database, small: Course, blobs: FolderBlobs) -> School:
    """The owner's work, a fellow's copy of it in disguise, somebody's own, and one who has written nothing. A grader's is no
    student's."""
    school = School(database, small, blobs)
    for name in ("alone", "idle"):
        ok(school.http("instructor").put(f"/api/v1/courses/math/people/{name}", json={"role": "student"}))
    hand_in(school, "fellow", OWN)
    hand_in(school, "owner", FIRST)
    hand_in(school, "fellow", {"own": EVIL, **COPIED})
    hand_in(school, "alone", OWN)
    hand_in(school, "idle", {"none": ""})
    hand_in(school, "grader", FIRST)
    return school


def scores(school: School) -> Any:
    return ok(school.http("instructor").get("/api/v1/courses/math/gradebook?unreleased=true"))


def test_a_copy_is_found_and_changes_nothing(alike: School) -> None:
    """The last submissions of students are compared, whatever names and order they have; no score and no job changes."""
    before, http = scores(alike), alike.http("instructor")
    found = ok(http.get(PLACE))
    [pair] = found.pop("pairs")
    assert found == {"threshold": 0.5, "compared": 3, "left_out": ["idle"], "more": 0}
    assert (pair["one"]["student"], pair["other"]["student"]) == ("owner", "fellow")
    assert (pair["one"]["submission"], pair["other"]["submission"]) == (2, 3)
    assert (pair["one"]["share"] > 0.9, pair["other"]["share"] > 0.9) == (True, True)
    assert [http.get(PLACE, params={"threshold": t}).status_code for t in (0, 2, "x")] == [422] * 3
    assert scores(alike) == before
    assert ok(http.get("/api/v1/courses/math/jobs"))["depth"]["waiting"] == 6


def test_two_are_shown_side_by_side(alike: School) -> None:
    """With the lines of each; of two who wrote on their own, next to nothing. Another assignment's submission is not there."""
    http = alike.http("instructor")
    found = ok(http.get(f"{PLACE}/2/3"))
    assert (found["one"]["student"], found["other"]["student"]) == ("owner", "fellow")
    texts = [fragment["one"]["text"] for fragment in found["fragments"]]
    assert sorted(text.splitlines()[0] for text in texts) == sorted(text.splitlines()[0] for text in FIRST.values())
    assert [f["words"] for f in found["fragments"]] == sorted((f["words"] for f in found["fragments"]), reverse=True)
    assert ok(http.get(f"{PLACE}/2/4"))["shared"] < FEWEST
    assert [http.get(f"{PLACE}/{pair}").status_code for pair in ("2/999", "0/1", "x/1")] == [404, 422, 422]
    art = accept(alike.database, alike.blobs, alike.content, "art", "adding", "stranger", alike.bundle()).submission
    assert http.get(f"{PLACE}/2/{art}").status_code == 404


def test_the_pages_say_what_the_number_means(alike: School) -> None:
    """And show students' code as words: nothing of it is markup."""
    client = person(alike, "instructor")
    page = client.get(PAGE).text
    for words in ("owner and fellow", f'href="{PAGE}/2/3"', "It is no proof, and changes no score", ": idle.", "alone"):
        assert (words in page) == (words != "alone"), words
    one = client.get(f"{PAGE}/2/3").text
    assert ["groups + 1" in one, "bins + 1" in one, "<script>alert" in one] == [True, True, False]
    assert client.get(f"{PAGE}?percent=5").status_code == 422


def test_markup_is_shown_as_it_was_written(alike: School) -> None:
    """In a fragment that two share."""
    for who in ("owner", "alone"):
        hand_in(alike, who, {"a": EVIL + FIRST["train"]})
    page = person(alike, "instructor").get(f"{PAGE}/7/8").text
    assert ["&lt;/pre&gt;&lt;script&gt;" in page, "<script>alert" in page] == [True, False]


def test_what_has_no_code_is_not_compared(alike: School) -> None:
    """A quiz; and a blob that is gone is a student who is left out."""
    http = alike.http("instructor")
    ok(http.put("/api/v1/courses/math/assignments/sums", json={"quiz": "01"}))
    answer = http.get("/api/v1/courses/math/assignments/sums/similarity")
    assert (answer.status_code, "nothing is handed in for it as a bundle" in answer.json()["detail"]) == (422, True)
    assert "similarity" not in person(alike, "instructor").get("/courses/math/assignments/sums").text
    for file in alike.blobs.root.rglob("*"):
        if file.is_file():
            file.unlink()
    found = ok(http.get(PLACE))
    assert (found["compared"], found["left_out"], found["pairs"]) == (0, ["alone", "fellow", "idle", "owner"], [])
