"""What prune removes, and what it must not: nothing that a score comes from, nothing that somebody still waits for."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from grader.errors import BadInput
from grader.gradebook import outbox, retention
from grader.gradebook.tables import Delivery
from grader.grading.evidence import forget
from grader.tests.gradebook.small_class import FULL, MONDAY, SmallClass
from grader.tests.gradebook.terminal import Terminal

OLD = (MONDAY - timedelta(days=200)).timestamp()


@pytest.fixture
def kind() -> str:
    return "sqlite"


def attempt(root: Path, student: str, sha256: str, number: int = 1, at: float = OLD) -> Path:
    """An attempt's evidence, last written then."""
    folder = root / "01-adding" / f"{student}-{sha256[:12]}" / f"attempt-{number}"
    (folder / "files").mkdir(parents=True)
    for name in ("result.json", "executed.ipynb", "files/data.bin"):
        (folder / name).write_bytes(b"x" * 100)
    for place in (folder / "result.json", folder / "executed.ipynb", folder / "files", folder):
        os.utime(place, (at, at))
    return folder


def left(root: Path) -> list[str]:
    return sorted(file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file())


def test_old_evidence_goes_and_its_result_stays(tmp_path: Path) -> None:
    """What is newer, held, a link, or no attempt stays whole."""
    old, new = attempt(tmp_path, "ann", "a" * 64), attempt(tmp_path, "ann", "a" * 64, 2, MONDAY.timestamp())
    held = attempt(tmp_path, "bob", "b" * 64)
    (tmp_path / "01-adding" / "ann-cccccccccccc").mkdir()
    (tmp_path / "01-adding" / "ann-cccccccccccc" / "attempt-1").symlink_to(held)
    (tmp_path / "01-adding" / "notes.txt").write_text("mine")
    before, all_of_it = MONDAY - timedelta(days=180), left(tmp_path)
    assert forget(tmp_path, before, {("bob", "b" * 64)}, dry_run=True)[0] == 1
    assert left(tmp_path) == all_of_it
    gone, freed = forget(tmp_path, before, {("bob", "b" * 64)})
    assert (gone, freed >= 200) == (1, True)
    removed = {f"{old.relative_to(tmp_path).as_posix()}/{name}" for name in ("executed.ipynb", "files/data.bin")}
    assert left(tmp_path) == [name for name in all_of_it if name not in removed]
    assert (new / "files" / "data.bin").exists()
    assert forget(tmp_path, before, {("bob", "b" * 64)}) == (0, 0)


def test_what_somebody_waits_for_is_held(klass: SmallClass) -> None:
    """A job that waits, runs, or is a dead letter; not one that is done."""
    klass.graded(klass.ann, FULL)
    waiting = klass.hand_in(klass.bob).submission
    klass.enqueue(waiting)
    klass.queue.fault(klass.lease(), "broken", final=True)
    with klass.database.reading() as session:
        assert retention.unfinished(session) == {("bob", waiting.sha256)}


def test_sent_messages_are_forgotten(klass: SmallClass) -> None:
    """Those that wait are not."""
    with klass.database.writing() as session:
        outbox.add(session, MONDAY, klass.course, "http://127.0.0.1:9/", "whsec_AAAA", outbox.EVENTS, klass.tess)
    klass.graded(klass.ann, FULL)
    with klass.database.writing() as session:
        first = session.get_one(Delivery, 1)
        first.state, first.finished_at = "done", MONDAY
    assert retention.forget_messages(klass.database, MONDAY) == 0
    assert retention.forget_messages(klass.database, MONDAY + timedelta(days=1)) == 1
    with klass.database.reading() as session:
        assert session.scalars(select(Delivery.id)).all() == [2]


def test_from_a_terminal(klass: SmallClass, tmp_path: Path) -> None:
    """First without doing it. The scores are what they were."""
    klass.graded(klass.ann, FULL)
    admin = Terminal(tmp_path)
    attempt(tmp_path / "evidence", "ann", "a" * 64)
    scores = admin("scores", "math")
    assert admin("prune", "--older-than", "180d", "--dry-run").startswith("would go: evidence of 1 attempt(s), 0.0 MiB; ")
    assert admin("prune", "--older-than", "180d").startswith("removed: evidence of 1 attempt(s), ")
    assert admin("prune", "--older-than", "26w").startswith("removed: evidence of 0 attempt(s), ")
    assert (admin("scores", "math"), scores) == (scores, "student\tadding\nann\t100\nbob\t\n")
    with pytest.raises(BadInput, match=r"'soon' is no age \(such as 180d, 26w or 48h\)"):
        admin("prune", "--older-than", "soon")
