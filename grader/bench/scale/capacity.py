"""What a class comes to: the only place of these formulas. What goes in was measured, or is assumed and says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOUR = 3600
GRADING_CORE_SECONDS = 7.44
"""Of one grading of lab 04 whole on docker, at most: all cores of the machine of grader/bench/README.md's last figures for as
long as it took there, as if they were never idle. A test holds it to that."""
POD_MIB = 1500
"""What lab 04 sets aside for a pod (`limits.memory_mb`)."""
POD_SECONDS = 15.0
"""Assumed: how long a pod lives. One core, and some seconds to start and to end."""
NODE_CORES, NODE_MIB = 8, 32 * 1024
"""Assumed: a node."""
USED = 0.7
"""Assumed: the share of a node that is of use."""
CORE_HOUR = 0.05
"""Assumed: the price of a core for an hour, with 4 GiB, in dollars; the cost is in proportion to it."""
DISPATCH = ("workers", "database", "kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager")
"""Whose CPU a submission's way takes, besides the grading itself. Not kwok's: it stands for the nodes' own kubelets."""
KNEE = 0.9
"""The share of the best rate from which on more workers or jobs are hardly worth it."""


@dataclass(frozen=True)
class Needs:
    """What it takes to grade all that a class hands in within an hour, once each, by the end of that hour."""

    gradings: float
    """A second."""
    share: float
    """Of the dispatch rate that was measured."""
    pods: int
    """At once."""
    nodes: int
    dispatch_cores: float
    """For workers, database and control plane."""


def knee(ladder: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first step that comes near the best."""
    best = max(step["rate"] for step in ladder)
    return next(step for step in ladder if step["rate"] >= KNEE * best)


def dispatch_seconds(cpu: Mapping[str, float], submissions: int) -> float:
    """CPU seconds of dispatching one submission, of a run's CPU seconds by kind."""
    return sum(cpu.get(kind, 0.0) for kind in DISPATCH) / submissions


def needs(students: int, rate: float, dispatch: float) -> Needs:
    """Of a class. `rate`: submissions a second that were dispatched; `dispatch`: CPU seconds of one."""
    gradings = students / HOUR
    pods = math.ceil(gradings * POD_SECONDS)
    by_cores = gradings * GRADING_CORE_SECONDS / (NODE_CORES * USED)
    by_memory = pods * POD_MIB / (NODE_MIB * USED)
    return Needs(gradings, gradings / rate, pods, math.ceil(max(by_cores, by_memory)), gradings * dispatch)


def dollars(dispatch: float, gradings: int = 1000) -> float:
    """What so many gradings cost, dispatching included, nodes used as far as they can be."""
    return gradings * (GRADING_CORE_SECONDS + dispatch) / HOUR / USED * CORE_HOUR
