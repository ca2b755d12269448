"""The sandboxes of one grading: one that runs what was handed in, and one for each role in which the author examines it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from grader.backends.protocol import Backend, Sandbox, SandboxRequest
from grader.course.tree import Course, Lab
from grader.errors import OurFault
from grader.notebook import source
from grader.run.kernel import Kernel
from grader.run.questions import Witness
from grader.stack.lease import Lease

EXAMINER = "examiner.py"


@contextlib.contextmanager
def sandbox(backend: Backend, request: SandboxRequest) -> Iterator[Sandbox]:
    """A sandbox that is closed at the end, whatever happened in it."""
    opened = backend.open(request)
    try:
        yield opened
    finally:
        opened.close()


class Sandboxes:
    """Opens them for one lease. What is opened is closed by `stack`."""

    def __init__(self, stack: contextlib.ExitStack, course: Course, lab: Lab, backend: Backend, leased: Lease) -> None:
        self._stack, self._course, self._lab, self._backend, self._leased = stack, course, lab, backend, leased
        self._begun: dict[str, Future[Sandbox]] = {}
        self._witnesses: dict[str, Witness] = {}

    def kernel(self, role: str, files: Mapping[str, bytes]) -> Kernel:
        """A connected kernel in a fresh sandbox that holds these files and the run's credentials."""
        if role in self._begun:
            box = self._begun[role].result()
        else:
            box = self._stack.enter_context(sandbox(self._backend, self._request(role, files)))
        return self._stack.enter_context(Kernel(box))

    def begin(self, role: str, files: Mapping[str, bytes]) -> None:
        """Open the sandbox of this role in another thread, for `kernel` or `examiner` to find it there."""
        beside = ThreadPoolExecutor(1)
        self._begun[role] = beside.submit(self._backend.open, self._request(role, files))
        beside.shutdown(wait=False)
        self._stack.callback(_close, self._begun[role])

    def examiner(self, role: str, files: Mapping[str, bytes]) -> Witness:
        """The one of this role: it runs the author's own code (the given cells and examiner.py) instead of the student's, whose
        files lie there to be looked at, or to be tried out."""
        if role not in self._witnesses:
            self._witnesses[role] = self._defined(self.kernel(role, files))
        return self._witnesses[role]

    def _defined(self, kernel: Kernel) -> Witness:
        witness = Witness(kernel, self._lab.spec.limits.cell_seconds)
        for cell in source.read(self._lab.source).cells:
            if "given" in cell.metadata.get("tags", []):
                witness.define(cell.source)
        for place in (*(m.folder for m in self._lab.earlier), self._lab.folder):
            if (place / EXAMINER).exists():
                witness.define((place / EXAMINER).read_text(encoding="utf-8"))
        return witness

    def _request(self, role: str, files: Mapping[str, bytes]) -> SandboxRequest:
        environment = self._course.environment(self._lab.spec.environment)
        return SandboxRequest(
            f"{role}-{secrets.token_hex(4)}", environment, files, self._leased.variables, self._leased.endpoints,
            self._lab.spec.limits,
        )  # fmt: skip


def _close(begun: Future[Sandbox]) -> None:
    try:
        opened = begun.result()
    except OurFault:  # who asked for it has been told
        return
    opened.close()
