"""Answers to a quiz before they are handed in: kept as they are given, changed and taken back at will."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.gradebook.tables import Assignment, Draft


@dataclass(frozen=True)
class Drafted:
    """An answer, and what identifies the question that it was given to."""

    asked: str
    answer: str


def keep(session: Session, now: datetime, of: Assignment, person_id: int, question: str, drafted: Drafted) -> None:
    """Keep an answer in place of an earlier one to the same question."""
    found = session.get(Draft, (of.id, person_id, question))
    if found is None:
        found = Draft(assignment_id=of.id, person_id=person_id, question=question, asked="", answer="", changed_at=now)
        session.add(found)
    found.asked, found.answer, found.changed_at = drafted.asked, drafted.answer, now
    session.flush()


def take_back(session: Session, of: Assignment, person_id: int, question: str) -> None:
    """Forget an answer, if there is one."""
    found = session.get(Draft, (of.id, person_id, question))
    if found is not None:
        session.delete(found)


def of_person(session: Session, of: Assignment, person_id: int) -> Mapping[str, Drafted]:
    """A person's answers so far, by question."""
    rows = session.scalars(select(Draft).where(Draft.assignment_id == of.id, Draft.person_id == person_id))
    return {row.question: Drafted(row.asked, row.answer) for row in rows}
