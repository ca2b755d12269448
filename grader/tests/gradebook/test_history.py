"""History can't be changed, not even by somebody with a connection and SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from grader.gradebook import roster, work
from grader.gradebook.columns import APPEND_ONLY
from grader.gradebook.late import Dates
from grader.gradebook.tables import Comment, Job, Submission
from grader.tests.gradebook.small_class import FULL, IMAGE, MONDAY, SmallClass, result


@pytest.fixture
def written(klass: SmallClass) -> SmallClass:
    """A row in every table of the history."""
    klass.ask(Dates(due=MONDAY))
    klass.graded(klass.ann, FULL)
    with klass.database.writing() as session:
        submission = session.get_one(Submission, 1)
        work.mark(session, MONDAY, submission, "adds", 1, "because", klass.tess)
        work.comment(session, MONDAY, submission, "good", klass.tess)
        work.reveal(session, MONDAY, klass.adding, klass.tess)
        roster.extend(session, MONDAY, klass.adding, klass.ann, MONDAY, None, "ill", klass.tess)
    return klass


CHANGES = {
    "update": 'UPDATE "{table}" SET created_at = created_at',
    "delete": 'DELETE FROM "{table}"',
    "truncate": 'TRUNCATE "{table}" CASCADE',
    "replace": 'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}"',
}


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_row_is_changed_or_deleted(written: SmallClass, table: str) -> None:
    """By UPDATE, DELETE, TRUNCATE (PostgreSQL), INSERT OR REPLACE (SQLite)."""
    for how in ("update", "delete", "replace" if written.database.is_sqlite else "truncate"):
        statement = CHANGES[how].format(table=table)
        statement = statement.replace("created_at", "received_at") if table == "receipt" else statement
        with pytest.raises(DBAPIError, match=f"{table} is append-only"), written.database.writing() as session:
            session.execute(text(statement))


def test_a_job_has_one_verdict(written: SmallClass) -> None:
    """A second verdict of a job is refused by the database, whatever the code does."""
    with pytest.raises(IntegrityError), written.database.writing() as session:
        job = session.get_one(Job, 1)
        job.token += 1
        work.record(session, MONDAY, job, "w", IMAGE, result({"adds": 60}))


def test_a_row_of_nobody_is_refused(klass: SmallClass) -> None:
    """Foreign keys hold."""
    with pytest.raises(IntegrityError), klass.database.writing() as session:
        session.add(Comment(submission_id=99, check="", words="x", written_by=klass.tess.id, created_at=MONDAY))
