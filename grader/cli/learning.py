"""`mlops modules`, `start`, `check`, `hint`, `reset`, `status` and `stop`: a learner's commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grader.cli import quick
from grader.cli.app import BACKENDS, HOME_VARIABLE, BackendOption, PlainOption, app, console, course, home, leave, say, stack
from grader.cli.checking import Shown, check_folder
from grader.cli.chosen import LabArgument, current, in_the_capstone, record, worked_on

if TYPE_CHECKING:
    from grader.course.tree import Course, Lab
    from grader.stack.lease import Lease

JUPYTERLAB = ("--ContentsManager.allow_hidden=True",)
"""A `.gitignore` is work as any other file. (That nobody outside is asked for news is the panel's: its package.json.)"""

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@app.command()
def modules() -> None:
    """The course's modules, and what each holds."""
    from grader.cli import render

    render.modules(console(), course())


@app.command()
def start(
    lab: Annotated[str, typer.Argument(help="The lab's id or number.")],
    folder: Annotated[Path | None, typer.Option("--dir", help="Where to work; default ~/mlops-labs/<lab>.")] = None,
    open_lab: Annotated[bool, typer.Option("--lab", help="Open JupyterLab on the notebook.")] = False,
    port: Annotated[
        list[str] | None, typer.Option("--port", metavar="SERVICE=PORT", help="Where a service must listen; else a free port.")
    ] = None,
) -> None:
    """Make a lab's working folder and bring its services up."""
    from grader.errors import BadInput

    tree = course()
    if lab.startswith("capstone"):
        raise BadInput(f"{lab} is a milestone, worked on in your own repository", "mlops capstone init, mlops capstone check")
    chosen, demanded = tree.lab(lab), _ports(tree.lab(lab), port or [])
    from grader.course.parts import LESSONS
    from grader.learner.place import folder_of

    place = (folder or folder_of(chosen)).expanduser().resolve()
    if tree.root.resolve() in (place, *place.parents):
        raise BadInput(f"{place} lies inside the course", "work elsewhere, so that updates never touch your files: --dir")
    jupyter, made, way_in = _prepare(tree, chosen, place, demanded)
    quick.start(home())
    record().add("started", chosen.id, folder=str(place))
    out = console()
    out.print(f"{'Made' if made else 'Kept'} {place}", soft_wrap=True)
    for number, stem in enumerate(tree.module(chosen.spec.module).spec.lessons):
        out.print(f"{'Read first' if number == 0 else '':12} {LESSONS}/{stem}.ipynb")
    out.print(f"Then work in {chosen.id}.ipynb, and say: mlops check")
    for line in way_in:
        out.print(line, soft_wrap=True)
    if not made:
        out.print("Kernels      restart those that are open: their logins to the services are new", soft_wrap=True)
    out.print("Services     stay up until: mlops stop")
    if open_lab:
        leave(jupyterlab(place, f"{chosen.id}.ipynb", {"JUPYTER_PATH": str(jupyter)}))
    out.print(f"JupyterLab   mlops start {chosen.id[:2]} --lab")


@app.command()
def check(
    lab: LabArgument = None,
    backend: BackendOption = "local",
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Explain every check that did not pass.")] = False,
    plain: PlainOption = False,
) -> None:
    """Check your own work on a lab."""
    from grader.learner import workspace

    chosen, folder = current(lab)
    workspace.read(chosen, folder)
    what = "work" if chosen.spec.work else "notebook"
    doing = f"running your {what} from top to bottom, then asking it questions …"
    check_folder(chosen, folder, backend, doing, Shown(as_json, everything, plain))


@app.command()
def hint(
    lab: LabArgument = None,
    check: Annotated[str | None, typer.Option("--check", help="For this check; by default the first that failed.")] = None,
    as_json: Json = False,
) -> None:
    """The next hint for the first check that failed."""
    from grader.cli.hinting import next_hint

    chosen, _ = current(lab)
    said = next_hint(chosen, record(), check)
    if as_json:
        said.write()
    else:
        console().print(said.sentence)


def hinted(lab: Lab) -> str:
    """The next hint, as a sentence; it is recorded as given."""
    from grader.cli.hinting import next_hint

    return next_hint(lab, record()).sentence


@app.command()
def reset(
    lab: LabArgument = None,
    task: Annotated[str | None, typer.Option("--task", help="Only this task's cell or files.")] = None,
    as_json: Json = False,
) -> None:
    """Put the starter back; your version is kept.

    In the capstone: the files of a task as they were committed last.
    """
    from grader.capstone import committed
    from grader.cli.objects import ResetSaid
    from grader.course.tree import Milestone
    from grader.learner import workspace

    chosen, folder = worked_on(lab)
    if isinstance(chosen, Milestone):
        backup = committed.restore(chosen, folder, task)
    else:
        backup = workspace.reset(course(), chosen, folder, task)
    record().add("reset", chosen.id, task=task, backup=str(backup))
    if task is None:
        _prepare(course(), chosen, folder)
    if as_json:
        ResetSaid(lab=chosen.id, task=task, backup=str(backup)).write()
        return
    console().print(f"Reset {task or chosen.id}. To have your version back: mlops undo. It is kept in")
    console().print(str(backup), soft_wrap=True)


@app.command()
def status(lab: LabArgument = None, as_json: Json = False) -> None:
    """Where you are, and which services are up."""
    from grader.cli import where

    out, tree, events = console(), course(), record()
    up = where.services_up(tree, {name: _running(name) for name in BACKENDS})
    started = events.last("started", tree.lab(lab).id if lab else "")
    if as_json:
        known = lab or started or in_the_capstone(events)
        where.status(tree, worked_on(lab) if known else None, home(), up, events).write()
        return
    if not up:
        out.print("No services are up.")
    for one in up:
        out.print(f"{one.backend:7} {one.service:10} up  {one.address}")
    _say_drills(tree)
    if started is None:
        out.print(f"No lab started yet: mlops start {tree.lab(lab).id[:2] if lab else '00'}")
        return
    last = events.last("checked", started["lab"])
    score = f"{last['earned']:g}/{last['possible']:g} at the last check" if last else "not checked yet: mlops check"
    out.print(f"lab {started['lab']}: {score}")
    out.print(f"in {started['folder']}", soft_wrap=True)


def _say_drills(tree: Course) -> None:
    from grader.drills.state import Shelf

    known = {drill.id for drill in tree.drills()}
    for state in Shelf(home()).under_way():
        if state.drill in known:
            console().print(f"drill {state.drill} is under way, in {state.folder}", soft_wrap=True)


@app.command()
def stop() -> None:
    """Stop all services that are up; their data stays."""
    from grader.backends.local.backend import LocalBackend

    quick.stop(home())
    stopped = [f"{service} ({name})" for name in BACKENDS for service in _stop(name)]
    LocalBackend(home()).cool_down()
    console().print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was up.")


def _ports(lab: Lab, wanted: list[str]) -> dict[str, int]:
    """`SERVICE=PORT`, read. Raises BadInput."""
    from grader.errors import BadInput

    ports = {}
    for text in wanted:
        service, _, number = text.partition("=")
        if service not in lab.spec.services or not number.isdecimal() or not 0 < int(number) < 65536:
            known = ", ".join(lab.spec.services)
            raise BadInput(f"--port {text} is not SERVICE=PORT", f"services of lab {lab.id}: {known}; ports: 1 to 65535")
        ports[service] = int(number)
    return ports


def _prepare(tree: Course, lab: Lab, folder: Path, ports: dict[str, int] | None = None) -> tuple[Path, bool, list[str]]:
    """Services, the learner's own namespaces (one for the lab, one for its lessons), the folder and its two kernels.

    Returns the folder for JUPYTER_PATH, whether the working folder was made, and how to look at the services.
    """
    import importlib
    from concurrent.futures import ThreadPoolExecutor

    from grader.backends.local import venv
    from grader.backends.local.backend import LocalBackend
    from grader.course.parts import LESSONS
    from grader.stack.lease import lease

    services, environment = stack("local"), tree.environment(lab.spec.environment)
    if not venv.is_there(environment, home() / "environments"):
        say(f"preparing environment {environment.spec.title}: the first time it is downloaded, which takes minutes …")
    installed = venv.prepare(environment, home() / "environments")
    with ThreadPoolExecutor(2) as beside:  # while the services start: what the kernel imports, and what makes the folder
        warm = beside.submit(LocalBackend(home()).keep_warm, environment)
        beside.submit(importlib.import_module, "grader.learner.workspace")
        running = services.keep(lab.spec.services, ports)
        warm.result()
    from grader.learner import workspace

    python, commands = venv.python(installed), {HOME_VARIABLE: str(home()), "MLOPS_LAB": lab.id}
    with lease(services, running, lab.spec.services, services.backend, f"lessons-{lab.id}"[:40].rstrip("-")) as read:
        workspace.write_kernel(folder, LESSONS, python, read.variables, commands)
    with lease(services, running, lab.spec.services, services.backend, f"learner-{lab.id}"[:40].rstrip("-")) as work:
        made = workspace.create(tree, lab, folder, work.parameters)
        return workspace.write_kernel(folder, "python3", python, work.variables, commands), made, _way_in(work)


def _way_in(lease: Lease) -> list[str]:
    """Addresses that a browser can open, with the learner's own account."""
    user, password = (lease.variables.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    if not user:
        return []
    return [f"MLflow       {lease.parameters['tracking_uri']}  (user {user}, password {password})"]


def jupyterlab(folder: Path, first: str, variables: Mapping[str, str]) -> int:
    """JupyterLab on a folder, one of its files open, until the person ends it; its exit code."""
    say("JupyterLab runs until you press Ctrl-C here; services stay up until `mlops stop`")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *JUPYTERLAB, first]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container everyone is root, and Jupyter refuses without it
    return subprocess.run(command, cwd=folder, env={**os.environ, **variables}, check=False).returncode


def _running(name: str) -> dict[str, Any]:
    """What is up on a backend; nothing where the backend itself isn't there."""
    from grader.errors import Unavailable

    if not (home() / "stacks" / f"{name}.json").exists():
        return {}
    try:
        return dict(stack(name).running())
    except Unavailable:
        return {}


def _stop(name: str) -> list[str]:
    return stack(name).stop() if _running(name) else []
