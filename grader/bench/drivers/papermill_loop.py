"""papermill in a loop, in one process that has imported it: what runs notebooks and judges nothing. `FILES OUT`."""

from __future__ import annotations

import contextlib
import logging
import sys
from pathlib import Path

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from grader.bench.drivers.loop import Mark, mark, own_cpu, serve


class Papermill:
    """See `loop.Grader`."""

    def __init__(self, files: Path, out: Path) -> None:
        logging.getLogger("papermill").setLevel(logging.ERROR)
        self._files, self._out = files, out
        out.mkdir(parents=True, exist_ok=True)

    def grade(self, submissions: list[str]) -> dict[str, Mark]:
        """Execute one after the other; papermill stops at a cell that raises."""
        return {folder: self._run(Path(folder)) for folder in submissions}

    def cpu(self) -> dict[str, float]:
        """Of this process and its kernels."""
        return own_cpu()

    def close(self) -> None:
        """Nothing is left."""

    def _run(self, folder: Path) -> Mark:
        notebook = next(folder.rglob("*.ipynb"))
        with contextlib.suppress(PapermillExecutionError, DeadKernelError):
            papermill.execute_notebook(
                notebook, self._out / f"{folder.name}.ipynb", parameters={"seed": 7}, kernel_name="python3",
                progress_bar=False, cwd=self._files,
            )  # fmt: skip
        return mark(None, "not judged")


if __name__ == "__main__":
    serve(lambda: Papermill(Path(sys.argv[1]), Path(sys.argv[2])))
