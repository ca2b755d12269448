"""`mlops up`, `down`, `ps`, `logs` and `open`: the services behind the labs, one by one."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, console, course, leave, stack

if TYPE_CHECKING:
    from grader.backends.protocol import Running
    from grader.stack.stack import Stack

Names = Annotated[list[str] | None, typer.Argument(help="Services; all that the course's labs use when none is named.")]
Name = Annotated[str, typer.Argument(help="A service.")]
LOCAL = "local"


@app.command()
def up(services: Names = None) -> None:
    """Bring services up; they stay until `mlops down` or `mlops stop`."""
    tree = course()
    wanted = services or sorted({name for lab in tree.labs() for name in lab.spec.services})
    for name in wanted:
        tree.service(name)
    stack(LOCAL).keep(wanted)
    ps()


@app.command()
def down() -> None:
    """Stop the services that are up; their data stays."""
    stopped = stack(LOCAL).stop()
    console().print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was up.")


@app.command()
def ps() -> None:
    """One line a service: its state, and where it listens."""
    services = stack(LOCAL)
    running = services.running()
    out = console()
    for spec in services.course.services():
        here = running.get(spec.id)
        state = "down" if here is None else "up" if services.answers(here) else "does not answer"
        out.print(f"{spec.id:14} {state:16} {_address(services, here) if here else ''}".rstrip(), soft_wrap=True)


@app.command()
def logs(
    service: Name,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
) -> None:
    """The end of what a service printed."""
    services = stack(LOCAL)
    for line in services.backend.logs(_up(services, service)).splitlines()[-lines:]:
        typer.echo(line)


@app.command(name="open")
def open_service(service: Name) -> None:
    """Open a service's page in the browser."""
    from grader.errors import BadInput

    services = stack(LOCAL)
    running = _up(services, service)
    if not services.course.service(service).ready.http:
        raise BadInput(f"{service} has no page to look at; it listens on {running.address}", "use its own client")
    console().print(running.address.url, soft_wrap=True)
    if not webbrowser.open(running.address.url):
        console().print("No browser could be opened; the address is above.")
        leave(1)


def _up(services: Stack, name: str) -> Running:
    from grader.errors import BadInput

    services.course.service(name)
    running = services.running().get(name)
    if running is None:
        raise BadInput(f"{name} is not up", f"mlops up {name}")
    return running


def _address(services: Stack, running: Running) -> str:
    return running.address.url if services.course.service(running.service).ready.http else str(running.address)
