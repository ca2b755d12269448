"""What a run costs: CPU seconds and memory by kind of process, and what the database did."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from dataclasses import dataclass, field

import psutil
from sqlalchemy import text

from grader.gradebook.database import Database

SERVERS = ("kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager", "kwok")
"""Known by their program's name."""
EVERY = 1.0
MIB = 2**20


@dataclass
class Load:
    """Of one run: CPU seconds and the most memory (MiB, resident) by kind of process; transactions and bytes of its log that
    the database wrote."""

    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    transactions: int = 0
    wal_mb: float = 0.0


class Watching:
    """A context that measures while it lasts. `trees`: processes that are counted with all that they started, by kind."""

    def __init__(self, database: Database, trees: dict[str, list[int]]) -> None:
        self.load, self._database, self._trees = Load(), database, trees
        self._first: dict[tuple[str, int], float] = {}
        self._last: dict[tuple[str, int], float] = {}
        self._over, self._before = threading.Event(), (0, 0)

    def __enter__(self) -> Watching:
        self._before = self._database_did()
        self._look()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()
        cpu: dict[str, float] = defaultdict(float)
        for (kind, pid), seconds in self._last.items():
            cpu[kind] += seconds - self._first[kind, pid]
        self.load.cpu = {kind: round(seconds, 1) for kind, seconds in sorted(cpu.items())}
        after = self._database_did()
        self.load.transactions = after[0] - self._before[0]
        self.load.wal_mb = round((after[1] - self._before[1]) / MIB, 1)

    def add(self, kind: str, pid: int) -> None:
        """Count this process, too, from its start."""
        self._trees.setdefault(kind, []).append(pid)

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        memory: dict[str, float] = defaultdict(float)
        for kind, process in self._processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                key = kind, process.pid
                self._first.setdefault(key, 0.0 if kind == "workers" else times.user + times.system)
                self._last[key] = times.user + times.system
                memory[kind] += process.memory_info().rss / MIB
        for kind, now in memory.items():
            self.load.memory[kind] = round(max(now, self.load.memory.get(kind, 0.0)))

    def _processes(self) -> list[tuple[str, psutil.Process]]:
        found = [(name, p) for p in psutil.process_iter(["name"]) for name in SERVERS if p.info["name"] in (name, name[:15])]
        for kind, pids in list(self._trees.items()):
            for pid in list(pids):
                with contextlib.suppress(psutil.Error):
                    root = psutil.Process(pid)
                    found += [(kind, one) for one in (root, *root.children(recursive=True))]
        return found

    def _database_did(self) -> tuple[int, int]:
        """Transactions and bytes of write-ahead log since it was made."""
        question = """SELECT xact_commit + xact_rollback, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint
            FROM pg_stat_database WHERE datname = current_database()"""
        with self._database.reading() as session:
            row = session.execute(text(question)).one()
        return int(row[0]), int(row[1])
