"""A quiz over HTTP: asked for, its sheet fetched, answers handed in, marked by a worker, shown to its student, regraded."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.quiz.handed_in import seed_of
from grader.quiz.sheet import paper
from grader.stack.stack import Stack
from grader.tests import kept
from grader.tests.quiz.questions import QUIZ
from grader.tests.quiz.quizzed import quizzed
from grader.tests.server.school import School, ok
from grader.worker.site import Site

SUMS, ADDING = "/api/v1/courses/math/assignments/sums", "/api/v1/courses/math/assignments/adding"
PAST = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
FUTURE = datetime(2100, 1, 1, tzinfo=UTC).isoformat()


@pytest.fixture
def quizzing(migrated_file: Path, small: Course, blobs: FolderBlobs, tmp_path: Path) -> School:
    """On SQLite: the quiz has a question of each type."""
    (tmp_path / "quizzing.db").write_bytes(migrated_file.read_bytes())
    return School(Database(f"sqlite:///{tmp_path / 'quizzing.db'}"), quizzed(small), blobs)


def ask(school: School, **rules: Any) -> Any:
    return ok(school.http("instructor").put(SUMS, json={"quiz": "01", **rules}))


def answers(sheet: dict[str, Any], **typed: str) -> bytes:
    document = {"schema": 1, "quiz": sheet["quiz"], "seed": sheet["seed"], "answers": {f"q-{n}": t for n, t in typed.items()}}
    return json.dumps(document).encode()


def graded_by_a_worker(school: School, folder: Path) -> None:
    """All that waits, in sandboxes of the local backend."""
    folder.mkdir(exist_ok=True)
    home = kept.home(folder / "home")
    stack = Stack(school.content, LocalBackend(home), home)
    with Site(
        school.database, school.blobs, stack, lambda *_: contextlib.nullcontext(), folder / "evidence"
    ) as site:  # fmt: skip
        while (lease := school.queue.lease("w")) is not None:
            school.queue.complete(lease, *site.grade(lease))


def test_one_thing_is_asked_for(light: School) -> None:
    """A lab or a quiz: neither, both, or one that there isn't is refused, with what is meant; as is the other under a name
    that is taken."""
    http = light.http("instructor")
    made = ok(http.put(SUMS, json={"quiz": "01"}))
    assert (made["kind"], made["content"]) == ("quiz", "01-adding")
    for place, body, said in (
        (SUMS, {}, "an assignment asks for one thing: `lab` or `quiz`"),
        (SUMS, {"lab": "01", "quiz": "01"}, "an assignment asks for one thing: `lab` or `quiz`"),
        (SUMS, {"quiz": "07"}, "there is no quiz '07'"),
        (SUMS, {"lab": "01"}, "assignment sums is quiz 01-adding already"),
        (ADDING, {"quiz": "01"}, "assignment adding is lab 01-adding already"),
    ):
        answer = http.put(place, json=body)
        assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_a_sheet_is_one_s_own(quizzing: School) -> None:
    """As `mlops admin sheet` prints it, with nothing that tells what is right; a fellow's has another seed. A lab has none."""
    ask(quizzing)
    found = {who: ok(quizzing.http(who).get(f"{SUMS}/sheet")) for who in ("owner", "fellow", "instructor")}
    assert found == {
        who: paper(QUIZ, seed_of("math", "sums", who)).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for who in found
    }
    assert len({sheet["seed"] for sheet in found.values()}) == 3
    assert [words for words in ("why", "A product", "git status", "x * 2", "assert") if words in json.dumps(found)] == []
    answer = quizzing.http("owner").get(f"{ADDING}/sheet")
    assert (answer.status_code, answer.json()["detail"]) == (422, "assignment adding is a lab")


def test_a_sheet_is_shown_while_the_assignment_takes_work(quizzing: School) -> None:
    """Not before it opens, nor after it has closed, but for who has longer."""
    owner, fellow, instructor = (quizzing.http(who) for who in ("owner", "fellow", "instructor"))
    ask(quizzing, opens_at=FUTURE)
    assert owner.get(f"{SUMS}/sheet").json()["detail"] == (
        "assignment sums takes nothing now: it opens at 2100-01-01 00:00 UTC"
    )
    ask(quizzing, due_at=PAST, closes_at=PAST)
    ok(instructor.post(f"{SUMS}/extensions/fellow", json={"due_at": FUTURE, "reason": "ill"}), 204)
    answer = owner.get(f"{SUMS}/sheet")
    assert (answer.status_code, answer.json()["detail"]) == (
        422, "assignment sums takes nothing now: it closed at 2020-01-01 00:00 UTC",
    )  # fmt: skip
    assert ok(fellow.get(f"{SUMS}/sheet"))["seed"] == seed_of("math", "sums", "fellow")


def test_from_the_sheet_to_the_result(quizzing: School, tmp_path: Path) -> None:
    """With one submission, what would have been right is told; when it becomes more, it isn't any more, but to who teaches.
    A quiz that was changed is graded again, and that shows when it is released."""
    ask(quizzing, max_submissions=1)
    owner, teacher = quizzing.http("owner"), quizzing.http("instructor")
    sheet = ok(owner.get(f"{SUMS}/sheet"))
    sent = answers(sheet, short="git status", fix="return x * 2", multiple="a b c d")
    number = ok(owner.post(f"{SUMS}/submissions", content=sent), 202)["submission"]
    graded_by_a_worker(quizzing, tmp_path)

    one = f"/api/v1/submissions/{number}"
    seen = ok(owner.get(f"{one}/result"))
    checks = {check["id"]: check for check in seen["result"]["checks"]}
    assert [(c["id"], c["status"], c["earned"], c["possible"]) for c in checks.values()] == [
        ("q-single", "not_run", 0, 1), ("q-multiple", "failed", 0, 1), ("q-output", "not_run", 0, 1),
        ("q-numeric", "not_run", 0, 1), ("q-order", "not_run", 0, 1), ("q-match", "not_run", 0, 1),
        ("q-short", "failed", 0, 1), ("q-fix", "passed", 1, 1),
    ]  # fmt: skip
    assert (seen["earned"], seen["possible"], seen["held_back"], seen["released"]) == (1, 8, 0, True)
    assert {k: checks["q-short"][k] for k in ("statement", "expected", "found")} == {
        "statement": "Which?", "expected": "git status -s: It is short.", "found": "git status",
    }  # fmt: skip
    assert [ok(owner.get(one))[k] for k in ("state", "earned", "possible")] == ["released", 1, 8]

    ask(quizzing, max_submissions=2)
    assert {c["expected"] for c in ok(owner.get(f"{one}/result"))["result"]["checks"]} == {""}
    assert ok(teacher.get(f"{one}/result"))["result"]["checks"] == seen["result"]["checks"]

    file = quizzing.content.root / "quizzes" / "01-adding.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("git status -s", "git status"), encoding="utf-8")
    assert ok(teacher.post(f"{SUMS}/regrade", json={"reason": "also right"}), 202) == {"meant": 1, "waiting": 1}
    graded_by_a_worker(quizzing, tmp_path / "again")
    assert ok(owner.get(f"{one}/result"))["earned"] == 1
    assert ok(teacher.post(f"{one}/release")) == {"released": 1}
    assert ok(owner.get(f"{one}/result"))["earned"] == 2
    attempts = ok(owner.get(f"{one}/attempts"))["items"]
    assert attempts[1]["changes"] == [{"check": "q-short", "before": "failed", "after": "passed", "points": 1}]


def test_what_is_said_of_a_question_is_shown(quizzing: School, tmp_path: Path) -> None:
    """Marks and comments on a question: a quiz hides none."""
    ask(quizzing)
    owner, grader = quizzing.http("owner"), quizzing.http("grader")
    sheet = ok(owner.get(f"{SUMS}/sheet"))
    number = ok(owner.post(f"{SUMS}/submissions", content=answers(sheet, short="git")), 202)["submission"]
    graded_by_a_worker(quizzing, tmp_path)
    one = f"/api/v1/submissions/{number}"
    ok(grader.post(f"{one}/marks", json={"check": "q-short", "points": 0.5, "reason": "nearly"}), 201)
    ok(grader.post(f"{one}/comments", json={"check": "q-short", "words": "which flag?"}), 201)
    seen = ok(owner.get(f"{one}/result"))
    assert ([m["check"] for m in seen["marks"]], [c["words"] for c in seen["comments"]]) == (["q-short"], ["which flag?"])
    assert (seen["earned"], seen["result"]["checks"][6]["expected"]) == (0.5, "")
