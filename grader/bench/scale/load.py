"""What a step costs: CPU and memory by kind of process, what the database did, and what the API server tells of itself."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psutil
from sqlalchemy import text

from grader.backends.kubernetes.cluster import Cluster
from grader.gradebook.database import Database

SERVERS = ("kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager", "kwok")
"""Known by their program's name, where they run on this machine."""
MIB = 2**20
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
"""Of Prometheus' text format."""
TOLD = {
    "api requests": ("apiserver_request_total", ""),
    "pod create seconds": ("apiserver_request_duration_seconds_sum", 'resource="pods",subresource="",verb="POST"'),
    "pod creates": ("apiserver_request_duration_seconds_count", 'resource="pods",subresource="",verb="POST"'),
    "pod delete seconds": ("apiserver_request_duration_seconds_sum", 'resource="pods",subresource="",verb="DELETE"'),
    "pod deletes": ("apiserver_request_duration_seconds_count", 'resource="pods",subresource="",verb="DELETE"'),
    "etcd seconds": ("etcd_request_duration_seconds_sum", ""),
    "etcd requests": ("etcd_request_duration_seconds_count", ""),
    "api cpu": ("process_cpu_seconds_total", ""),
    "etcd bytes": ("apiserver_storage_size_bytes", ""),
}
"""What is read of the API server's metrics: the sum over all of a name whose labels hold this text."""


@dataclass
class Load:
    """Since the machine or the processes began: CPU seconds by kind, the machine's busy seconds, the database's transactions
    and bytes of write-ahead log, and `TOLD` by the API server. `memory` is MiB, resident, now."""

    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    busy: float = 0.0
    transactions: float = 0.0
    wal: float = 0.0
    api: dict[str, float] = field(default_factory=dict)

    def since(self, before: Load) -> Load:
        """What was done since then. What is no sum (memory, etcd's size) stays."""
        cpu = {kind: round(used - before.cpu.get(kind, 0.0), 2) for kind, used in self.cpu.items()}
        api = {name: round(value - before.api.get(name, 0.0), 3) for name, value in self.api.items()}
        if "etcd bytes" in self.api:
            api["etcd bytes"] = self.api["etcd bytes"]
        busy, wal = round(self.busy - before.busy, 1), self.wal - before.wal
        return Load(cpu, self.memory, busy, self.transactions - before.transactions, wal, api)


def now(database: Database, postmaster: int, cluster: Cluster | None) -> Load:
    """As it is now."""
    found = Load()
    for kind, process in _processes(postmaster):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            ended = times.children_user + times.children_system if kind == "database" else 0.0
            found.cpu[kind] = found.cpu.get(kind, 0.0) + times.user + times.system + ended
            found.memory[kind] = round(found.memory.get(kind, 0.0) + _resident(process) / MIB)
    machine = psutil.cpu_times()
    found.busy = sum(machine) - machine.idle - machine.iowait - machine.guest - machine.guest_nice
    found.transactions, found.wal = _database_did(database)
    found.api = told(cluster.text("/metrics")) if cluster else {}
    return found


def told(metrics: str) -> dict[str, float]:
    """`TOLD`, of the text of a page of metrics."""
    found = dict.fromkeys(TOLD, 0.0)
    wanted = {metric for metric, _ in TOLD.values()}
    for name, labels, value in LINE.findall(metrics):
        if name in wanted:
            for what, (metric, held) in TOLD.items():
                if metric == name and all(one in labels for one in held.split(",")):
                    found[what] += float(value)
    return found


def quotient(told: Mapping[str, float], above: str, below: str) -> float:
    """One figure of `Load.api` by another; 0 where nothing was counted."""
    return told[above] / told[below] if told.get(below) else 0.0


def _resident(process: psutil.Process) -> float:
    """Pages that are shared count for each by its share."""
    return float(getattr(process.memory_full_info(), "pss", 0.0) or process.memory_info().rss)


def _processes(postmaster: int) -> Iterator[tuple[str, psutil.Process]]:
    for process in psutil.process_iter(["name"]):
        for name in SERVERS:
            if process.info["name"] in (name, name[:15]):  # the kernel keeps 15 characters
                yield name, process
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(postmaster)
        yield "database", root
        for child in root.children(recursive=True):
            yield "database", child


def _database_did(database: Database) -> tuple[float, float]:
    """Transactions and bytes of write-ahead log since it was made."""
    question = """SELECT xact_commit + xact_rollback, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint
        FROM pg_stat_database WHERE datname = current_database()"""
    with database.reading() as session:
        row = session.execute(text(question)).one()
    return float(row[0]), float(row[1])
