"""Our end of a grader's process: start it, hand it a batch, hear what it took."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
ANSWER_SECONDS = 1800
END_SECONDS = 30
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""For every grader alike: as many submissions run side by side as there are cores, at most."""


class DriverFailed(Exception):
    """A grader's process ended or said nothing; the message holds the end of its log."""


@dataclass(frozen=True)
class Batch:
    """What one batch took: wall seconds, CPU seconds by part, those of the whole machine, and the process's memory (MiB)."""

    submissions: int
    seconds: float
    cpu: dict[str, float]
    machine_cpu: float
    memory_mb: float
    marks: dict[str, dict[str, Any]] = field(repr=False)


class Driver:
    """A running grader. `ready` is how long its set-up took, in seconds."""

    def __init__(self, name: str, module: str, arguments: Sequence[object], log: Path, python: Path | None = None) -> None:
        """Start it and wait until it is set up. Raises DriverFailed."""
        self.name, self._log = name, log
        interpreter = str(python or sys.executable)
        variables: Mapping[str, str] = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        if python is not None:  # peers find their own commands first
            variables = {**variables, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [interpreter, "-m", f"grader.bench.drivers.{module}", *map(str, arguments)], env=variables, cwd=log.parent,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True,
            )  # fmt: skip
        try:
            self.ready = float(self._hear()["ready"])
        except DriverFailed:
            self.close()
            raise

    def grade(self, submissions: Sequence[str]) -> Batch:
        """Have it grade these students' folders. Raises DriverFailed."""
        assert self.process.stdin is not None
        before = _machine_cpu()
        try:
            self.process.stdin.write(json.dumps({"submissions": list(submissions)}) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise DriverFailed(self._why()) from None
        told = self._hear()
        return Batch(len(submissions), machine_cpu=_machine_cpu() - before, **told)

    def close(self) -> None:
        """Let it clean up (stop services, close sandboxes) and end; what it grades just now is given up."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        for end in (self.process.terminate, self.process.kill):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
                return
            end()
        self.process.wait()

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline() if waiting.select(ANSWER_SECONDS) else ""
        if not line:
            raise DriverFailed(self._why())
        return dict(json.loads(line))

    def _why(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{self.name}: {' | '.join(lines[-4:]) or 'no answer'} (see {self._log})"


def _machine_cpu() -> float:
    """CPU seconds that all processes of this machine used since it started."""
    times = psutil.cpu_times()
    idle_or_twice = ("idle", "iowait", "guest", "guest_nice")
    return float(sum(times) - sum(getattr(times, name, 0.0) for name in idle_or_twice))
