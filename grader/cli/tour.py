"""`mlops tour`: five minutes from nothing to a first passed check, with the course's own commands on its own lab 00."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.app import PlainOption, app, console, course, home, leave, stack
from grader.cli.chosen import current
from grader.cli.learning import hinted, start

if TYPE_CHECKING:
    from grader.cli.watching import Watch
    from grader.course.tree import Lab

LAB = "00"
WELCOME = """\
This tour takes about five minutes and ends with your first passed check. It works on lab 00, for real: it starts MLflow, \
an S3 store and a database on this machine, and what you do here counts. Ctrl-C leaves at any time; nothing is lost."""
STORY = """\
The lab's first task: the customers' file has a few blanks in `total_charges`, all of people who joined this month (`tenure` \
is 0) and were never billed. `clean` gives the table back with these as 0, and changes nothing else."""
READ_A_CHECK = """\
That is how a check speaks: what must hold, what it expected, what it found, what to do next. It ran your notebook in a \
sandbox and called your functions with customers that you have not seen. A hint is free, and each one says more than the \
one before:"""
WRITE = """\
Now write it. In another terminal `mlops start 00 --lab` opens the notebook in JupyterLab: change the cell below, save, then \
press Enter here. Or type the function's body here, without indentation, and end it with an empty line. `h` and Enter gives a \
hint, `q` and Enter leaves."""
UNCHANGED = "The cell is as it was when it was checked last: save your change there, or type the function's body here."
DONE = """\
The rest of lab 00 goes the same way:
  mlops watch      checks at each save (h: hint, a: all checks)
  mlops            says where you are and what comes next
  mlops quiz 00    the module's questions
  mlops stop       ends the services; your work stays"""


@app.command()
def tour(plain: PlainOption = False) -> None:
    """Five minutes from nothing to a first passed check."""
    out = console()
    out.print(WELCOME)
    with _left_at_will():
        _step("First the lab's folder and its services, which takes a moment: mlops start 00")
        start(LAB, None, False, None)
        chosen, folder = current(LAB)
        with _watch(chosen, folder, plain) as watched:
            _step("Then a check of what there is, shown for the first task: mlops check")
            watched.check_all()
            out.print(f"\n{READ_A_CHECK}")
            _step("mlops hint")
            out.print(hinted(chosen))
            _work(chosen, folder, watched)
        out.print(f"\n{DONE}")
        return
    out.print("\nLeft the tour. `mlops tour` begins it again, `mlops` says what comes next.")
    leave(1)


def _work(lab: Lab, folder: Path, watched: Watch) -> None:
    """Until the task's checks pass: take what is typed, or what was saved, and check it."""
    from grader.learner import workspace

    out, task = console(), lab.spec.tasks[0]
    out.print(f"\n{STORY}\n\n{WRITE}\n")
    while not watched.full:
        before = workspace.cell(lab, folder, task.id)
        out.print(before, soft_wrap=True)
        typed = _typed()
        if typed == ["h"]:
            out.print(f"{hinted(lab)}\n")
            continue
        if typed:
            workspace.write_body(course(), lab, folder, task.id, typed)
        elif workspace.cell(lab, folder, task.id) == before:
            out.print(f"{UNCHANGED}\n")
            continue
        watched.react("")
        out.print()
    names = " and ".join(check.id for check in task.checks)
    out.print(f"✓ {names}: passed, {task.points:g} of {task.points:g} points. Your first checks have passed.")


def _typed() -> list[str]:
    """The lines typed up to an empty one; none when that comes first. Leaves at the end of the input."""
    lines: list[str] = []
    while line := _line("> " if not lines else "  "):
        if not lines and line in ("h", "q"):
            if line == "q":
                raise EOFError
            return [line]
        lines.append(line)
    return lines


def _line(prompt: str) -> str:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    read = sys.stdin.readline()
    if not read:
        raise EOFError
    return read.rstrip("\r\n")


def _step(what: str) -> None:
    console().print(f"\n{what}")
    _line("Enter goes on … ")


@contextlib.contextmanager
def _left_at_will() -> Iterator[None]:
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        yield


@contextlib.contextmanager
def _watch(lab: Lab, folder: Path, plain: bool) -> Iterator[Watch]:
    from grader.cli.watching import Watch
    from grader.grading.grade import Place

    services = stack("local")
    with services.use(lab.spec.services) as running:
        yield Watch(
            lab,
            folder,
            Place(services.course, services.backend, services, running, home() / "evidence"),
            plain,
            lab.spec.tasks[0].id,
        )
