"""A student's progress: derived from what is shown to them, and what comes next first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from grader.api.assignments import AssignmentShown
from grader.api.submissions import ScoreShown, Status
from grader.gradebook import roster
from grader.gradebook.late import Dates, NoPenalty, PerDay
from grader.tests import small_course
from grader.tests.server.school import School
from grader.tests.server.test_pages import person
from grader.web.standing import standing
from grader.web.words import due

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def asked(name: str, days: float | None = None, **more: Any) -> AssignmentShown:
    """Due in so many days."""
    given: dict[str, Any] = {
        "name": name, "kind": "lab", "content": "01-adding", "opens_at": None, "closes_at": None, "late_policy": NoPenalty(),
        "due_at": NOW + days * DAY if days is not None else None, "counts": "best", "max_submissions": None, "left": None,
        "released_at_once": True, "revealed": False, "takes_work": True,
    }  # fmt: skip
    return AssignmentShown(**(given | more))


def handed_in(name: str, **more: Any) -> Status:
    given = {"submission": 1, "course": "math", "assignment": name, "student": "ann", "sha256": "", "received_at": NOW}
    return Status(**(given | {"state": "waiting"} | more))


def test_each_assignment_is_in_one_state() -> None:
    """And what comes next is first what is open and due soonest, then what can still be made better; never what is full or
    closed. Points that are not shown count for nothing."""
    closed = {"takes_work": False, "why_not": "it closed"}
    all_ = [
        asked("missed", -3, **closed), asked("full", -2), asked("half", -1), asked("half-closed", -1, **closed),
        asked("soon", 1), asked("waiting", 2), asked("hidden", 3), asked("later", 4),
        asked("to-come", 9, opens_at=NOW + DAY, takes_work=False), asked("any-time"),
    ]  # fmt: skip
    scores = {
        "full": ScoreShown(assignment="full", submission=1, points=10, earned=10, possible=10),
        "half": ScoreShown(assignment="half", submission=2, points=4, earned=5, possible=10, days_late=1, share=0.8),
        "half-closed": ScoreShown(assignment="half-closed", submission=3, points=0, earned=0, possible=5),
        "hidden": ScoreShown(assignment="hidden", submission=4, held_back=True),
    }
    found = standing(NOW, all_, scores, {name: handed_in(name) for name in (*scores, "waiting")})
    assert {step.asked.name: step.state for step in found.steps} == {
        "missed": "missed", "full": "scored", "half": "scored", "half-closed": "scored", "soon": "open", "waiting": "handed_in",
        "hidden": "handed_in", "later": "open", "to-come": "to_come", "any-time": "open",
    }  # fmt: skip
    assert [step.asked.name for step in found.coming] == ["soon", "later", "any-time"]
    assert [step.asked.name for step in standing(NOW, all_[:4], scores, {}).coming] == ["half"]
    assert (found.points, found.possible, found.scored) == (14, 25, 3)


def test_how_far_a_date_is() -> None:
    """In days, or hours and minutes when it is near."""
    told = [due(NOW + timedelta(minutes=minutes), NOW) for minutes in (90, 60 * 30, 60 * 24 * 3, -30, -60 * 24 * 10)]
    assert told == ["due in 90 minutes", "due in 30 hours", "due in 3 days", "30 minutes ago", "10 days ago"]


def test_a_student_s_own_page(light: School) -> None:
    """Points, state and lateness of what is released; who teaches has none, and a fellow sees their own."""
    with light.database.writing() as session:
        now, of = light.database.now(session), roster.course(session, "math")
        past = Dates(due=now - DAY / 2)
        roster.assign(session, now, of, "adding", "lab", light.lab, past, PerDay(percent=20))
        roster.assign(session, now, of, "sums", "quiz", light.lab, Dates(due=now + 3 * DAY))
    light.hand_in("owner")
    light.grade({"adds": 60})
    place = "/courses/math/progress"
    page = person(light, "owner").get(place).text
    for words in (
        ">48/100<", "1 day", "80 % of 60 points count", "1 of 2 assignments", "Quiz: Adding", "due in 3 days",
        'href="/courses/math/assignments/sums">sums</a>: Quiz: Adding', "48/100 so far; you may hand in again",
    ):  # fmt: skip
        assert words in page, words
    fellow = person(light, "fellow").get(place).text
    assert [">48/" in fellow, "points count" in fellow, "owner" in fellow] == [False] * 3, fellow
    assert person(light, "instructor").get(place).status_code == 404


def test_nothing_unreleased_is_on_it(light: School) -> None:
    """Neither a result that is not released nor one whose hidden checks are not revealed."""
    small_course.edit(light.content, small_course.LAB_YAML, "      - id: means\n", "      - id: means\n        hidden: true\n")
    light.rules(released_at_once=False)
    light.hand_in("owner")
    light.grade({"adds": 60, "means": 10})
    owner = person(light, "owner")
    page = owner.get("/courses/math/progress").text
    assert [">60/" in page or ">70/" in page, "is graded, and not released yet" in page] == [False, True]
    light.http("instructor").post("/api/v1/courses/math/assignments/adding/release")
    page = owner.get("/courses/math/progress").text
    assert [">60/" in page or ">70/" in page, "points not shown yet" in page] == [False, True]
    light.http("instructor").post("/api/v1/courses/math/assignments/adding/reveal")
    assert ">70/100<" in owner.get("/courses/math/progress").text
