"""`mlops worker`: grades what waits in the gradebook's queue."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.admin import BlobsOption, DatabaseOption, open_blobs, open_database
from grader.cli.app import BackendOption, Jobs, app, home, say, stack
from grader.cli.images import images_for

if TYPE_CHECKING:
    from grader.gradebook.database import Database


LAST_SECONDS = 10.0
"""For what a worker's last gradings have to tell; what is not sent by then waits for the next worker."""


@contextlib.contextmanager
def sending(database: Database) -> Iterator[None]:
    """Send what waits for webhooks as long as the block runs, and once more at its end."""
    from grader.errors import OurFault
    from grader.exchange.sender import Sender

    sender, stop = Sender(database), threading.Event()
    thread = threading.Thread(target=sender.run, args=(stop,), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        with contextlib.suppress(OurFault):
            sender.send_all(LAST_SECONDS)


@app.command()
def worker(
    backend: BackendOption = "docker",
    jobs: Jobs = 2,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="Leave when nothing waits any more.")] = False,
    drain_seconds: Annotated[float, typer.Option(min=0, help="How long running jobs may take to end after SIGTERM.")] = 300,
    lease_seconds: Annotated[
        float, typer.Option(min=1, help="When a worker that is not heard of any more has lost its jobs.")
    ] = 60,
    trust: Annotated[bool, typer.Option("--trust", help="Run other people's code without a real sandbox.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Where to keep the evidence.")] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", envvar="MLOPS_LOG_JSON", help="One JSON object a line on standard error.")
    ] = False,
    alive: Annotated[
        Path | None, typer.Option("--alive-file", help="A file that is touched every few seconds: a probe reads its age.")
    ] = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Grade what waits in the queue, until told to stop.

    SIGTERM ends the running jobs first; a second one gives them back.
    """
    from grader.queue.queue import Queue
    from grader.queue.rules import Rules
    from grader.worker.log import objects, sentences
    from grader.worker.site import Site
    from grader.worker.worker import Patience, Worker, name

    demand_sandbox(backend, trust)
    opened, rules = open_database(database), Rules(lease=lease_seconds, heartbeat=lease_seconds / 4)
    with Site(opened, open_blobs(blobs), stack(backend), images_for, out or home() / "evidence") as site:
        called = name()
        log = objects(say, called) if log_json else None
        tell = log or sentences(say)
        patience, sign = Patience(drain=drain_seconds), alive.touch if alive else _unwatched
        made = Worker(Queue(opened, rules), site.grade, jobs, called, say, patience, log, sign)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: made.drain())
        about: dict[str, object] = {"backend": backend, "jobs": jobs, "database": str(opened)}
        tell("started", f"worker {called} grades up to {jobs} at a time on {backend}; jobs come from {opened}", about)
        with sending(opened):
            made.run(until_empty)
    tell("ended", f"worker {called} is done", {})


def _unwatched() -> None:
    """Nobody asks whether this worker lives."""


def demand_sandbox(backend: str, trust: bool) -> None:
    """Raise BadInput for a backend that is no sandbox for other people's code, unless the person says that they trust it."""
    from grader.errors import BadInput

    if backend == "local" and not trust:
        raise BadInput(
            "the queue holds other people's code, and the local backend is no real sandbox",
            "use --backend docker, or --trust if you have read what you are about to run",
        )
