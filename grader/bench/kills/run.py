"""One run: submitters and workers are started, killed at random and started again, round by round; then all is counted."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from grader.bench.kills.processes import STUDENTS, digest, points
from grader.gradebook import roster, work
from grader.gradebook.database import Database, DatabaseUnavailable
from grader.gradebook.tables import Assignment, Attempt, Job, JobEvent, Person, Receipt, Submission
from grader.queue import jobs

LIMIT = 10_000
FINISH_SECONDS = 180.0
SUBMITTERS = 0.2
"""Of all kills of a process."""


@dataclass(frozen=True)
class Plan:
    """What happens in a run."""

    url: str
    folder: Path
    submissions: int = 500
    rounds: int = 200
    workers: int = 3
    submitters: int = 2
    pause: tuple[float, float] = (0.05, 0.6)
    """Seconds between two kills."""
    pace: float = 0.4
    """Seconds between two submissions of a submitter."""
    job: tuple[float, float] = (0.05, 0.4)
    """Seconds that a grading takes."""
    seed: int = 1
    kill_database: Callable[[], None] | None = None
    """Kills the database's server and starts it again."""
    database_share: float = 0.05


@dataclass
class Report:
    """What was counted; `wrong` holds a sentence for everything that must not be."""

    acknowledged: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    leases: int = 0
    leases_ended: int = 0
    our_faults: int = 0
    dead_letters_retried: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return json.dumps(asdict(self), indent=1)


class Run:
    """A run of a plan on a migrated, empty database."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.database, self._draws = plan, Database(plan.url), random.Random(plan.seed)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._called: dict[str, str] = {}
        self._started = 0
        self._report, self._kills = Report(), Counter[str]()

    def go(self) -> Report:
        """Kill for all rounds, let everything end, count."""
        began = time.monotonic()
        self._prepare()
        try:
            for _ in range(self.plan.rounds):
                self._start()
                time.sleep(self._draws.uniform(*self.plan.pause))
                self._kill()
                if self._idle():
                    break
            self._let_end()
        finally:
            for process in self._processes.values():
                process.kill()
                process.wait()
        self._report.kills, self._report.seconds = dict(self._kills), round(time.monotonic() - began, 1)
        self._count()
        self.database.close()
        return self._report

    def _prepare(self) -> None:
        with self.database.writing() as session:
            now = self.database.now(session)
            course = roster.add_course(session, now, "kills", "Kills")
            for number in range(STUDENTS):
                person = roster.add_person(session, now, f"s{number}")
                roster.enrol(session, now, course, person, "student")
            roster.assign(session, now, course, "lab", "lab", "lab", max_submissions=LIMIT)

    def _start(self) -> None:
        """Whatever isn't there (any more); a submitter that has handed in all it has is done."""
        share = -(-self.plan.submissions // self.plan.submitters)
        for number in range(self.plan.submitters):
            span = (number * share, min((number + 1) * share, self.plan.submissions))
            self._keep(f"submitter-{number}", "submit", str(self._log(number)), *map(str, (*span, self.plan.pace)))
        for number in range(self.plan.workers):
            seed = self._draws.randrange(2**32)
            self._keep(f"worker-{number}", "work", str(seed), *map(str, self.plan.job))

    def _keep(self, name: str, what: str, *arguments: str) -> None:
        process = self._processes.get(name)
        if process is not None and (process.poll() is None or process.returncode == 0):
            return
        self._started += 1
        called = f"{name}.{self._started}"  # started again it is another one: what the one before held is not its own
        command = [sys.executable, "-m", "grader.bench.kills.processes", what, self.plan.url, called, *arguments]
        self._processes[name], self._called[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL), called

    def _kill(self) -> None:
        if self.plan.kill_database and self._draws.random() < self.plan.database_share:
            self._kills["database"] += 1
            self.plan.kill_database()
            return
        name = self._victim()
        if name:
            self._kills[name.partition("-")[0]] += 1
            self._processes[name].send_signal(signal.SIGKILL)
            self._processes[name].wait()

    def _victim(self) -> str:
        """Somebody at work: a worker in the middle of a job, or a submitter; "" when there is none for 20 s."""
        for _ in range(400):
            alive = [name for name, process in self._processes.items() if process.poll() is None]
            holders = self._holders()
            held = [name for name in alive if self._called[name] in holders]
            submitters = [name for name in alive if name.startswith("submitter")]
            if held:
                return self._draws.choice(submitters if submitters and self._draws.random() < SUBMITTERS else held)
            if self._idle():
                break
            time.sleep(0.05)
        return ""

    def _idle(self) -> bool:
        """Whether all is handed in and graded already: there is nobody left to kill."""
        try:
            with self.database.reading() as session:
                unfinished = session.scalar(select(func.count()).select_from(Job).where(Job.state.in_(("waiting", "leased"))))
        except DatabaseUnavailable:
            return False
        return not unfinished and self._all_handed_in()

    def _holders(self) -> set[str]:
        try:
            with self.database.reading() as session:
                return {name for name in session.scalars(select(Job.worker).where(Job.state == "leased")) if name}
        except DatabaseUnavailable:
            return set()

    def _let_end(self) -> None:
        """No more kills: all is handed in and graded; what became a dead letter is retried, as a person would."""
        ends = time.monotonic() + FINISH_SECONDS
        while time.monotonic() < ends:
            self._start()
            time.sleep(0.2)
            if self._all_handed_in() and self._nothing_waits():
                break
        for name, process in self._processes.items():
            process.terminate() if name.startswith("worker") else None
        for name, process in self._processes.items():
            if process.wait(30) != 0:
                self._report.wrong.append(f"{name} left with {process.returncode}")

    def _all_handed_in(self) -> bool:
        return all(p.poll() == 0 for name, p in self._processes.items() if name.startswith("submitter"))

    def _nothing_waits(self) -> bool:
        try:
            with self.database.writing() as session:
                for letter in jobs.dead(session):
                    jobs.retry(session, self.database.now(session), letter.id, None)
                    self._report.dead_letters_retried += 1
                return not session.scalar(select(func.count()).select_from(Job).where(Job.state != "done"))
        except DatabaseUnavailable:
            return False

    def _log(self, submitter: int) -> Path:
        return self.plan.folder / f"acknowledged-{submitter}.jsonl"

    def _count(self) -> None:
        """Everything that must hold, looked up in the database."""
        report, lines = self._report, list[dict[str, int]]()
        for number in range(self.plan.submitters):
            lines += [json.loads(line) for line in self._log(number).read_text().splitlines() if line.endswith("}")]
        report.acknowledged = len({line["number"] for line in lines})
        if report.acknowledged != self.plan.submissions:
            report.wrong.append(f"{report.acknowledged} of {self.plan.submissions} were acknowledged")
        with self.database.reading() as session:
            found = session.execute(select(JobEvent.what, func.count()).group_by(JobEvent.what))
            events = {row[0]: row[1] for row in found}
            report.leases, report.leases_ended = events.get("leased", 0), events.get("lease_ended", 0)
            report.our_faults = session.scalar(select(func.count()).select_from(Attempt).where(Attempt.ours)) or 0
            for line in lines:
                self._look(session.get(Receipt, line["receipt"]), line)
                verdicts = [a for a in work.attempts(session, line["submission"]) if not a.ours]
                if [a.earned for a in verdicts] != [points(digest(line["number"]))]:
                    report.wrong.append(f"submission {line['submission']} has the verdicts {[a.earned for a in verdicts]}")
                counts = work.effective(session, line["submission"])
                if counts is None or counts.id not in [a.id for a in verdicts]:
                    report.wrong.append(f"submission {line['submission']} has no effective result")
            asked = session.scalars(select(Assignment)).one()
            for person in session.scalars(select(Person)):
                own = session.scalar(select(func.count()).select_from(Submission).where(Submission.person_id == person.id))
                if work.left(session, asked, person) != LIMIT - (own or 0):
                    report.wrong.append(f"{person.name} was charged for other things than their {own} submissions")

    def _look(self, receipt: Receipt | None, line: dict[str, int]) -> None:
        if receipt is None or receipt.submission_id != line["submission"]:
            self._report.wrong.append(f"receipt {line['receipt']} was acknowledged, and is not there")
