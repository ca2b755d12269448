"""The record of progress only grows: nothing that was written is lost by what is written later, or at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.learner.record import Record

EVENTS = 100
WRITER = """
import sys
from pathlib import Path
from grader.learner.record import Record
record = Record(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    record.add("hint", "01-adding", who=sys.argv[2], number=number)
"""


def timeless(record: Record, event: str = "", lab: str = "") -> list[dict[str, Any]]:
    """The events without their times."""
    return [{key: value for key, value in entry.items() if key != "time"} for entry in record.events(event, lab)]


def test_events_come_back_in_order(tmp_path: Path) -> None:
    """An event holds its schema, kind, lab and details."""
    record = Record(tmp_path / "home")
    record.add("started", "01-adding", folder="/x")
    record.add("checked", "01-adding", earned=60.5, note="Käse\n")
    assert timeless(record) == [
        {"schema": 1, "event": "started", "lab": "01-adding", "folder": "/x"},
        {"schema": 1, "event": "checked", "lab": "01-adding", "earned": 60.5, "note": "Käse\n"},
    ]


def test_events_of_one_kind_or_lab(tmp_path: Path) -> None:
    """Events are told apart by kind and lab; the last one is the latest."""
    record = Record(tmp_path)
    for event, lab in (("started", "a"), ("hint", "a"), ("started", "b"), ("hint", "a")):
        record.add(event, lab, number=len(list(record.events())))
    assert [e["number"] for e in record.events("hint")] == [1, 3]
    assert [e["number"] for e in record.events(lab="a")] == [0, 1, 3]
    last = record.last("hint", "a")
    assert last is not None
    assert last["number"] == 3
    assert record.last("hint", "b") is None


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    """Without a record there are no events, and asking makes no file."""
    record = Record(tmp_path / "home")
    assert (list(record.events()), record.last("started"), list(tmp_path.iterdir())) == ([], None, [])


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    """Two commands that run at the same time lose no event, and each one's events stay in order."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, who, str(EVENTS)]) for who in ("a", "b")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    events = list(Record(tmp_path).events())
    assert {who: [e["number"] for e in events if e["who"] == who] for who in ("a", "b")} == {
        who: list(range(EVENTS)) for who in ("a", "b")
    }
    assert len(events) == 2 * EVENTS


HALF = {
    "half-a-line": b'{"schema": 1, "time": 1.0, "event": "chec',
    "zeros": b"\0" * 40,
    "broken-utf-8": b'{"schema": 1, "event": "\xff\xfe',
    "number": b"5",
    "list": b"[1]",
}


@pytest.mark.parametrize("half", HALF.values(), ids=HALF)
def test_line_that_a_power_cut_left(tmp_path: Path, half: bytes) -> None:
    """A line that can't be read is passed over, and costs neither the events before it nor the one after it."""
    record = Record(tmp_path)
    record.add("started", "a")
    with (tmp_path / "record.jsonl").open("ab") as file:
        file.write(half)
    record.add("hint", "a")
    record.add("hint", "b")
    assert [(e["event"], e["lab"]) for e in record.events()] == [("started", "a"), ("hint", "a"), ("hint", "b")]


def test_what_is_written_stays_as_it_is(tmp_path: Path) -> None:
    """Adding an event changes no byte of the earlier ones."""
    record = Record(tmp_path)
    record.add("started", "a")
    before = (tmp_path / "record.jsonl").read_bytes()
    record.add("hint", "a")
    after = (tmp_path / "record.jsonl").read_bytes()
    assert (after[: len(before)], len(after.splitlines()), json.loads(after.splitlines()[1])["event"]) == (before, 2, "hint")
