"""Pods that wait with everything imported. Each serves one sandbox; as one is taken, the next is made.

A cluster that enforces Pod Security `restricted` gives a pod no namespaces of its own to make, so a prepared process can't
be forked into sandboxes that are kept from each other, as on `docker`: a pod is one sandbox, and waits its turn.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.backends.containment import of_container
from grader.backends.kubernetes.cluster import ClusterError
from grader.backends.kubernetes.namespaces import number
from grader.backends.kubernetes.pod import Place, Pod
from grader.backends.kubernetes.sandbox import room
from grader.backends.prepared import bootstrap
from grader.backends.prepared.environment import CannotPrepare, to_import
from grader.backends.tunnel import ask
from grader.errors import SandboxFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.backends.protocol import Environment
    from grader.spec.limits import Limits

PREPARED = "MLOPS_KUBE_PREPARED"
"""How many pods wait, prepared, for each kind of sandbox in use; 0: none, each sandbox imports what it needs."""
DEFAULT = 2
MAX_IDLE = 16
"""Pods that may wait in all; of the kind whose last use is longest ago the first goes."""
IDLE_SECONDS = 10 * 60
"""How long pods wait for a kind of which nobody took one."""
OLD_SECONDS = 3600
"""A pod that has waited so long is replaced: a pod has a deadline, and a sandbox must be able to run to its end."""
PREPARE_SECONDS = 180
LOOK_SECONDS = 30
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """What pods must agree in to stand in for one another."""

    environment: str
    image: str
    modules: tuple[str, ...]
    warm_up: str
    limits: Limits


@dataclass
class _Shelf:
    """The pods of a kind."""

    used: float = 0.0
    idle: list[Pod] = field(default_factory=list)
    imported: list[str] | None = None
    """What the first one's scout found that libraries import late: the others import it without a scout."""
    refused: str = ""


class Pool:
    """May be used by many threads; what it holds ends with it, or with this process."""

    def __init__(self, place: Place, size: int | None = None) -> None:
        self._state = _State(place, number(PREPARED, DEFAULT) if size is None else size)
        self._finalizer = weakref.finalize(self, _State.close, self._state)

    @property
    def size(self) -> int:
        """How many pods wait for each kind."""
        return self._state.size

    def take(self, kind: Kind) -> Pod:
        """A prepared pod. Raises ClusterError, TimeoutError, SandboxFailed, or CannotPrepare where there can be none."""
        return self._state.take(kind)

    def waiting(self, kind: Kind) -> int:
        """How many wait now."""
        return self._state.waiting(kind)

    def close(self) -> None:
        """Delete those that wait."""
        self._finalizer()


class _State:
    """The pool without the object whose end is its end: its thread knows this only."""

    def __init__(self, place: Place, size: int) -> None:
        self.size = size
        self._place = place
        self._changed = threading.Condition()
        self._shelves: dict[Kind, _Shelf] = {}
        self._over = False
        self._filler: threading.Thread | None = None

    def take(self, kind: Kind) -> Pod:
        with self._changed:
            shelf = self._shelves.setdefault(kind, _Shelf())
            if shelf.refused:
                raise CannotPrepare(shelf.refused)
            self._drop_replaced(kind)
            shelf.used = time.monotonic()
            pod = next((one for one in shelf.idle if one.usable), None)
            if pod:
                shelf.idle.remove(pod)
            if self._filler is None:
                self._filler = threading.Thread(target=self._fill, name="prepared-pods", daemon=True)
                self._filler.start()
            self._changed.notify_all()
        return pod or self._make(kind, shelf, lambda: self._make_room(kind))

    def waiting(self, kind: Kind) -> int:
        with self._changed:
            return len(self._shelves[kind].idle) if kind in self._shelves else 0

    def close(self) -> None:
        with self._changed:
            self._over = True
            pods = [pod for shelf in self._shelves.values() for pod in shelf.idle]
            self._shelves.clear()
            self._changed.notify_all()
        for pod in pods:
            pod.close()

    def _make_room(self, kind: Kind) -> None:
        """The cluster is full: pods that wait for other kinds go."""
        with self._changed:
            others = [shelf for other, shelf in self._shelves.items() if other != kind]
            pods = [pod for shelf in others for pod in shelf.idle]
            for shelf in others:
                shelf.idle = []
        for pod in pods:
            pod.close()

    def _drop_replaced(self, kind: Kind) -> None:
        """The environment has another image now: pods of the one before shall go."""
        for other, shelf in self._shelves.items():
            if other.environment == kind.environment and other.image != kind.image:
                shelf.used = 0.0

    def _fill(self) -> None:
        """In a thread: keep as many pods waiting as there shall be."""
        while True:
            with self._changed:
                surplus = self._surplus()
                wanted = None if surplus else self._wanted()
                if self._over:
                    break
                if not (surplus or wanted):
                    self._changed.wait(LOOK_SECONDS)
                    continue
            for pod in surplus:
                pod.close()
            if wanted:
                self._add(*wanted)

    def _surplus(self) -> list[Pod]:
        """Take out of the shelves what is broken, old, or unused for long."""
        now = time.monotonic()
        found = []
        for shelf in self._shelves.values():
            unused = now - shelf.used > IDLE_SECONDS
            gone = [pod for pod in shelf.idle if unused or not pod.usable or now - pod.born > OLD_SECONDS]
            shelf.idle = [pod for pod in shelf.idle if pod not in gone]
            found += gone
        return found

    def _wanted(self) -> tuple[Kind, _Shelf] | None:
        """The kind that lacks a pod and was used last, if there is room for one."""
        now = time.monotonic()
        used = sorted(self._shelves.items(), key=lambda item: item[1].used, reverse=True)
        live = [(k, s) for k, s in used if now - s.used <= IDLE_SECONDS and not s.refused]
        lacking = [(k, s) for k, s in live if len(s.idle) < self.size]
        if not lacking or sum(len(s.idle) for _, s in used) >= MAX_IDLE:
            return None
        return lacking[0]

    def _add(self, kind: Kind, shelf: _Shelf) -> None:
        try:
            pod = self._make(kind, shelf, _full)
        except (ClusterError, TimeoutError, OSError, SandboxFailed, CannotPrepare) as error:
            log.info("no pod could be prepared for %s: %s", kind.environment, error)
            with self._changed:
                shelf.used = 0.0  # whoever needs one next tries again, and hears why
            return
        with self._changed:
            kept = not self._over and self._shelves.get(kind) is shelf
            if kept:
                shelf.idle.append(pod)
                self._changed.notify_all()
        if not kept:
            pod.close()

    def _make(self, kind: Kind, shelf: _Shelf, lacking: Callable[[], None]) -> Pod:
        settings = {
            "modules": kind.modules,
            "warm_up": kind.warm_up,
            "seccomp": {},
            "request": {**room(kind.limits.cpus), "key": "scout"},
            "imported": shelf.imported,
        }
        message = bootstrap.message(bootstrap.POD_KEEPER, settings)
        pod = Pod(self._place, f"prepared-{kind.environment}", kind.image, kind.limits, message, lacking)
        ready = False
        try:
            answer = pod.pipe.call(ask(pod.pipe, {"do": "prepare"}), PREPARE_SECONDS)
            ready = answer.get("error") is None
        except (OSError, TimeoutError) as error:
            raise SandboxFailed(f"a pod of {kind.environment} was not prepared: {error}\n{pod.errors}".strip()) from error
        finally:
            if not ready:
                pod.close()
        if not ready:
            self._refuse(kind, shelf, str(answer["error"]))
        if shelf.imported is None:
            shelf.imported = answer.get("imported")
        log.debug("a pod of %s is prepared after %s s", kind.environment, answer.get("seconds"))
        return pod

    def _refuse(self, kind: Kind, shelf: _Shelf, why: str) -> None:
        with self._changed:
            first, shelf.refused = not shelf.refused, why
        if first:
            log.warning(
                "no prepared sandboxes for environment %s, each grading imports its libraries anew: %s", kind.environment, why
            )
        raise CannotPrepare(why)


def _full() -> None:
    """A pod that only might be needed does not wait for room."""
    raise SandboxFailed("the cluster has no room for another pod")


def kind_of(environment: Environment, image: str, limits: Limits) -> Kind:
    """What a sandbox with these limits needs."""
    return Kind(environment.spec.id, image, *to_import(environment), of_container(limits))
