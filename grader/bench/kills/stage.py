"""The processes of a run, as they are in a real service: `mlops serve`, `mlops worker --backend docker`, clients, the lab's
services and sandboxes. A supervisor starts again whatever ended; kills are -9, at all processes of the victim."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.backends import owner
from grader.backends.containment import KIND
from grader.backends.docker.backend import DockerBackend
from grader.backends.docker.engine import ENGINE_ERRORS, connect
from grader.backends.local.processes import tail
from grader.bench.kills import client
from grader.bench.kills.plan import Kind, Plan
from grader.course.tree import Course
from grader.server.running import listen
from grader.stack.stack import Stack

if TYPE_CHECKING:
    from docker import APIClient

LEASE_SECONDS = 6
DRAIN_SECONDS = 180
MOST_RESTARTS = 200
MLOPS = str(Path(sys.executable).with_name("mlops"))


class Stage:
    """A context: at its end no process, container or volume of the run is left."""

    def __init__(
        self, plan: Plan, folder: Path, url: str, content: Course, draws: random.Random,
        kill_database: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """`kill_database` kills the database's server, where it has one, and starts it again."""
        self.plan, self._folder, self._draws, self._kill_database = plan, folder, draws, kill_database
        self._home, self._engine = folder / "home", connect()
        self.stack = Stack(content, DockerBackend(), self._home)
        with listen("127.0.0.1", 0) as free:
            self._port = int(free.getsockname()[1])
        self._variables = {**os.environ, "MLOPS_HOME": str(self._home), "MLOPS_DATABASE": url, "MLOPS_PORTS": "free"}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: set[int] = set()
        self.restarts = Counter[str]()

    def __enter__(self) -> Stage:
        (self._folder / "logs").mkdir()
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()
        self.stack.backend.reap()
        self.stack.reset()
        self._engine.close()

    @property
    def address(self) -> str:
        """Where the service listens, whenever it lives."""
        return f"http://127.0.0.1:{self._port}"

    def acknowledged(self) -> list[dict[str, int]]:
        """All that clients have a receipt for."""
        return [line for number in range(self.plan.clients) for line in client.acknowledged(self._log(number))]

    def supervise(self) -> None:
        """Start whatever isn't there (any more); a client that has handed in all it has is done."""
        self._keep("server", [MLOPS, "serve", "--port", str(self._port)])
        command = [MLOPS, "worker", "--backend", "docker", "--jobs", str(self.plan.jobs)]
        for number in range(self.plan.workers):
            self._keep(f"worker-{number}", [*command, "--lease-seconds", str(LEASE_SECONDS)])
        share = -(-self.plan.submissions // self.plan.clients)
        for number in range(self.plan.clients):
            span = number * share, min((number + 1) * share, self.plan.submissions)
            given = self.address, self._folder, self._log(number), *span, self.plan.pace
            self._keep(f"client-{number}", [sys.executable, "-m", "grader.bench.kills.client", *map(str, given)])

    def kill(self, kind: Kind, holders: Collection[str]) -> str:
        """Kill one of this kind; of workers one of those names, which hold jobs. Returns its name, or "" when there is none."""
        if kind == "database":
            if self._kill_database is None:
                return ""
            self._kill_database()
            return kind
        if kind in ("sandbox", "service"):
            return self._kill_sandbox() if kind == "sandbox" else self._kill_service()
        return self._kill_process(kind, holders)

    def all_handed_in(self) -> bool:
        """Whether no client has anything left."""
        return all(process.poll() == 0 for process in self._alike("client").values())

    def close(self) -> None:
        """Nothing more is handed in: each client ends with the submission that is under way."""
        client.closed(self._folder).touch()

    @property
    def closed(self) -> bool:
        """Whether it was closed before all was handed in."""
        return client.closed(self._folder).exists()

    def end_workers(self) -> list[str]:
        """SIGTERM to the workers; a sentence for each that did not end in good order."""
        return self._end("worker")

    def end_server(self) -> list[str]:
        """SIGTERM to the service; a sentence when it did not end in good order."""
        return self._end("server")

    def left(self) -> list[str]:
        """The sandboxes that no living process owns."""
        pids = set(self._killed) | {process.pid for process in self._processes.values()}
        return [name for name, pid in sandboxes(self._engine).values() if pid in pids]

    def _kill_process(self, kind: str, holders: Collection[str]) -> str:
        alive = [name for name, process in self._alike(kind).items() if process.poll() is None]
        if kind == "worker":
            alive = [name for name in alive if self._called(name) in holders]
        if not alive:
            return ""
        name = self._draws.choice(sorted(alive))
        process = self._processes[name]
        self._killed.add(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        return kind

    def _kill_sandbox(self) -> str:
        alive = {process.pid for process in self._alike("worker").values() if process.poll() is None}
        found = sorted(container for container, (_, pid) in sandboxes(self._engine).items() if pid in alive)
        return "sandbox" if found and self._kill_container(self._draws.choice(found)) else ""

    def _kill_service(self) -> str:
        running = self.stack.running()
        if not running:
            return ""
        name = self._draws.choice(sorted(running))
        return f"service {name}" if self._kill_container(running[name].handle["container"]) else ""

    def _kill_container(self, container: str) -> bool:
        """Whether it was there to be killed."""
        with contextlib.suppress(*ENGINE_ERRORS):
            self._engine.kill(container)
            return True
        return False

    def _alike(self, kind: str) -> dict[str, subprocess.Popen[bytes]]:
        return {name: process for name, process in self._processes.items() if name.partition("-")[0] == kind}

    def _keep(self, name: str, command: Sequence[str]) -> None:
        process = self._processes.get(name)
        kind = name.partition("-")[0]
        if process is not None:
            if process.poll() is None or (kind == "client" and process.returncode == 0):
                return
            if process.pid not in self._killed:
                self.restarts[kind] += 1
                self._give_up_on(kind, name)
        with self._said(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(command, env=self._variables, stdout=log, stderr=log)

    def _give_up_on(self, kind: str, name: str) -> None:
        """Raise with the end of its log for one that should never end by itself, or does so again and again."""
        if kind == "client" or self.restarts[kind] > MOST_RESTARTS:
            raise RuntimeError(f"{name} ended by itself:\n{tail(self._said(name), 2000)}")

    def _called(self, name: str) -> str:
        """What a worker calls itself."""
        return str(["", *re.findall(r"^worker (\S+) grades", tail(self._said(name)), re.MULTILINE)][-1])

    def _said(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def _end(self, kind: str) -> list[str]:
        found = self._alike(kind)
        for process in found.values():
            process.terminate()
        return [f"{name} left with {code}" for name, process in found.items() if (code := process.wait(DRAIN_SECONDS)) != 0]

    def _log(self, number: int) -> Path:
        return self._folder / f"acknowledged-{number}.jsonl"


def sandboxes(engine: APIClient) -> Mapping[str, tuple[str, int]]:
    """Containers that student code runs in, running or not: name and owner's process, by id."""
    found = engine.containers(all=True, filters={"label": f"{KIND}=sandbox"})
    return {one["Id"]: (one["Names"][0], json.loads(one["Labels"][owner.LABEL])["pid"]) for one in found}
