"""Where the grader's own process spends its time: py-spy looks at it while it grades a batch."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.bench.driver import Driver

SHOWN = 14
RATE = 200
"""Looks a second."""


@dataclass(frozen=True)
class Profile:
    """Shares of the process's busy time: by package (where it was) and by function of ours (what it was for)."""

    packages: dict[str, float]
    functions: dict[str, float]


def profile(driver: Driver, submissions: Sequence[str], python: Path, out: Path) -> Profile:
    """Profile one batch. `python`: of the environment that holds py-spy. Raises DriverFailed, OSError."""
    command = [str(python.parent / "py-spy"), "record", "--pid", str(driver.process.pid), "--format", "raw"]
    command += ["--rate", str(RATE), "--output", str(out), "--nonblocking"]
    watcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        driver.grade(submissions)
    finally:
        watcher.send_signal(signal.SIGINT)
        _, said = watcher.communicate(timeout=60)
    if not out.exists():
        raise OSError(f"py-spy wrote nothing: {said.strip()[-300:]}")
    return read(out.read_text(encoding="utf-8"))


def read(folded: str) -> Profile:
    """A profile from py-spy's raw lines: `frame;frame;… count`, a frame being `function (file:line)`."""
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    total = 0
    for line in folded.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        total += int(count)
        packages[_package(frames[-1])] += int(count)
        functions.update(dict.fromkeys({_function(f) for f in frames if "grader/" in f and "/bench/" not in f}, int(count)))
    return Profile(_shares(packages, total), _shares(functions, total))


def show(console: Console, name: str, found: Profile) -> None:
    """Two columns: by package, by function of ours."""
    headings = ("package (itself)", "", "function of ours (with what it calls)", "")
    table = Table(*headings, title=f"Busy time of the grader's process, {name}", title_justify="left")
    pairs = [*found.packages.items()][:SHOWN], [*found.functions.items()][:SHOWN]
    for index in range(max(map(len, pairs))):
        cells: list[str] = []
        for column in pairs:
            cells += [column[index][0], f"{column[index][1]:.0%}"] if index < len(column) else ["", ""]
        table.add_row(*cells)
    console.print(table)
    console.print()


def _shares(counted: Counter[str], total: int) -> dict[str, float]:
    return {name: count / total for name, count in counted.most_common()}


def _package(frame: str) -> str:
    """`zmq` of `send (zmq/sugar/socket.py:12)`: py-spy shortens paths to what follows the folder of imports."""
    where = frame.rpartition("(")[2].rpartition(":")[0]
    first = where.partition("/")[0]
    return first.removesuffix(".py") or frame


def _function(frame: str) -> str:
    name, _, where = frame.rpartition(" (")
    return f"{where.rpartition(':')[0].removesuffix('.py')}.{name}"
