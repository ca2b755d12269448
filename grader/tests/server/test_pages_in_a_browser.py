"""The pages in a real Chromium: a student hands in lab 04 and watches, who teaches marks and releases; axe finds nothing to
complain of on any page, light or dark; everything can be done by keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.course.tree import Course, Lab
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Submission
from grader.grading import samples
from grader.result import CheckResult, Result
from grader.spec.lab import CheckSpec
from grader.tests.gradebook.small_class import IMAGE
from grader.tests.server.listening import listening
from grader.tests.server.school import School
from grader.tests.server.test_accounts import PASSWORD, link_for

if TYPE_CHECKING:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 60_000
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EVIL = "<script>document.title = 'taken over'</script><img src=x onerror=\"document.title = 'taken over'\">"


@dataclass(frozen=True)
class Place:
    """A school whose assignment is lab 04, and its service's address."""

    school: School
    lab: Lab
    url: str
    evidence: Path


@pytest.fixture
def place(migrated_file: Path, course: Course, lab04: Lab, tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "pages.db").write_bytes(migrated_file.read_bytes())
    database, blobs = Database(f"sqlite:///{tmp_path / 'pages.db'}"), FolderBlobs(tmp_path / "blobs")
    school = School(database, course, blobs, lab=lab04.id, events_seconds=60)
    with listening(school.app) as url:
        yield Place(school, lab04, url, tmp_path / "evidence")


def _passed(task: str, check: CheckSpec) -> CheckResult:
    return CheckResult(
        id=check.id, task=task, statement=f"What {check.id} says holds.", status="passed", earned=check.points,
        possible=check.points,
    )  # fmt: skip


def _missed(task: str, check: CheckSpec) -> CheckResult:
    return _passed(task, check).model_copy(
        update={
            "status": "failed",
            "earned": 0,
            "expected": "0.7025 ± 1e-06",
            "found": "<b>0.9804</b>",
            "next": "Look at the split.",
        }
    )


def verdict(lab: Lab, sha256: str, missed: int = 0, version: str = "version-1") -> Result:
    """A result of lab 04: all checks passed but the first so many."""
    declared = [(task.id, check) for task in lab.spec.tasks for check in task.checks]
    checks = tuple(
        _missed(task, check) if number < missed else _passed(task, check) for number, (task, check) in enumerate(declared)
    )
    return Result(
        lab=lab.id, lab_version=version, submission="x", student=None, submission_sha256=sha256, outcome="finished",
        earned=sum(c.earned for c in checks), possible=sum(c.possible for c in checks), checks=checks,
    )  # fmt: skip


def graded(place: Place, missed: int = 0, version: str = "version-1") -> None:
    """The next job is leased and done."""
    lease = place.school.queue.lease("w")
    assert lease is not None
    place.school.queue.complete(lease, verdict(place.lab, "", missed, version), IMAGE)


@pytest.fixture
def looking(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def sign_in(page: Page, place: Place, name: str) -> None:
    """By a link, whose secret the page takes out of its address."""
    page.goto(f"{place.url}/sign-in#{link_for(place.school, name)}")
    page.wait_for_url("**/account")


def leave_evidence(place: Place, sha256: str) -> None:
    """What a run of the owner's left, with everything in it that a student could try."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": EVIL},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": EVIL, "text/plain": "a table"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": PICTURE}},
    ]
    cells = [{"cell_type": "markdown", "source": EVIL}, {"cell_type": "code", "source": f"print({EVIL!r})", "outputs": outputs}]
    folder = place.evidence / place.lab.id / f"owner-{sha256[:12]}" / "attempt-1"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(verdict(place.lab, sha256).json_line())
    (folder / "notebook.ipynb").write_text(json.dumps({"cells": cells}))


def test_from_handing_in_to_a_released_mark(place: Place, looking: BrowserContext, tmp_path: Path) -> None:
    """The student uploads the notebook, sees it waiting, being graded, and graded, without asking again. A grader's page shows
    the notebook as it ran, and runs nothing of it. The instructor marks, comments, has it graded again, sees what would change,
    and releases it; only then the student's page changes."""
    page = looking.new_page()
    sign_in(page, place, "owner")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    page.get_by_text("Your password is changed").wait_for()
    page.get_by_role("link", name="To your courses").click()
    page.get_by_role("link", name="Math").click()
    page.get_by_role("link", name="adding").click()
    work = tmp_path / f"{place.lab.id}.ipynb"
    work.write_bytes(samples.solution(place.lab)[0].notebook)
    page.get_by_label("Your file").set_input_files(work)
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url("**/submissions/1?done=*")
    page.get_by_text("It waits to be graded.").wait_for()
    lease = place.school.queue.lease("w")
    assert lease is not None
    page.get_by_text("It is being graded.").wait_for()
    place.school.queue.complete(lease, verdict(place.lab, "", missed=1), IMAGE)
    page.locator(".score").wait_for()
    whole = sum(check.points for task in place.lab.spec.tasks for check in task.checks)
    first = place.lab.spec.tasks[0].checks[0]
    assert page.locator(".score").inner_text() == f"{whole - first.points:g}/{whole:g}"
    failed = page.locator(".checks > .failed")
    assert failed.locator("dd").all_inner_texts() == ["0.7025 ± 1e-06", "<b>0.9804</b>", "Look at the split."]
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    sign_in(page, place, "instructor")
    sha256 = page.request.get(f"{place.url}/api/v1/submissions/1").json()["sha256"]
    leave_evidence(place, sha256)
    page.goto(f"{place.url}/submissions/1/notebook")
    assert page.title() == "Notebook of submission 1 · MLOps course"
    assert page.locator(".output").all_inner_texts() == [EVIL, "a table", ""]
    assert page.locator(".output img").evaluate("image => image.naturalWidth") == 1
    page.goto(f"{place.url}/submissions/1")
    page.get_by_label("Points (empty takes the mark back)").fill("3")
    page.get_by_label("Why").first.fill("half of it is right")
    page.get_by_role("button", name="Give the mark").click()
    page.get_by_text("The mark is given.").wait_for()
    page.get_by_label("Words for the student").fill("Mind the split.")
    page.get_by_role("button", name="Write the comment").click()
    page.get_by_text("The comment is written").wait_for()
    page.get_by_label("Why").last.fill("the check was wrong")
    page.get_by_role("button", name="Grade again").click()
    page.get_by_text("1 to be graded again").wait_for()
    graded(place, version="version-2")
    page.goto(f"{place.url}/courses/math/assignments/adding/release")
    changed = page.locator("tbody li").all_inner_texts()
    assert changed == [f"{first.id}: failed → passed (+{first.points:g} points)"]
    student = looking.browser.new_context()  # type: ignore[union-attr]  # it has one
    theirs = student.new_page()
    sign_in(theirs, place, "owner")
    theirs.goto(f"{place.url}/submissions/1")
    assert theirs.locator(".score").inner_text() == f"{whole - first.points + 3:g}/{whole:g}"
    assert theirs.locator("blockquote").inner_text().splitlines()[-1] == "Mind the split."
    page.get_by_role("button", name="Release 1 result").click()
    page.get_by_text("1 results are shown").wait_for()
    theirs.reload()
    assert theirs.locator(".checks > .failed").count() == 0
    student.close()


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
QUIZ, ALIKE = "/courses/math/assignments/sums/quiz", "/courses/math/assignments/adding/similarity"
ASKED = {1: "single", 3: "order", 4: "numeric", 6: "match", 7: "output", 8: "multiple", 9: "fix", 10: "short"}
"""Of quiz 00: a question of each type …"""
LOOKS = (3, 6, 7, 8, 9, 10)
"""… and those that look different."""
MENDED = "    for value in before | after:"
PAGES = {
    None: ("/sign-in", "/set-up"),
    "owner": (
        "/", "/account", "/account/tokens", "/courses/math", "/courses/math/progress", "/courses/math/assignments/adding",
        "/submissions/2", "/submissions/3", "/nothing", "/courses/math/assignments/sums", QUIZ,
        *(f"{QUIZ}/{number}" for number in LOOKS),
    ),
    "instructor": (
        "/courses/math", "/courses/math/assignments/adding", "/courses/math/assignments/adding/release", "/submissions/2",
        "/submissions/2/notebook", "/courses/math/scores", "/courses/math/people", "/courses/math/queue", ALIKE,
        f"{ALIKE}/1/2",
    ),
    "root": ("/",),
}  # fmt: skip


def filled(place: Place) -> None:
    """A submission that is graded, marked and graded again, one that waits, and a dead letter; a quiz, answered in part; a
    token."""
    school = place.school
    asked(place)
    answer = school.http("owner").put(
        "/api/v1" + QUIZ.removesuffix("quiz") + "draft/" + first_question(place), json={"answer": "a"}
    )
    assert answer.status_code == 200
    school.token("owner")
    school.hand_in("fellow")
    school.kill()
    school.hand_in("owner")
    graded(place, missed=2)
    with school.database.reading() as session:
        sha256 = session.get_one(Submission, 2).sha256
    leave_evidence(place, sha256)
    teacher = school.http("instructor")
    assert teacher.post("/api/v1/submissions/2/regrade", json={"reason": "check mended"}).status_code == 202
    graded(place, missed=1, version="version-2")
    check = place.lab.spec.tasks[0].checks[0].id
    mark = {"check": check, "points": 2, "reason": "half right"}
    assert teacher.post("/api/v1/submissions/2/marks", json=mark).status_code == 201
    assert teacher.post("/api/v1/submissions/2/comments", json={"words": "well done"}).status_code == 201
    school.hand_in("owner", "another")


def asked(place: Place) -> None:
    """Quiz 00, as `sums`."""
    made = place.school.http("instructor").put("/api/v1/courses/math/assignments/sums", json={"quiz": "00"})
    assert made.status_code == 200


def first_question(place: Place) -> str:
    return place.school.content.quiz("00").questions[0].id


def complaints(axe: Axe, page: Page) -> list[str]:
    """What axe says of a page, and whether it is wider than the screen."""
    result = axe.run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    assert len(result["passes"]) > 5
    wrong = [f"{rule['id']}: {node['html']}" for rule in result["violations"] for node in rule["nodes"]]
    wider = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*wrong, *(["wider than the screen"] if wider else [])]


def test_axe_finds_nothing(place: Place, browser: Browser) -> None:
    """On every page, on a phone in the dark and on a screen in the light; no page is wider than the phone."""
    from axe_playwright_python.sync_playwright import Axe

    filled(place)
    axe, found = Axe(), dict[str, Any]()
    for name, places in PAGES.items():
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        if name is not None:
            sign_in(page, place, name)
        for path in places:
            page.goto(place.url + path)
            for scheme, width in (("light", 1280), ("dark", 360)):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # both are schemes
                page.set_viewport_size({"width": width, "height": 800})
                wrong = complaints(axe, page)
                if wrong:
                    found[f"{scheme} {name} {path}"] = wrong
        context.close()
    assert found == {}


def test_by_keyboard_alone(place: Place, looking: BrowserContext) -> None:
    """From the way in to a mark: Tab reaches everything in order, and where one is can be seen."""
    filled(place)
    page = looking.new_page()
    sign_in(page, place, "instructor")
    page.goto(f"{place.url}/submissions/2")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    reached = list[str]()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", reached[-1]
        if reached[-1] == "points-given":
            break
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    page.get_by_text("The mark is given.").wait_for()
    page.get_by_text("4 points by hand").wait_for()


def test_a_quiz_by_keyboard_and_without_a_script(place: Place, browser: Browser) -> None:
    """A question of each type is answered with keys alone where no script runs; then the answers are handed in."""
    asked(place)
    quiz = place.school.content.quiz("00")
    types = dict(enumerate((question.type for question in quiz.questions), 1))
    assert {number: types[number] for number in ASKED} == ASKED
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{place.url}/sign-in")
    page.get_by_label("Your sign-in link").fill(f"{place.url}/sign-in#{link_for(place.school, 'owner')}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    for number in ASKED:
        page.goto(f"{place.url}{QUIZ}/{number}")
        answer_by_keys(page, ASKED[number])
        page.get_by_text("Your answer is kept.").wait_for()
    kept = place.school.http("owner").get("/api/v1" + QUIZ.removesuffix("quiz") + "draft").json()["answers"]
    by_type = {ASKED[number]: kept.pop(quiz.questions[number - 1].id) for number in ASKED}
    assert (by_type, kept) == (
        {"output": "a", "single": "a", "order": "a b c d e f", "numeric": "12", "match": "1a 2b 3c 4d", "multiple": "a",
         "fix": MENDED, "short": "git status"}, {},
    )  # fmt: skip
    page.goto(place.url + QUIZ)
    page.get_by_role("button", name="Hand in these answers").press("Enter")
    page.wait_for_url("**/submissions/1?done=handed-in*")
    context.close()


def reach(page: Page, name: str) -> None:
    """Press Tab until the field of this name has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(f"[name='{name}']:focus").count():
            return
    pytest.fail(f"no Tab leads to {name}")


def answer_by_keys(page: Page, kind: str) -> None:
    """Choose, or type, and send with Enter."""
    if kind in ("order", "match"):
        fields = page.locator("fieldset select").evaluate_all("all => all.map(one => one.name)")
        for place, name in enumerate(fields, 1):
            reach(page, name)
            page.keyboard.type(str(place) if kind == "order" else "abcdefgh"[place - 1])
        reach_button(page)
        return
    reach(page, "answer")
    if kind in ("single", "output", "multiple"):
        page.keyboard.press("Space")
    elif kind == "fix":
        page.keyboard.press("Control+A")
        page.keyboard.type(MENDED)
    else:
        page.keyboard.type("12" if kind == "numeric" else "git status")
    page.keyboard.press("Enter")


def reach_button(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.locator("button:focus").inner_text() == "Keep the answer and go on"
    page.keyboard.press("Enter")
