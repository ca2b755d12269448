"""One that hands in over HTTP, as `mlops submit --to` does, and notes what was acknowledged:

    python -m grader.bench.kills.client ADDRESS FOLDER LOG FIRST LAST PACE

Started again, it goes on with the first submission that it has no receipt for, under the same idempotency key. Once
FOLDER/closed is there, it ends when the one that is under way has its receipt.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from grader.api.client import Client
from grader.bench.kills import klass

PATIENCE = 3600.0


def hand_in(address: str, folder: Path, log: Path, first: int, last: int, pace: float) -> None:
    """A submission every `pace` seconds until all are acknowledged; the log gets a line for each."""
    known, done = klass.tokens_of(folder), {line["number"] for line in acknowledged(log)}
    with log.open("a") as out:
        for number in (n for n in range(first, last) if n not in done):
            with Client(address, known[number % klass.STUDENTS], patience=PATIENCE) as client:
                content = klass.work(folder, number).read_bytes()
                receipt = client.submit(klass.COURSE, klass.ASSIGNMENT, content, f"submission-{number}")
            out.write(json.dumps({"number": number, "receipt": receipt.receipt, "submission": receipt.submission}) + "\n")
            out.flush()
            if closed(folder).exists():
                return
            time.sleep(pace)


def closed(folder: Path) -> Path:
    """The file that says that nothing more is handed in."""
    return folder / "closed"


def acknowledged(log: Path) -> list[dict[str, int]]:
    """The whole lines of a log: the last one of a client that was killed may be half written."""
    log.touch()
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]


if __name__ == "__main__":
    at, where, lines, *rest = sys.argv[1:]
    hand_in(at, Path(where), Path(lines), int(rest[0]), int(rest[1]), float(rest[2]))
