"""`python -m grader.bench.scale [--kwok PROGRAM]`: the knee, then the whole batch, on the cluster that KUBECONFIG names.

The API server should be nobody's in particular: it gets a thousand simulated nodes for the time being. Leaves with 1 when
anything was lost or graded twice. `--keep` writes results.json and the tables of grader/docs/grade-a-university.md.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from grader.backends.kubernetes.cluster import connect
from grader.bench.kills.server import SERVICE, Server
from grader.bench.measure import say
from grader.bench.scale import results
from grader.bench.scale.nodes import CURE, Simulated
from grader.bench.scale.step import Size, Steps
from grader.bench.scale.university import University
from grader.errors import CourseError

ALONE = (1, 2)
"""Workers of the steps without pods: what the queue and its database take alone."""
ALONE_JOBS = 8
IDLE_SECONDS = 20.0


def main() -> int:
    """Measure, print, and (`--keep`) write down."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # who ends the bench wants nodes and processes to end, too
    try:
        found = measure(options)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.write(str(found))
    if options.keep:
        results.keep(found)
    return 1 if any(step["wrong"] for step in (*found.alone, *found.ladder, found.whole)) else 0


def measure(options: argparse.Namespace) -> results.Results:
    """The queue alone, the ladder, the whole batch at the best step's size. Raises CourseError without kwok or a cluster."""
    cluster = connect()
    with tempfile.TemporaryDirectory(prefix="mlops-scale-") as made, Server(Path(made) / "database") as server:
        folder = Path(made)
        simulated = Simulated(cluster, options.nodes, options.kwok, folder / "kwok.log", options.lease)
        postmaster = server._stack.running()[SERVICE].handle["pid"]
        steps = Steps(University(server.url, folder), postmaster, cluster)
        alone = [steps.run(Size(options.step, workers, ALONE_JOBS, pods=False)) for workers in ALONE]
        with simulated as steps.nodes:
            say(f"{options.nodes} nodes are ready")
            idle = steps.idle(IDLE_SECONDS)
            ladder = [steps.run(Size(options.step, workers, jobs, hold=options.hold)) for workers, jobs in options.sizes]
            best = max(ladder, key=lambda step: step.rate).size
            whole = steps.run(replace(best, submissions=options.submissions))
        return results.Results.of(options.nodes, options.lease, idle, alone, ladder, whole)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m grader.bench.scale", description=__doc__)
    options.add_argument("--kwok", default="kwok", help=f"its program: {CURE}")
    options.add_argument("--nodes", type=int, default=1000)
    options.add_argument("--lease", type=int, default=40, help="seconds of a node's lease, renewed every quarter of it")
    options.add_argument("--submissions", type=int, default=10_000, help="of the last run")
    options.add_argument("--step", type=int, default=500, help="submissions of each run that looks for the knee")
    options.add_argument("--hold", type=float, default=0.0, help="seconds that a pod is held, once it runs")
    options.add_argument(
        "--sizes", type=_size, nargs="+", default=[(1, 1), (1, 4), (1, 16), (2, 16), (2, 64), (4, 64)],
        help="workers x jobs of each, such as 2x64",
    )  # fmt: skip
    options.add_argument("--keep", action="store_true", help="write the figures and the tables down")
    return options.parse_args()


def _size(words: str) -> tuple[int, int]:
    workers, _, jobs = words.partition("x")
    return int(workers), int(jobs)


if __name__ == "__main__":
    sys.exit(main())
