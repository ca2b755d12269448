"""A worker: leases jobs, does them side by side, tells that it lives, writes what came out, and goes when it is told to."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from grader.errors import BadInput
from grader.gradebook.database import DatabaseUnavailable
from grader.grading import memory
from grader.queue.queue import Lease, LeaseLost, Queue
from grader.result import Result
from grader.worker.log import Log, sentences

Grade = Callable[[Lease], tuple[Result, str]]
"""Does a job: its result, and what identifies the environment that it ran in."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Patience:
    """Seconds: between looks into an empty queue, of the longest wait for a database that is away, and of a drain."""

    poll: float = 1.0
    longest_wait: float = 5.0
    drain: float = 300.0


def name() -> str:
    """A name for this worker that no other has."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


class Worker:
    """One process's worker. `run` returns when it was drained, or (`until_empty`) when nothing is left that can be done."""

    def __init__(
        self, queue: Queue, grade: Grade, jobs: int, called: str, say: Say = lambda _: None, patience: Patience | None = None,
        log: Log | None = None, alive: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`say` takes sentences; `log`, where it is given, takes them in its place, with what they are about. `alive` is called
        each time the worker looks for a job or waits for the last ones: every few seconds, as long as it isn't stuck."""
        self._queue, self._grade, self._jobs, self.name = queue, grade, jobs, called
        self._log, self._patience, self._tells_all = log or sentences(say), patience or Patience(), log is not None
        self._alive = alive
        self._held: dict[int, Lease] = {}
        self._lock, self._hurrying = threading.Lock(), threading.Event()
        self._changes: SimpleQueue[None] = SimpleQueue()
        self._asked = 0

    def drain(self) -> None:
        """Take no more jobs; asked twice, give back those that run. Safe in a signal handler: it needs no lock that the
        interrupted thread might hold (an Event has one; a SimpleQueue is made for this)."""
        self._asked += 1
        self._changes.put(None)

    def run(self, until_empty: bool = False) -> None:
        """Work until drained. Never raises for what a job or the database does."""
        memory.settle()
        done = threading.Event()
        pulse = threading.Thread(target=self._keep_alive, args=(done,), name="heartbeat", daemon=True)
        pulse.start()
        try:
            self._take_jobs(until_empty)
            self._finish()
        finally:
            done.set()
            pulse.join()

    def _take_jobs(self, until_empty: bool) -> None:
        while not self._asked:
            self._alive()
            lease = self._next() if len(self._held) < self._jobs else None
            if lease is not None:
                self._start(lease)
            elif until_empty and not self._held and self._nothing_waits():
                return
            else:
                self._wait(self._patience.poll)

    def _wait(self, seconds: float) -> None:
        """Until a job has ended or `drain` was called (since the last wait), at most so long."""
        with contextlib.suppress(Empty):
            self._changes.get(timeout=seconds)

    def _next(self) -> Lease | None:
        """A lease; None, after a while, when there is none or the database is away."""
        with self._tolerating("no job can be taken"):
            return self._queue.lease(self.name)
        return None

    def _nothing_waits(self) -> bool:
        with self._tolerating("the queue can't be looked at"):
            return not self._queue.unfinished()
        return False

    def _start(self, lease: Lease) -> None:
        with self._lock:
            self._held[lease.job] = lease
        if self._tells_all:
            self._log("leased", f"job {lease.job}: submission {lease.submission}, {lease.lab}", _about(lease))
        threading.Thread(target=self._do, args=(lease,), name=f"job-{lease.job}", daemon=True).start()

    def _do(self, lease: Lease) -> None:
        """Grade, and write what came out: patiently, for what was found out must not be lost for a database that restarts."""
        try:
            write = self._outcome(lease)
            self._patiently(write)
        except LeaseLost as lost:
            self._log("lost", str(lost), _about(lease))
        except Exception as error:  # its lease will end, and somebody tries again
            what = f"what came out can't be written: {type(error).__name__}: {error}"
            self._log("unwritten", f"job {lease.job}: {what}", _about(lease))
        finally:
            with self._lock:
                self._held.pop(lease.job, None)
            self._changes.put(None)

    def _outcome(self, lease: Lease) -> Callable[[], None]:
        """Do the job; returns what writes how it ended. Nothing that grading does may end the worker."""
        started = time.monotonic()
        try:
            result, image = self._grade(lease)
        except BadInput as error:  # the lab is broken, or has become another one: a person must look
            said = str(error)
            self._log("fault", f"job {lease.job}: {said}", _about(lease))
            return lambda: self._queue.fault(lease, said, final=True)
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            self._log("fault", f"job {lease.job}: {detail}", _about(lease))
            return lambda: self._queue.fault(lease, detail)
        waited = round((lease.leased_at - lease.created_at).total_seconds(), 3)
        found = {"outcome": result.outcome, "earned": result.earned, "possible": result.possible, "waited": waited}
        took = {"seconds": round(time.monotonic() - started, 3)}
        sentence = f"job {lease.job}: {result.outcome}, {result.earned:g}/{result.possible:g}"
        self._log("graded", sentence, {**_about(lease), **found, **took})
        result = result.model_copy(update={"seconds": result.seconds.model_copy(update={"queue": waited})})
        return lambda: self._queue.complete(lease, result, image)

    def _patiently(self, write: Callable[[], None]) -> None:
        """Call until the database is there; gives up only when this worker is told to hurry. Raises LeaseLost."""
        wait = 0.1
        while not self._hurrying.is_set():
            try:
                return write()
            except DatabaseUnavailable as away:
                self._log("away", f"a result waits to be written: {away}", {})
                self._hurrying.wait(wait)
                wait = min(wait * 2, self._patience.longest_wait)
        return None

    def _keep_alive(self, done: threading.Event) -> None:
        while not done.wait(self._queue.rules.heartbeat):
            held = self._holding()
            if held:
                with self._tolerating("no heartbeat", pause=False):
                    for lost in self._queue.heartbeat(held):
                        sentence = f"job {lost.job} was taken over: what is found out about it here will not count"
                        self._log("lost", sentence, _about(lost))

    def _finish(self) -> None:
        """Let the running jobs end; give back those that don't within the drain's time."""
        ends = time.monotonic() + self._patience.drain
        while self._holding() and self._asked < 2 and time.monotonic() < ends:
            self._alive()
            self._wait(0.2)
        self._hurrying.set()
        for lease in self._holding():
            with self._tolerating("a job can't be given back: its lease will end", pause=False):
                self._queue.hand_back(lease)

    def _holding(self) -> list[Lease]:
        with self._lock:
            return list(self._held.values())

    @contextlib.contextmanager
    def _tolerating(self, what: str, pause: bool = True) -> Iterator[None]:
        """Say that the database is away, and (`pause`) wait a moment, instead of raising."""
        try:
            yield
        except DatabaseUnavailable as away:
            self._log("away", f"{what}: {away}", {})
            if pause:
                self._wait(self._patience.poll)


def _about(lease: Lease) -> dict[str, object]:
    return {"job": lease.job, "submission": lease.submission, "lab": lease.lab, "token": lease.token}
