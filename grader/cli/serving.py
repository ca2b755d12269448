"""`mlops serve`: the grader service for a class, or one of a university's; and links by which people get in."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.admin import BlobsOption, DatabaseOption, PersonName, admin, open_blobs, open_database, written
from grader.cli.app import BackendOption, Jobs, app, console, course, home, say, stack
from grader.cli.images import images_for

if TYPE_CHECKING:
    from grader.gradebook.database import Database
    from grader.server.settings import Oidc
    from grader.worker.worker import Worker

PublicUrl = Annotated[
    str,
    typer.Option("--public-url", envvar="MLOPS_PUBLIC_URL", help="Where people reach it, such as https://mlops.example.org."),
]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 is everywhere.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 8000,
    public_url: PublicUrl = "",
    with_worker: Annotated[bool, typer.Option("--with-worker", help="Grade here, too: all that a class needs.")] = False,
    backend: BackendOption = "docker",
    jobs: Jobs = 2,
    drain_seconds: Annotated[float, typer.Option(min=0, help="How long running jobs may take to end after SIGTERM.")] = 300,
    trust: Annotated[bool, typer.Option("--trust", help="Run other people's code without a real sandbox.")] = False,
    proxies: Annotated[str, typer.Option(help="Addresses of proxies whose word on the client's address holds.")] = "127.0.0.1",
    open_metrics: Annotated[bool, typer.Option("--open-metrics", help="/metrics for all who reach the port.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Where to keep the evidence.")] = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:  # fmt: skip
    """Take in submissions over HTTP, until told to stop.

    SIGTERM lets end what runs; a second one ends it at once. Variables MLOPS_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET name a
    provider of accounts.
    """
    from grader.gradebook import migrate
    from grader.server.app import create_app
    from grader.server.outside import log_to_stderr
    from grader.server.running import listen, run
    from grader.server.service import Service
    from grader.server.settings import Settings
    from grader.web.install import install

    opened = open_database(database, ready=False)
    migrate.upgrade(opened)
    at = listen(host, port)
    address = public_url.rstrip("/") or f"http://{f'[{host}]' if ':' in host else host}:{at.getsockname()[1]}"
    settings = Settings(public_url=address, open_metrics=open_metrics, oidc=_oidc())
    service = Service(open_database(database, ready=False), open_blobs(blobs), course(), settings)
    with _worker(opened, with_worker, backend, jobs, drain_seconds, trust, out, blobs) as worker:
        _say_how_to_set_up(opened, address)
        console().print(f"The service listens: {address}", soft_wrap=True)
        log_to_stderr()
        pages = create_app(service)
        install(pages, out or home() / "evidence")
        run(pages, service, at, worker, proxies)
    say("the service is down")


@admin.command()
def link(
    person: PersonName,
    make_admin: Annotated[bool, typer.Option("--admin", help="Make them an admin of the whole service first.")] = False,
    public_url: PublicUrl = "http://127.0.0.1:8000",
    database: DatabaseOption = None,
) -> None:
    """A link that signs a person in, once: give it to them, and to nobody else."""
    from grader.accounts import accounts, links
    from grader.gradebook import roster

    with written(database) as (session, now):
        who = roster.add_person(session, now, person) if make_admin else roster.person(session, person)
        if make_admin:
            accounts.appoint(session, now, who.id)
        made, ends = links.make(session, now, who, None)
    console().print(f"{public_url.rstrip('/')}/sign-in#{made}", soft_wrap=True)
    say(f"it can be used once, until {ends:%Y-%m-%d %H:%M} UTC")


def _oidc() -> Oidc | None:
    """The provider of accounts that the environment names, if it does. Raises BadInput for half of one."""
    from grader.errors import BadInput
    from grader.server.settings import Oidc

    names = ("MLOPS_OIDC_ISSUER", "MLOPS_OIDC_CLIENT_ID", "MLOPS_OIDC_CLIENT_SECRET")
    given = [os.environ.get(name, "") for name in names]
    if not any(given):
        return None
    if not all(given):
        raise BadInput("signing in by OpenID Connect is set up by half", f"set {', '.join(names)}, or none of them")
    return Oidc(*given)


def _say_how_to_set_up(database: Database, address: str) -> None:
    """An empty service prints the link that makes its first admin; it is printed, and in no log."""
    from grader.accounts import links

    with database.writing() as session:
        if links.has_admin(session):
            return
        made, ends = links.make_set_up(session, database.now(session))
    console().print(f"Nobody runs this service yet. Be its admin (once, until {ends:%H:%M} UTC):", soft_wrap=True)
    console().print(f"{address}/set-up#{made}", soft_wrap=True)


@contextlib.contextmanager
def _worker(
    database: Database, wanted: bool, backend: str, jobs: int, drain_seconds: float, trust: bool, out: Path | None,
    blobs: str | None,
) -> Iterator[Worker | None]:  # fmt: skip
    """A worker for this process, if one is wanted."""
    from grader.cli.working import demand_sandbox, sending
    from grader.queue.queue import Queue
    from grader.worker.site import Site
    from grader.worker.worker import Patience, Worker, name

    if not wanted:
        yield None
        return
    demand_sandbox(backend, trust)
    with Site(database, open_blobs(blobs), stack(backend), images_for, out or home() / "evidence") as site:
        made = Worker(Queue(database), site.grade, jobs, name(), say, Patience(drain=drain_seconds))
        say(f"worker {made.name} grades up to {jobs} at a time on {backend}")
        with sending(database):
            yield made
