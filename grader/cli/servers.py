"""`mlops up`, `down`, `ps`, `logs` and `open`: the services behind the labs, one by one."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, console, course, leave, stack
from grader.cli.learning import Json

if TYPE_CHECKING:
    from grader.backends.protocol import Running
    from grader.cli.objects import ServiceShown
    from grader.spec.service import ServiceSpec
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
    ps(as_json=False)


@app.command()
def down() -> None:
    """Stop the services that are up; their data stays."""
    stopped = stack(LOCAL).stop()
    console().print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was up.")


@app.command()
def ps(as_json: Json = False) -> None:
    """One line a service: its state, and where it listens."""
    from grader.cli.objects import ServicesSaid

    services = stack(LOCAL)
    running = services.running()
    shown = [_shown(services, spec, running.get(spec.id)) for spec in services.course.services()]
    if as_json:
        ServicesSaid(services=tuple(shown)).write()
        return
    out = console()
    for one in shown:
        out.print(f"{one.service:14} {one.state:16} {one.address}".rstrip(), soft_wrap=True)


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


def _shown(services: Stack, spec: ServiceSpec, here: Running | None) -> ServiceShown:
    """A service's state, and where it listens if it is up."""
    from grader.cli.objects import ServiceShown
    from grader.cli.where import address

    at = address(services.course, here) if here else ""
    return ServiceShown(
        service=spec.id, title=spec.title, address=at, url=at if here and spec.ready.http else None,
        state="down" if here is None else "up" if services.answers(here) else "does not answer",
    )  # fmt: skip
