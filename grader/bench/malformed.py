"""`python -m grader.bench.malformed [--count 10000]`: uploads that are not what they should be, to a service in this process.

Leaves with 1 when one is answered with a fault of ours, or anything is written but blobs that were accepted.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from grader.gradebook import migrate
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.grading import samples
from grader.tests import small_course
from grader.tests.server import malformed
from grader.tests.server.school import School

PLACE = "/api/v1/courses/math/assignments/adding/submissions"


def main() -> int:
    """Send, count, look at the disk."""
    options = argparse.ArgumentParser(prog="python -m grader.bench.malformed", description=__doc__)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        return _run(Path(made), chosen.count, chosen.seed)


def _run(folder: Path, count: int, seed: int) -> int:
    database = Database(f"sqlite:///{folder / 'gradebook.db'}")
    migrate.upgrade(database)
    school = School(database, small_course.write(folder / "course"), FolderBlobs(folder / "blobs"))
    lab, http, began, answers = school.content.lab(small_course.LAB), school.http("owner"), time.monotonic(), Counter[int]()
    notebook, before = samples.solution(lab)[0].notebook, _files(folder)
    for content in malformed.many(lab, school.bundle(), notebook, random.Random(seed), count):
        answer = http.post(PLACE, content=content)
        answers[answer.status_code] += 1
        if answer.status_code not in (202, 413, 422):
            sys.stdout.write(f"{answer.status_code} {answer.text[:300]} for {content[:200]!r}\n")
    written = {
        f for f in _files(folder) - before if school.blobs.root not in f.parents and not f.name.startswith("gradebook.db")
    }
    told = ", ".join(f"{number} x {status}" for status, number in sorted(answers.items()))
    sys.stdout.write(f"{count} uploads in {time.monotonic() - began:.0f} s: {told}; {len(written)} files elsewhere\n")
    return 1 if written or set(answers) - {202, 413, 422} else 0


def _files(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.is_file()}


if __name__ == "__main__":
    sys.exit(main())
