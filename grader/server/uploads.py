"""An upload's way in: streamed to a file that has no name, within a size, then looked into when its turn comes."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool

from grader.accounts.identity import Who
from grader.grading.uploaded import as_bundle
from grader.queue.intake import Accepted, accept, lab_of
from grader.server import access
from grader.server.problem import TooLarge, TooSlow
from grader.server.service import Service

IN_MEMORY = 2**18
"""What is larger waits on disk, so that a class's uploads don't fill the memory."""


class Uploads:
    """Takes uploads, so many at a time."""

    def __init__(self, service: Service) -> None:
        self._service, self._cap = service, service.settings.max_upload
        self._turn = CapacityLimiter(service.settings.uploads_at_once)

    async def take(self, who: Who, course: str, assignment: str, body: AsyncIterator[bytes], key: str | None) -> Accepted:
        """Accept what is sent, for whoever sends it. Raises NotFound and Forbidden before a byte is read, TooLarge, BadInput
        for what can't be accepted, and OurFault when nothing was acknowledged."""
        await run_in_threadpool(self._demand, who, course, assignment)
        with tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="upload-") as kept:
            try:
                async with asyncio.timeout(self._service.settings.upload_seconds):
                    await self._receive(body, kept)
            except TimeoutError:
                raise TooSlow("the upload took too long to arrive", "try again on a better connection") from None
            async with self._turn:
                return await run_in_threadpool(self._accept, who, course, assignment, kept, key)

    def _demand(self, who: Who, course: str, assignment: str) -> None:
        with self._service.reading() as (session, _):
            access.assignment(session, who, course, assignment, "hand_in")
        self._service.limits.upload(who.person)

    async def _receive(self, body: AsyncIterator[bytes], kept: IO[bytes]) -> None:
        size = 0
        async for part in body:
            size += len(part)
            if size > self._cap:
                raise TooLarge(f"an upload is at most {self._cap >> 20} MiB", "clear the notebook's outputs; leave data out")
            if size > IN_MEMORY:
                await run_in_threadpool(kept.write, part)
            else:
                kept.write(part)

    def _accept(self, who: Who, course: str, assignment: str, kept: IO[bytes], key: str | None) -> Accepted:
        service = self._service
        kept.seek(0)
        content = kept.read()
        with service.reading() as (session, _):
            asked = access.assignment(session, who, course, assignment, "hand_in")
        sealed = content if asked.kind == "quiz" else as_bundle(lab_of(service.content, asked), content)
        return accept(service.database, service.blobs, service.content, course, assignment, who.name, sealed, key)
