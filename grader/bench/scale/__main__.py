"""`python -m grader.bench.scale --kwok PROGRAM`: the knee, then the whole batch, on the cluster that KUBECONFIG names.

Leaves with 1 when anything was lost or graded twice. `--keep` writes results.json and grader/docs/capacity.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from grader.bench.kills.server import Server
from grader.bench.measure import say
from grader.bench.scale import results
from grader.bench.scale.batch import Batch, Batches
from grader.bench.scale.cluster import Simulated


def main() -> int:
    """Measure, print, and (`--keep`) write down."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mlops-scale-") as made, Server(Path(made) / "database") as server:
        batches, folder = Batches(server.url), Path(made)
        alone = [batches.run(Batch(options.step, workers, 8), None) for workers in (1, 2, 4)]
        with Simulated(options.nodes, options.kwok, folder / "kwok.log") as nodes:
            say(f"{options.nodes} nodes are ready")
            knee = [batches.run(Batch(options.step, *size), nodes) for size in options.sizes]
            best = max(knee, key=lambda run: run.rate).batch
            whole = batches.run(Batch(options.submissions, best.workers, best.jobs), nodes)
    found = results.Results.of(options.nodes, alone, knee, whole)
    sys.stdout.write(results.table(found))
    if options.keep:
        results.keep(found)
    return 1 if any(run.wrong for run in (*alone, *knee, whole)) else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m grader.bench.scale", description=__doc__)
    options.add_argument("--kwok", required=True, help="its program: go install sigs.k8s.io/kwok/cmd/kwok@v0.7.0")
    options.add_argument("--nodes", type=int, default=1000)
    options.add_argument("--submissions", type=int, default=10_000)
    options.add_argument("--step", type=int, default=500, help="submissions of each run that looks for the knee")
    options.add_argument(
        "--sizes", type=_size, nargs="+", default=[(1, 16), (1, 64), (2, 64), (4, 64), (4, 128)],
        help="workers x jobs of each, such as 2x64",
    )  # fmt: skip
    options.add_argument("--keep", action="store_true", help="write the figures down")
    return options.parse_args()


def _size(words: str) -> tuple[int, int]:
    workers, _, jobs = words.partition("x")
    return int(workers), int(jobs)


if __name__ == "__main__":
    sys.exit(main())
