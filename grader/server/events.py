"""What becomes of submissions, as it happens: one question to the database for all that are watched, however many watch."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from starlette.concurrency import run_in_threadpool

from grader.accounts.identity import Who
from grader.api.submissions import FINAL, Status
from grader.errors import OurFault
from grader.gradebook.database import Database
from grader.server import statuses
from grader.server.settings import Settings
from grader.server.shown import Shown
from grader.server.statuses import Facts


class Watch:
    """Follows submissions. Whoever finds what is known too old reads anew, for all who follow."""

    def __init__(self, database: Database, shown: Shown, settings: Settings) -> None:
        self._database, self._shown, self._settings = database, shown, settings
        self._followed: Counter[int] = Counter()
        self._known: dict[int, Facts] = {}
        self._read_at, self._reading = 0.0, False
        self._closing = False

    def close(self) -> None:
        """The service ends: streams end, too, and their clients ask again. Safe in a signal handler."""
        self._closing = True

    async def follow(self, who: Who, number: int) -> AsyncIterator[Status]:
        """The status of a submission that they may see, and each other one that follows, until it is final or the stream's
        time is over. While the database is away nothing is told."""
        ends, last = time.monotonic() + self._settings.events_seconds, None
        self._followed[number] += 1
        try:
            while not self._closing:
                found = await self._facts(number)
                status = statuses.status(who, self._shown, found) if found else None
                if status is not None and status != last:
                    yield status
                    last = status
                if (status is not None and status.state in FINAL) or time.monotonic() >= ends:
                    return
                await asyncio.sleep(self._settings.poll_seconds)
        finally:
            self._followed -= Counter([number])

    async def _facts(self, number: int) -> Facts | None:
        old = time.monotonic() - self._read_at >= self._settings.poll_seconds * 0.9
        if (old or number not in self._known) and not self._reading:
            self._reading = True
            try:
                self._known = await run_in_threadpool(self._read, sorted(self._followed))
            except OurFault:
                pass  # it will be back; who follows hears nothing meanwhile
            finally:
                self._read_at, self._reading = time.monotonic(), False
        return self._known.get(number)

    def _read(self, numbers: Sequence[int]) -> dict[int, Facts]:
        with self._database.reading() as session:
            return statuses.facts(session, numbers)
