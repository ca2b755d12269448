"""The papermill engine that runs a notebook in a sandbox's kernel and leaves the kernel alive for questions."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from grader.run.kernel import Kernel
from grader.spec.limits import Limits

ENGINE = "mlops-sandbox"
GRACE_SECONDS = 5.0
"""How long an interrupted cell may take to end before the run is given up."""


@dataclass
class Progress:
    """What the engine noted while it ran: cell ids."""

    timed_out: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    stopped: str = ""
    """Why the cells after the last one that ran did not: empty, or `time`, `kernel`."""


class CellRunner(PapermillNotebookClient):
    """Runs all cells. A cell that fails or takes too long doesn't stop the ones after it: those that don't depend on it
    still count, and those that do fail by themselves (a name is undefined)."""

    def __init__(
        self, nb_man: Any, kernel: Kernel, limits: Limits, progress: Progress, services_answer: Callable[[], None]
    ) -> None:
        super().__init__(
            nb_man, km=kernel.manager, allow_errors=True, interrupt_on_timeout=True, record_timing=True,
            timeout_func=self._seconds_left, raise_on_iopub_timeout=False, iopub_timeout=GRACE_SECONDS,
        )  # fmt: skip
        self.kc, self.limits, self.progress = kernel.client, limits, progress
        self.services_answer = services_answer
        self.deadline = time.monotonic() + limits.total_seconds

    def execute(self, **_: Any) -> None:
        """Run the cells. The stock one then waits, without limit, for a kernel that may be stuck to name its language."""
        self.reset_execution_trackers()
        self.papermill_execute_cells()

    def papermill_execute_cells(self) -> None:
        """Run the cells until the end, the total time limit, or the kernel's death."""
        for index, cell in enumerate(self.nb.cells):
            if time.monotonic() >= self.deadline:
                self.progress.stopped = "time"
                return
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellTimeoutError:
                self.progress.stopped = "time"
                return
            except DeadKernelError:
                self.progress.stopped = "kernel"
                return
            finally:
                self.nb_man.cell_complete(cell, cell_index=index)
                if cell["id"] in self.progress.timed_out:  # was it the cell that hung, or what it asked?
                    self.services_answer()
            self.progress.ran.append(cell["id"])

    def _seconds_left(self, _: Any) -> float:
        return max(0.1, min(self.limits.cell_seconds, self.deadline - time.monotonic()))

    async def _async_handle_timeout(self, timeout: float, cell: Any = None) -> Any:
        """Interrupt the cell, and wait a little for its end; an unstoppable one ends the run."""
        self.progress.timed_out.append(cell["id"])
        await self.km.interrupt_kernel()
        try:
            return await self.kc.shell_channel.get_msg(timeout=GRACE_SECONDS)
        except Empty:
            raise CellTimeoutError.error_from_timeout_and_cell("Cell ignored the interrupt", int(timeout), cell) from None


class SandboxEngine(NBClientEngine):
    """Registered with papermill under the name `mlops-sandbox`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel: Kernel,
        limits: Limits,
        progress: Progress,
        services_answer: Callable[[], None],
        **_: Any,
    ) -> None:
        """Run the notebook that papermill manages in `kernel`. Raises ServiceFailed when a cell took too long and
        `services_answer` finds that a service does not."""
        del kernel_name  # the sandbox decides which kernel runs, not the notebook
        with contextlib.suppress(CellControlSignal, DeadKernelError):
            CellRunner(nb_man, kernel, limits, progress, services_answer).execute()


papermill_engines.register(ENGINE, SandboxEngine)
