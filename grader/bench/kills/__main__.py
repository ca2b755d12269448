"""`python -m grader.bench.kills [--submissions 500] [--rounds 200] [--database sqlite|postgres]`: prints what was counted.

Leaves with 1 when anything was lost, graded twice, or charged for our faults.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from grader.bench.kills.run import Plan, Report, Run
from grader.bench.kills.server import Server
from grader.gradebook import migrate
from grader.gradebook.database import Database

RESULTS = Path(__file__).with_name("results.jsonl")
"""A line for each long run that was kept."""


def main() -> int:
    """Run, print, and (`--keep`) write down."""
    options = _options()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if options.database == "sqlite":
            report = _run(
                Plan(f"sqlite:///{folder / 'gradebook.db'}", folder, options.submissions, options.rounds, seed=options.seed)
            )
        else:
            with Server(folder / "home") as server:
                plan = Plan(
                    server.url, folder, options.submissions, options.rounds, seed=options.seed, kill_database=server.kill
                )
                report = _run(plan)
    sys.stdout.write(f"{report}\n")
    if options.keep:
        line = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", **vars(options), **vars(report)}
        with RESULTS.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
    return 1 if report.wrong else 0


def _run(plan: Plan) -> Report:
    database = Database(plan.url)
    migrate.upgrade(database)
    database.close()
    return Run(plan).go()


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m grader.bench.kills", description=__doc__)
    options.add_argument("--submissions", type=int, default=500)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", action="store_true", help=f"add the figures to {RESULTS.name}")
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main())
