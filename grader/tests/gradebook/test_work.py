"""Handing in, attempts, marks, release; and the matrix of scores that is derived from them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grader.errors import BadInput
from grader.gradebook import roster, work
from grader.gradebook.late import Dates, GraceBudget, HardStop, PerDay
from grader.gradebook.matrix import matrix
from grader.gradebook.tables import Submission
from grader.tests.gradebook.small_class import FULL, IMAGE, MONDAY, SmallClass, result

DAY = timedelta(days=1)


def points(klass: SmallClass, released: bool = True) -> dict[str, dict[str, float]]:
    """The matrix: points by person and assignment."""
    with klass.database.reading() as session:
        found = matrix(session, klass.course, released)
    return {
        p.name: {a.name: found.scores[p.id, a.id].points for a in found.assignments if (p.id, a.id) in found.scores}
        for p in found.people
    }


def test_the_same_content_is_the_same_submission(klass: SmallClass) -> None:
    """With one more receipt; other content, and other people's same content, are others."""
    first, again, other = (klass.hand_in(klass.ann, content) for content in ("a", "a", "b"))
    bobs = klass.hand_in(klass.bob, "a")
    assert [h.submission.id for h in (first, again, other, bobs)] == [1, 1, 2, 3]
    assert [h.receipt.id for h in (first, again, other, bobs)] == [1, 2, 3, 4]


def test_the_same_key_is_the_same_request(klass: SmallClass) -> None:
    """Answered as before, also after the close; another person's same key is another; other content is refused."""
    klass.ask(Dates(due=MONDAY, closes=MONDAY))
    first = klass.hand_in(klass.ann, "a", key="k")
    klass.hand_in(klass.bob, "a", key="k")
    klass.clock.forward(days=3)
    again = klass.hand_in(klass.ann, "a", key="k")
    assert (again.receipt.id, again.repeated, first.repeated) == (first.receipt.id, True, False)
    with pytest.raises(BadInput, match="this idempotency key was used for another submission"):
        klass.hand_in(klass.ann, "b", key="k")


def test_who_is_not_in_the_course_hands_in_nothing(klass: SmallClass) -> None:
    """Whoever they are."""
    with klass.database.writing() as session:
        eve = roster.add_person(session, MONDAY, "eve")
    with pytest.raises(BadInput, match="eve is not in this course"):
        klass.hand_in(eve)


def test_dates_and_extensions_are_held(klass: SmallClass) -> None:
    """Closed is closed, but for whom it was extended; the last extension holds."""
    klass.ask(Dates(due=MONDAY), HardStop())
    klass.clock.forward(days=1)
    with pytest.raises(BadInput, match="assignment adding takes nothing now: it closed at 2026-03-02 12:00 UTC"):
        klass.hand_in(klass.ann)
    with klass.database.writing() as session:
        for days in (5, 2):
            roster.extend(session, MONDAY, klass.adding, klass.ann, MONDAY + days * DAY, None, "ill", klass.tess)
    klass.hand_in(klass.ann)
    with pytest.raises(BadInput):
        klass.hand_in(klass.bob)
    klass.clock.forward(days=2)
    with pytest.raises(BadInput, match="2026-03-04"):
        klass.hand_in(klass.ann)


def test_submissions_are_counted_without_our_faults(klass: SmallClass) -> None:
    """Two are allowed: one that waits and one that is graded are two; one that only failed through our fault is none."""
    klass.ask(max_submissions=2)
    klass.wait_for(klass.ann, "a")
    klass.queue.fault(klass.lease(), "broken", final=True)
    klass.graded(klass.ann, {}, "b")
    klass.wait_for(klass.ann, "c")
    klass.hand_in(klass.ann, "c")
    with pytest.raises(BadInput, match="all 2 submissions of adding are used"):
        klass.hand_in(klass.ann, "d")


def test_a_first_verdict_counts_at_once_and_a_regrade_when_it_is_released(klass: SmallClass) -> None:
    """The regrade adds an attempt; nothing changes before somebody has released it."""
    number = klass.graded(klass.ann, {"adds": 60})
    with klass.database.reading() as session:
        submission = session.get_one(Submission, number)
    klass.enqueue(submission, "version-2", by=klass.tess, reason="check mended")
    klass.queue.complete(klass.lease(), result(FULL, version="version-2"), IMAGE)
    assert (points(klass)["ann"], points(klass, released=False)["ann"]) == ({"adding": 60}, {"adding": 100})
    with klass.database.writing() as session:
        both = work.attempts(session, number)
        work.release(session, MONDAY, both[1], klass.tess)
    assert [(a.number, a.earned, a.lab_version, a.requested_by, a.reason) for a in both] == [
        (1, 60, "version-1", None, "handed in"), (2, 100, "version-2", klass.tess.id, "check mended"),
    ]  # fmt: skip
    assert points(klass)["ann"] == {"adding": 100}


def test_results_are_held_where_the_assignment_says_so(klass: SmallClass) -> None:
    """Until they are released."""
    klass.ask(released_at_once=False)
    number = klass.graded(klass.ann, FULL)
    assert (points(klass)["ann"], points(klass, released=False)["ann"]) == ({}, {"adding": 100})
    with klass.database.writing() as session:
        work.release(session, MONDAY, work.attempts(session, number)[0], klass.tess)
    assert points(klass)["ann"] == {"adding": 100}


def test_what_failed_through_our_fault_counts_for_nothing(klass: SmallClass) -> None:
    """It is kept as an attempt, and can't be released."""
    job = klass.wait_for(klass.ann)
    klass.queue.complete(klass.lease(), result(outcome="service_failed"), IMAGE)
    assert points(klass)["ann"] == {}
    with klass.database.writing() as session:
        kept = work.attempts(session, job.submission_id)
        with pytest.raises(BadInput, match="attempt 1 failed through our fault"):
            work.release(session, MONDAY, kept[0], klass.tess)
    assert [(a.outcome, a.ours) for a in kept] == [("service_failed", True)]


def test_marks_by_hand_change_the_score_and_no_row(klass: SmallClass) -> None:
    """A mark has a reason and a check that there is."""
    number = klass.graded(klass.ann, {"adds": 60})
    with klass.database.writing() as session:
        submission = session.get_one(Submission, number)
        work.mark(session, MONDAY, submission, "means", 20, "a good idea", klass.tess)
        work.mark(session, MONDAY, submission, "", 3, "style", klass.tess)
        with pytest.raises(BadInput, match=r"has no check other \(known: adds, means\)"):
            work.mark(session, MONDAY, submission, "other", 1, "why", klass.tess)
        with pytest.raises(BadInput, match="a mark needs a reason"):
            work.mark(session, MONDAY, submission, "means", 1, " ", klass.tess)
    assert points(klass)["ann"] == {"adding": 83}
    with klass.database.reading() as session:
        assert [a.earned for a in work.attempts(session, number)] == [60]


def test_the_matrix_counts_lateness_extensions_and_grace(klass: SmallClass) -> None:
    """Ann is two days late with both, and her first is covered by grace; bob's due date was moved."""
    grace = GraceBudget(days=2, percent=50)
    klass.ask(Dates(due=MONDAY), grace)
    other = klass.ask(Dates(due=MONDAY + DAY), grace, name="other")
    third = klass.ask(Dates(due=MONDAY + 2 * DAY), PerDay(percent=10), name="third")
    with klass.database.writing() as session:
        roster.extend(session, MONDAY, other, klass.bob, MONDAY + 9 * DAY, None, "ill", klass.tess)
    klass.clock.forward(days=2)
    klass.graded(klass.ann, FULL)
    klass.clock.forward(hours=20)
    klass.graded(klass.ann, FULL, asked=other)
    klass.graded(klass.bob, {"adds": 60}, asked=other)
    klass.graded(klass.bob, {"adds": 60}, asked=third)
    klass.clock.forward(days=9)
    klass.graded(klass.bob, FULL, "better", asked=third)
    assert points(klass) == {"ann": {"adding": 100, "other": 0}, "bob": {"other": 60, "third": 54}}


def test_assignments_are_checked(klass: SmallClass) -> None:
    """Dates in order, a due date for who is late, no other content under a name."""
    with pytest.raises(BadInput, match="the dates are out of order"):
        klass.ask(Dates(due=MONDAY, closes=MONDAY - DAY))
    with pytest.raises(BadInput, match="a late policy hard_stop needs a due date"):
        klass.ask(late=HardStop())
    with pytest.raises(BadInput, match="assignment adding is lab 01-adding already"), klass.database.writing() as session:
        roster.assign(session, MONDAY, klass.course, "adding", "lab", "02-other")
    with pytest.raises(BadInput, match="there is a course math already"), klass.database.writing() as session:
        roster.add_course(session, MONDAY, "math", "again")
    with pytest.raises(BadInput, match="there is no role king"), klass.database.writing() as session:
        roster.enrol(session, MONDAY, klass.course, klass.ann, "king")  # type: ignore[arg-type]
    with (
        pytest.raises(BadInput, match=r"there is no person zoe \(known: ann, bob, tess\)"),
        klass.database.reading() as session,
    ):
        roster.person(session, "zoe")
    with (
        pytest.raises(BadInput, match=r"course math has no assignment x \(known: adding\)"),
        klass.database.reading() as session,
    ):
        roster.assignment(session, klass.course, "x")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65, "a\nb", "<b>"])
def test_a_name_is_no_path(klass: SmallClass, name: str) -> None:
    """It becomes part of a folder's name, and is shown to people."""
    with pytest.raises(BadInput, match="can't be a name"), klass.database.writing() as session:
        roster.add_person(session, MONDAY, name)


def test_an_address_is_one_person_s(klass: SmallClass) -> None:
    """Given again to the same person it is as it was."""
    with klass.database.writing() as session:
        roster.add_person(session, MONDAY, "ann", "Ann", "ann@example.org")
        again = roster.add_person(session, MONDAY, "ann", "", "ann@example.org")
        assert (again.full_name, again.email) == ("Ann", "ann@example.org")
        with pytest.raises(BadInput, match=r"ann@example\.org is ann's address"):
            roster.add_person(session, MONDAY, "bob", email="ann@example.org")
