"""Brings services up, keeps them while anyone uses them, and takes them down after the last user has left."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil
from filelock import FileLock

from grader.backends.protocol import Backend, Running, ServiceJob
from grader.course.tree import Course
from grader.errors import BadInput, ServiceFailed
from grader.services import SERVICES
from grader.services.protocol import Service
from grader.spec.service import ServiceSpec
from grader.stack import ports
from grader.stack.probe import ready
from grader.stack.state import StackState, alive, read, write

Say = Callable[[str], None]
STARTS = 3
"""A service that dies at its start (a port was taken in between) is started again this often."""


class Stack:
    """The services of one course on one backend, for this user of this machine.

    State lies in `home`/stacks; a lock makes concurrent commands take turns. A user that was killed is recognised by
    its process being gone, so its services are stopped or adopted by the next command.
    """

    def __init__(self, course: Course, backend: Backend, home: Path, say: Say = lambda _: None) -> None:
        self.course, self.backend, self.home, self.say = course, backend, home, say
        self.instance = f"{backend.name}-{hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:8]}"
        """Another home (a test's, another user's) is another instance: neither ever touches the other's services."""
        self._file = home / "stacks" / f"{backend.name}.json"
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FileLock(self._file.with_suffix(".lock"))

    @contextlib.contextmanager
    def use(self, services: Sequence[str]) -> Iterator[dict[str, Running]]:
        """The services (and what they need), up and answering, until the block ends. Raises ServiceFailed."""
        me = self._me()
        for name in self.backend.reap():
            self.say(f"ended sandbox {name}, which a killed command had left")
        try:
            with self._state() as state:
                state.users.append(me)
                self._bring_up(state, services)
                running = dict(state.running)
            yield running
        finally:
            with self._state() as state:
                if me in state.users:
                    state.users.remove(me)
                if not state.users and not state.kept:
                    self._take_down(state)

    @staticmethod
    def _me() -> tuple[int, float]:
        """This process, as a user."""
        return os.getpid(), psutil.Process().create_time()

    def keep(self, services: Sequence[str], demanded: Mapping[str, int] | None = None) -> dict[str, Running]:
        """Bring the services up and leave them up until `stop`. `demanded` says on which port a service must be reached.

        Raises BadInput when that port is taken, or the service is up on another.
        """
        with self._state() as state:
            _refuse_ports(state, demanded or {})
            state.kept = True
            self._bring_up(state, services, demanded)
            return dict(state.running)

    def again(self, services: Sequence[str]) -> dict[str, Running]:
        """The services, up and answering once more, for who uses them already. Raises ServiceFailed, also when this process
        uses them no longer (it was interrupted): nobody would stop what a last thread of it started."""
        with self._state() as state:
            if self._me() not in state.users and not state.kept:
                raise ServiceFailed("the services were stopped, since nobody uses them any more")
            self._bring_up(state, services)
            return dict(state.running)

    def stop(self) -> list[str]:
        """Stop everything, whoever uses it; returns the names of what was up."""
        with self._state() as state:
            state.kept, state.users = False, []
            return self._take_down(state)

    def reset(self) -> None:
        """Stop everything and delete its data."""
        self.stop()
        for spec in self.course.services():
            self.backend.erase(self.instance, spec.id)

    def running(self) -> dict[str, Running]:
        """What is up now, by service; what a killed command left up is stopped first."""
        with self._state() as state:
            if not state.users and not state.kept:
                self._take_down(state)
            return dict(state.running)

    def service(self, running: Running) -> Service:
        """The grader's own side of a running service."""
        with self._state() as state:
            return _client(running, state.secrets[running.service])

    @contextlib.contextmanager
    def _state(self) -> Iterator[StackState]:
        """The state under lock, pruned of dead users and dead services, written back at the end."""
        with self._lock:
            state = read(self._file)
            state.users = [user for user in state.users if alive(*user)]
            for name in [name for name, r in state.running.items() if self.backend.poll(r) is not None]:
                self.backend.stop(state.running.pop(name))  # it died, but what it started may live
            try:
                yield state
            finally:
                write(self._file, state)

    def _bring_up(self, state: StackState, services: Sequence[str], demanded: Mapping[str, int] | None = None) -> None:
        """Start what is missing, and return when all of it answers: one may start while others still do (`beside`)."""
        stopped: list[str] = []
        waiting: list[ServiceSpec] = []
        for spec in in_order(self.course, services):
            if spec.id in state.running and self._answers(state, spec):
                continue
            stopped += self._stop_with_dependents(state, spec)
            for other in [one for one in waiting if one.id in spec.needs and one.id not in spec.beside]:
                self._await(state, other, demanded or {})
                waiting.remove(other)
            self.say(f"starting {spec.title} …")
            self._host(state, spec, demanded or {})
            waiting.append(spec)
        for spec in waiting:
            self._await(state, spec, demanded or {})
        left = [name for name in stopped if name not in state.running]
        if left:
            self._bring_up(state, left, demanded)

    def _stop_with_dependents(self, state: StackState, spec: ServiceSpec) -> list[str]:
        """Stop a service that fails, and those up that need it: they know the old one's address. Returns the names."""
        needing = [other.id for other in in_order(self.course, list(state.running)) if other.id != spec.id]
        family = [name for name in needing if spec.id in {need.id for need in in_order(self.course, [name])}]
        ended = [name for name in (*reversed(family), spec.id) if name in state.running]
        for name in ended:
            self.backend.stop(state.running.pop(name))
        return ended

    def answers(self, running: Running) -> bool:
        """Whether a service that is up answers now."""
        with self._state() as state:
            return self._answers(state, self.course.service(running.service)) if running.service in state.running else False

    def _answers(self, state: StackState, spec: ServiceSpec) -> bool:
        with contextlib.suppress(ServiceFailed):
            _client(state.running[spec.id], state.secrets[spec.id]).check()
            return True
        return False

    def _host(self, state: StackState, spec: ServiceSpec, demanded: Mapping[str, int]) -> None:
        environment = self.course.environment(spec.environment)
        self.backend.prepare(environment)
        if spec.id not in state.secrets:
            self.backend.erase(self.instance, spec.id)  # data whose secrets are lost lets nobody in any more
        given = state.secrets.setdefault(spec.id, {name: secrets.token_hex(16) for name in spec.secrets})
        write(self._file, state)  # before the service learns its secrets: a kill now must not lose them
        chosen = ports.choose(spec.ports, {spec.endpoint: demanded[spec.id]} if spec.id in demanded else {})
        peers = {need: state.running[need] for need in spec.needs}
        job = ServiceJob(spec, environment, self.instance, given, peers, state.secrets, chosen)
        state.running[spec.id] = self.backend.host(job)
        write(self._file, state)

    def _await(self, state: StackState, spec: ServiceSpec, demanded: Mapping[str, int]) -> None:
        """Wait until it answers; one whose port was taken in between is started again. Raises ServiceFailed."""
        for attempt in range(1, STARTS + 1):
            running = state.running[spec.id]
            problem = ready(self.backend, running, spec, _client(running, state.secrets[spec.id]))
            if not problem:
                return
            log = self.backend.logs(running)
            ended = self._stop_with_dependents(state, spec)
            if attempt == STARTS or "in use" not in log:
                tail = "\n".join(log.splitlines()[-15:])
                raise ServiceFailed(f"{spec.title} did not start: {problem}\n{tail}", "see `mlops doctor`")
            for name in reversed(ended):
                self._host(state, self.course.service(name), demanded)

    def _take_down(self, state: StackState) -> list[str]:
        """Stop dependents before what they need."""
        stopped = []
        for name in reversed(list(state.running)):
            self.backend.stop(state.running.pop(name))
            stopped.append(name)
        return stopped


def _refuse_ports(state: StackState, demanded: Mapping[str, int]) -> None:
    """Raise BadInput, before anything is started, for a port that a service can't have."""
    for service, port in demanded.items():
        running = state.running.get(service)
        if running is None:
            ports.choose({service: port}, {service: port})
        elif running.address.port != port:
            raise BadInput(f"{service} is up already, on port {running.address.port}", "stop it first: mlops stop")


def in_order(course: Course, services: Sequence[str]) -> list[ServiceSpec]:
    """The services and all they need, what is needed first."""
    ordered: dict[str, ServiceSpec] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            spec = course.service(name)
            for need in spec.needs:
                visit(need)
            ordered[name] = spec

    for name in services:
        visit(name)
    return list(ordered.values())


def _client(running: Running, given: dict[str, str]) -> Service:
    client: Service = SERVICES[running.service](running.address, given)
    return client
