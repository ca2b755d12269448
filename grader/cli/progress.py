"""How far a batch is: a live line in a terminal, a plain line a submission elsewhere. All on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from grader.cli.app import say
from grader.grading.submission import Submission
from grader.result import Result

Announce = Callable[[Submission, Result | Exception], None]


@contextlib.contextmanager
def progress(total: int) -> Iterator[Announce]:
    """Announce each submission as it is done."""
    counts: Counter[str] = Counter()
    if total == 1 or not sys.stderr.isatty():
        yield lambda submission, result: say(f"  {_line(submission, result)}")
        return
    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)

        def announce(submission: Submission, result: Result | Exception) -> None:
            counts[result.outcome if isinstance(result, Result) else "refused"] += 1
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{60 * sum(counts.values()) / elapsed:.0f}/min  " if elapsed else ""
            bar.update(task, advance=1, description=rate + "  ".join(f"{kind} {n}" for kind, n in counts.items()))
            if not isinstance(result, Result) or result.ours:
                bar.console.print(_line(submission, result))

        yield announce


def _line(submission: Submission, result: Result | Exception) -> str:
    if isinstance(result, Result):
        return f"{submission.path}: {result.earned:g}/{result.possible:g}  {result.outcome}"
    return f"{submission.path}: {result}"
