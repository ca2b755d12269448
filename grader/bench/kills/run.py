"""One run: a service, its workers and a class are started, killed at random and started again, round by round."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from grader.bench.kills import klass
from grader.bench.kills.plan import KINDS, SHARES, Kind, Plan, Report
from grader.bench.kills.proof import Proof
from grader.bench.kills.server import Server
from grader.bench.kills.stage import Stage
from grader.course.tree import find_course
from grader.gradebook.database import Database, DatabaseUnavailable
from grader.gradebook.tables import Job
from grader.queue import jobs

END_SECONDS = 600.0
"""Without a single grading, when nothing is killed any more: nobody works."""
LONGEST_ROUND = 300.0
"""Seconds to wait for somebody to kill: everything may just be starting."""
AT_WORK: tuple[Kind, ...] = ("worker", "sandbox", "service")
"""Are killed while something is graded."""
Say = Callable[[str], None]


def run(plan: Plan, kind: str, say: Say = lambda _: None) -> Report:
    """A run on a database of its own, `sqlite` or `postgres`."""
    with tempfile.TemporaryDirectory(prefix="mlops-kills-") as made:
        folder = Path(made)
        if kind == "sqlite":
            return Run(plan, folder, f"sqlite:///{folder / 'gradebook.db'}", None, say).go()
        with Server(folder / "database") as server:
            return Run(plan, folder, server.url, server.kill, say).go()


class Run:
    """A run of a plan in an empty folder."""

    def __init__(self, plan: Plan, folder: Path, url: str, kill_database: Callable[[], None] | None, say: Say) -> None:
        self._plan, self._folder, self._say = plan, folder, say
        self._database, self._content, self._draws = Database(url, busy_seconds=5), find_course(), random.Random(plan.seed)
        self._stage = Stage(plan, folder, url, self._content, self._draws, kill_database)
        self._kinds = [k for k in KINDS if k != "database" or kill_database]
        self._kills, self._retried = Counter[str](), 0

    def go(self) -> Report:
        """Kill for all rounds, let everything end, count."""
        began, plan = time.monotonic(), self._plan
        klass.enrol(self._folder, self._database)
        deserved = klass.hand_out(self._folder, self._content, plan.submissions)
        with self._stage as stage:
            for number in range(plan.rounds):
                self._round(plan.order[number] if number < len(plan.order) else self._drawn())
                if self._idle():
                    break
                if time.monotonic() - began > plan.seconds:
                    stage.close()
                    break
            wrong = self._let_end()
            proof = Proof(self._database, stage.acknowledged(), deserved, wrong)
            proof.as_students_see_it(stage.address, self._folder)
            wrong += stage.end_server()
            wrong += [f"sandbox {name} is left" for name in stage.left()]
        report = proof.report(plan.submissions, stage.closed)
        report.kills, report.restarts = dict(sorted(self._kills.items())), dict(stage.restarts)
        report.dead_letters_retried, report.seconds = self._retried, round(time.monotonic() - began, 1)
        self._database.close()
        return report

    def _drawn(self) -> Kind:
        return self._draws.choices(self._kinds, [SHARES[kind] for kind in self._kinds])[0]

    def _round(self, kind: Kind) -> None:
        """Wait a little, and until there is somebody of this kind at work; kill them."""
        pause, name = self._draws.uniform(*self._plan.pause), ""
        ends = time.monotonic() + LONGEST_ROUND
        due = time.monotonic() + pause
        while not name and time.monotonic() < ends and not self._idle():
            self._stage.supervise()
            time.sleep(0.2)
            holders = self._holders()
            if time.monotonic() >= due and (kind not in AT_WORK or holders):
                name = self._stage.kill(kind, holders)
        if name:
            self._kills[name] += 1
        self._say(f"{sum(self._kills.values())}: {name or f'no {kind} to kill'}; {self._states()}")

    def _let_end(self) -> list[str]:
        """No more kills: all is handed in and graded; what became a dead letter is retried, as a person would."""
        ends, done = time.monotonic() + END_SECONDS, 0
        while time.monotonic() < ends:
            self._stage.supervise()
            self._retry()
            if self._idle():
                return self._stage.end_workers()
            time.sleep(0.3)
            if (now := self._states().get("done", 0)) > done:
                ends, done = time.monotonic() + END_SECONDS, now
        return [f"nothing was graded for {END_SECONDS:g} s, and not all is: {self._states()}", *self._stage.end_workers()]

    def _retry(self) -> None:
        try:
            with self._database.writing() as session:
                for letter in jobs.dead(session):
                    jobs.retry(session, self._database.now(session), letter.id, None)
                    self._retried += 1
        except DatabaseUnavailable:
            return

    def _idle(self) -> bool:
        """Whether all is handed in and graded."""
        found = self._states()
        return self._stage.all_handed_in() and set(found) == {"done"}

    def _holders(self) -> set[str]:
        """The workers that hold a job."""
        try:
            with self._database.reading() as session:
                return {name for name in session.scalars(select(Job.worker).where(Job.state == "leased")) if name}
        except DatabaseUnavailable:
            return set()

    def _states(self) -> dict[str, int]:
        """How many jobs there are, by state; nothing when the database is away."""
        try:
            with self._database.reading() as session:
                return {row[0]: row[1] for row in session.execute(select(Job.state, func.count()).group_by(Job.state))}
        except DatabaseUnavailable:
            return {}
