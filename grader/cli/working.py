"""`mlops worker`: grades what waits in the gradebook's queue."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.admin import BlobsOption, DatabaseOption, open_blobs, open_database
from grader.cli.app import BackendOption, Jobs, app, home, say, stack
from grader.cli.images import images_for


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
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Grade what waits in the queue, until told to stop.

    SIGTERM ends the running jobs first; a second one gives them back.
    """
    from grader.queue.queue import Queue
    from grader.queue.rules import Rules
    from grader.worker.site import Site
    from grader.worker.worker import Patience, Worker, name

    demand_sandbox(backend, trust)
    opened, rules = open_database(database), Rules(lease=lease_seconds, heartbeat=lease_seconds / 4)
    with Site(opened, open_blobs(blobs), stack(backend), images_for, out or home() / "evidence") as site:
        made = Worker(Queue(opened, rules), site.grade, jobs, name(), say, Patience(drain=drain_seconds))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: made.drain())
        say(f"worker {made.name} grades up to {jobs} at a time on {backend}; jobs come from {opened}")
        made.run(until_empty)
    say(f"worker {made.name} is done")


def demand_sandbox(backend: str, trust: bool) -> None:
    """Raise BadInput for a backend that is no sandbox for other people's code, unless the person says that they trust it."""
    from grader.errors import BadInput

    if backend == "local" and not trust:
        raise BadInput(
            "the queue holds other people's code, and the local backend is no real sandbox",
            "use --backend docker, or --trust if you have read what you are about to run",
        )
