"""What must hold after a run: looked up in the database, and asked over HTTP as each student."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.api.client import Client
from grader.bench.kills import klass
from grader.bench.kills.plan import Report
from grader.errors import CourseError
from grader.gradebook import work
from grader.gradebook.database import Database
from grader.gradebook.tables import Assignment, Attempt, JobEvent, Person, Receipt, Submission
from grader.result import Result

Line = Mapping[str, int]


class Proof:
    """Collects a sentence for everything that is wrong."""

    def __init__(
        self, database: Database, lines: Sequence[Line], deserved: Mapping[int, Mapping[str, float]], wrong: list[str]
    ) -> None:
        """`lines`: what was acknowledged; `deserved`: the points by check of each number."""
        self._database, self._lines, self._deserved, self.wrong = database, lines, deserved, wrong

    def as_students_see_it(self, address: str, folder: Path) -> None:
        """Each student finds the score that their submission deserves."""
        for student, token in enumerate(klass.tokens_of(folder)):
            with Client(address, token) as client:
                for line in self._lines:
                    if line["number"] % klass.STUDENTS == student:
                        self._ask(client, line)

    def _ask(self, client: Client, line: Line) -> None:
        called = f"submission {line['submission']}"
        try:
            found = client.result(line["submission"]).earned
        except CourseError as error:
            self.wrong.append(f"{called}: its student is told: {error}")
            return
        if found != sum(self._deserved[line["number"]].values()):
            self.wrong.append(f"{called}: its student sees {found:g} points")

    def report(self, submissions: int, closed: bool = False) -> Report:
        """Count, and hold everything against what was acknowledged: all, or (`closed`) what was handed in until time was up."""
        report = Report(submissions, len({line["number"] for line in self._lines}), wrong=self.wrong)
        if report.acknowledged != submissions and not closed:
            self.wrong.append(f"{report.acknowledged} of {submissions} were acknowledged")
        with self._database.reading() as session:
            found = session.execute(select(JobEvent.what, func.count()).group_by(JobEvent.what))
            events = {row[0]: row[1] for row in found}
            report.leases, report.leases_ended = events.get("leased", 0), events.get("lease_ended", 0)
            ours = session.scalars(select(Attempt.outcome).where(Attempt.ours))
            report.faults = dict(Counter(ours))
            for line in self._lines:
                self._look(session, line)
            self._count(session, report.acknowledged)
        return report

    def _look(self, session: Session, line: Line) -> None:
        """One acknowledged submission: its receipt is there, and it has the one verdict that it deserves, which counts."""
        called, receipt = f"submission {line['submission']}", session.get(Receipt, line["receipt"])
        if receipt is None or receipt.submission_id != line["submission"]:
            self.wrong.append(f"receipt {line['receipt']} was acknowledged, and is not there")
        verdicts = [attempt for attempt in work.attempts(session, line["submission"]) if not attempt.ours]
        if len(verdicts) != 1:
            self.wrong.append(f"{called} has {len(verdicts)} verdicts")
            return
        result = Result.model_validate_json(verdicts[0].result)
        earned = {check.id: check.earned for check in result.checks}
        if earned != self._deserved[line["number"]]:
            lost = {c: (earned.get(c), p) for c, p in self._deserved[line["number"]].items() if earned.get(c) != p}
            self.wrong.append(f"{called} was judged {result.outcome} {lost}: {result.detail[:200]}")
        counts = work.effective(session, line["submission"])
        if counts is None or counts.id != verdicts[0].id:
            self.wrong.append(f"{called} has no effective result")

    def _count(self, session: Session, submissions: int) -> None:
        """Nothing is there twice, and nobody was charged for more than they handed in."""
        for table in (Submission, Receipt):
            there = session.scalar(select(func.count()).select_from(table))
            if there != submissions:
                self.wrong.append(f"there are {there} rows of {table.__tablename__}, not {submissions}")
        asked = session.scalars(select(Assignment)).one()
        for person in session.scalars(select(Person)):
            own = session.scalar(select(func.count()).select_from(Submission).where(Submission.person_id == person.id)) or 0
            if work.left(session, asked, person) != klass.LIMIT - own:
                self.wrong.append(f"{person.name} was charged for other things than their {own} submissions")
