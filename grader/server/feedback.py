"""A submission's result, marks and comments, and its attempts, as far as somebody may see them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.accounts.identity import Who
from grader.api.submissions import Attempts, AttemptShown, ChangeShown, CommentShown, Feedback, MarkShown
from grader.gradebook import work
from grader.gradebook.score import Given, difference, earned
from grader.gradebook.tables import Assignment, Attempt, Comment, Mark, Person, Release, Submission
from grader.result import Result
from grader.server import access
from grader.server.problem import NotFound
from grader.server.shown import Sees, Shown


def feedback(session: Session, who: Who, shown: Shown, row: Submission, asked: Assignment) -> Feedback:
    """What a submission came to: for its student the released result, for who teaches the released or else the last one.
    Raises NotFound when there is nothing to see yet."""
    teaches = access.sees_class(who, asked.course_id)
    released = work.effective(session, row.id)
    attempt = released or (work.effective(session, row.id, released=False) if teaches else None)
    if attempt is None:
        raise NotFound("result that you can see yet")
    revealed = teaches or work.revealed(session, asked)
    whole = Result.model_validate_json(attempt.result)
    result, held_back = shown.to_student(asked, whole, revealed)
    sees = _seeing(shown, asked, revealed)
    marks = [m for m in session.scalars(select(Mark).where(Mark.submission_id == row.id).order_by(Mark.id)) if sees(m.check)]
    return Feedback(
        submission=row.id, attempt=attempt.number, released=released is not None, result=result,
        earned=earned(result, [Given(m.check, m.points) for m in marks]), possible=result.possible, held_back=held_back,
        marks=tuple(_mark(session, m) for m in marks), comments=comments(session, row, sees),
    )  # fmt: skip


def comments(session: Session, row: Submission, sees: Sees) -> tuple[CommentShown, ...]:
    """What was said of a submission."""
    found = session.execute(
        select(Comment, Person.name).join(Person, Person.id == Comment.written_by)
        .where(Comment.submission_id == row.id).order_by(Comment.id)
    )  # fmt: skip
    return tuple(
        CommentShown(check=c.check, words=c.words, written_by=name, created_at=c.created_at)
        for c, name in found
        if sees(c.check)
    )


def attempts(session: Session, who: Who, shown: Shown, row: Submission, asked: Assignment) -> Attempts:
    """The attempts at a submission: for its student those that were released."""
    teaches = access.sees_class(who, asked.course_id)
    revealed = teaches or work.revealed(session, asked)
    released = set(session.scalars(select(Release.attempt_id).join(Attempt).where(Attempt.submission_id == row.id)))
    counts, before, items = work.effective(session, row.id), None, list[AttemptShown]()
    for attempt in work.attempts(session, row.id):
        if not teaches and attempt.id not in released:
            continue
        result = shown.to_student(asked, Result.model_validate_json(attempt.result), revealed)[0]
        items.append(
            AttemptShown(
                number=attempt.number, outcome=attempt.outcome, earned=result.earned, possible=result.possible,
                released=attempt.id in released, counts=counts is not None and counts.id == attempt.id,
                lab_version=attempt.lab_version, requested_by=_name(session, attempt.requested_by), reason=attempt.reason,
                created_at=attempt.created_at, changes=_changes(before, result) if before and not attempt.ours else (),
            )
        )  # fmt: skip
        before = before if attempt.ours else result
    return Attempts(items=tuple(items))


def _seeing(shown: Shown, asked: Assignment, revealed: bool) -> Sees:
    sees = shown.sees(asked, revealed)
    return lambda check: check == "" or sees(check)


def _changes(before: Result, after: Result) -> tuple[ChangeShown, ...]:
    return tuple(
        ChangeShown(
            check=c.check, before=c.before.status if c.before else None, after=c.after.status if c.after else None,
            points=c.points,
        )
        for c in difference(before, after).checks
    )  # fmt: skip


def _mark(session: Session, mark: Mark) -> MarkShown:
    by = session.get_one(Person, mark.given_by).name
    return MarkShown(check=mark.check, points=mark.points, reason=mark.reason, given_by=by, created_at=mark.created_at)


def _name(session: Session, person: int | None) -> str | None:
    return session.get_one(Person, person).name if person else None
