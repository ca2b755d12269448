"""`python -m grader.bench.kills [--database sqlite|postgres]`: kills, counts, prints.

Leaves with 1 when anything was lost, graded twice, or charged for our faults.
"""

from __future__ import annotations

import argparse
import signal
import sys

from grader.bench.kills import results
from grader.bench.kills.plan import Plan
from grader.bench.kills.run import run


def main() -> int:
    """Run, print, and (`--keep`) write down."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # who ends the bench wants its processes to end, too
    plan = Plan(
        submissions=options.submissions, rounds=options.rounds, seed=options.seed, pause=tuple(options.pause),
        pace=options.pace, seconds=options.minutes * 60,
    )  # fmt: skip
    report = run(plan, options.database, lambda words: print(words, file=sys.stderr, flush=True))
    sys.stdout.write(f"{report}\n")
    if options.keep:
        results.keep(options.database, plan, report)
    return 1 if report.wrong else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m grader.bench.kills", description=__doc__)
    options.add_argument("--submissions", type=int, default=500)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--pause", type=float, nargs=2, default=Plan.pause, help="seconds between two kills, from and to")
    options.add_argument("--pace", type=float, default=Plan.pace, help="seconds between two submissions of a client")
    options.add_argument(
        "--minutes", type=float, default=Plan.seconds / 60, help="after which nothing more is killed, nor handed in"
    )
    options.add_argument("--keep", action="store_true", help="add the figures to results.jsonl, and to the bench's README")
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main())
