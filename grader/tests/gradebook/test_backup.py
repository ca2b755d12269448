"""A backup is taken while everybody works, is of one moment, and is restored into an empty place, of either kind."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, func, select

from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook import backup, drafts, migrate, outbox, roster, tables, work
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.columns import Base
from grader.gradebook.database import Database
from grader.gradebook.drafts import Drafted
from grader.gradebook.late import Dates
from grader.gradebook.tables import Attempt, Job, Person, Receipt, Submission
from grader.grading import samples
from grader.grading.sealed import bundle
from grader.queue.intake import accept
from grader.tests.gradebook.small_class import FULL, IMAGE, LAB, MONDAY, SmallClass, result
from grader.tests.gradebook.terminal import Terminal


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
def full(klass: SmallClass, blobs: FolderBlobs, small: Course) -> SmallClass:
    """A row in every table that the gradebook has."""
    klass.ask(Dates(due=MONDAY))
    with klass.database.writing() as session:
        outbox.add(session, MONDAY, klass.course, "http://127.0.0.1:9/", "whsec_AAAA", outbox.EVENTS, klass.tess)
        roster.extend(session, MONDAY, klass.adding, klass.ann, MONDAY, None, "ill – “krank”", klass.tess)
        drafts.keep(session, MONDAY, klass.adding, klass.ann.id, "q-sum", Drafted("as it was asked", "b"))
    sealed = bundle(small.lab(LAB), samples.solution(small.lab(LAB))[0])
    accept(klass.database, blobs, small, "math", "adding", "ann", sealed, "key")
    klass.queue.complete(klass.lease(), result(FULL), IMAGE)
    with klass.database.writing() as session:
        submission = session.get_one(Submission, 1)
        work.mark(session, MONDAY, submission, "adds", 1.25, "because\nof it", klass.tess)
        work.comment(session, MONDAY, submission, "good 😀", klass.tess)
        work.reveal(session, MONDAY, klass.adding, klass.tess)
    return klass


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    engine, metadata = create_engine(database.url), MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        found = {}
        for table in metadata.sorted_tables:
            rows = connection.execute(table.select().order_by(*table.primary_key.columns)).mappings()
            found[table.name] = [tuple(backup._plain(row[c.name]) for c in table.columns) for row in rows]
    engine.dispose()
    return found


def test_all_comes_back(full: SmallClass, blobs: FolderBlobs, empty_url: str, tmp_path: Path) -> None:
    """Every row of every table, and every blob; and the next row gets the next number."""
    file, there = tmp_path / "b.tar.gz", FolderBlobs(tmp_path / "restored")
    saved = backup.save(full.database, blobs, file)
    into = Database(empty_url)
    assert backup.restore(into, there, file) == saved
    before = content(full.database)
    counted = {name: len(rows) for name, rows in before.items() if name != "alembic_version"}
    assert (content(into), counted) == (before, saved.tables)
    own = {
        row.__tablename__
        for row in vars(tables).values()
        if isinstance(row, type) and issubclass(row, Base) and row is not Base
    }
    assert [name for name in sorted(own) if not before[name]] == []
    with into.writing() as session:
        name = session.scalars(select(Submission.blob)).one()
        assert there.get(name) == blobs.get(name)
        last = session.scalar(select(func.max(Person.id))) or 0
        assert roster.add_person(session, MONDAY, "zoe").id == last + 1
    with pytest.raises(Exception, match="append-only"), into.writing() as session:
        session.get_one(Attempt, 1).earned = 0
    into.close()


@pytest.mark.services
@pytest.mark.parametrize("kind", ["postgres"])
def test_a_class_moves_from_one_database_to_the_other(full: SmallClass, blobs: FolderBlobs, tmp_path: Path) -> None:
    """PostgreSQL's rows in a file, as they were."""
    backup.save(full.database, blobs, tmp_path / "b.tar.gz")
    into = Database(f"sqlite:///{tmp_path / 'moved.db'}")
    backup.restore(into, FolderBlobs(tmp_path / "restored"), tmp_path / "b.tar.gz")
    assert content(into) == content(full.database)
    into.close()


@pytest.mark.services
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_class_moves_to_the_larger_database(
    full: SmallClass, blobs: FolderBlobs, tmp_path: Path, make_empty: Callable[[], str]
) -> None:
    """The file's rows in PostgreSQL, as they were."""
    backup.save(full.database, blobs, tmp_path / "b.tar.gz")
    into = Database(make_empty())
    backup.restore(into, FolderBlobs(tmp_path / "restored"), tmp_path / "b.tar.gz")
    assert content(into) == content(full.database)
    into.close()


def test_it_is_of_one_moment_while_work_comes_in(
    klass: SmallClass, empty_url: str, small: Course, blobs: FolderBlobs, tmp_path: Path
) -> None:
    """Bundles are handed in and graded meanwhile. What was acknowledged before the backup is in it; of what came later, all
    or nothing is: no receipt without its submission, job and blob, no verdict without its job's end."""
    lab = small.lab(LAB)
    solution = samples.solution(lab)[0]
    acknowledged, stop = list[int](), threading.Event()

    def work_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            sealed = bundle(lab, type(solution)("x", None, solution.notebook + b" " * number))
            acknowledged.append(accept(klass.database, blobs, small, "math", "adding", "ann", sealed).receipt)
            if number % 3 == 0:
                klass.queue.complete(klass.lease(), result(FULL), IMAGE)

    thread = threading.Thread(target=work_on)
    thread.start()
    try:
        while len(acknowledged) < 10 and thread.is_alive():
            stop.wait(0.05)
        before = list(acknowledged)
        backup.save(klass.database, blobs, tmp_path / "b.tar.gz")
    finally:
        stop.set()
        thread.join()
    assert len(acknowledged) > len(before) >= 10
    into, there = Database(empty_url), FolderBlobs(tmp_path / "restored")
    backup.restore(into, there, tmp_path / "b.tar.gz")
    with into.reading() as session:
        receipts = set(session.scalars(select(Receipt.id)))
        assert set(before) <= receipts
        submissions = session.scalars(select(Submission)).all()
        assert all(there.has(submission.blob) for submission in submissions)
        assert {s.id for s in submissions} == set(session.scalars(select(Job.submission_id)))
        judged = set(session.scalars(select(Attempt.job_id)))
        assert judged == set(session.scalars(select(Job.id).where(Job.state == "done")))
    into.close()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_broken_backup_is_refused_whole(full: SmallClass, blobs: FolderBlobs, tmp_path: Path) -> None:
    """Cut off, changed by a byte, or something else altogether: nothing is restored."""
    file = tmp_path / "b.tar.gz"
    backup.save(full.database, blobs, file)
    whole = file.read_bytes()
    with tarfile.open(file) as archive, tarfile.open(tmp_path / "changed.tar.gz", "w:gz") as changed:
        for member in archive:
            source = archive.extractfile(member)
            assert source is not None
            data = source.read().replace(b'"earned": 100', b'"earned": 999')
            new = tarfile.TarInfo(member.name)
            new.size = len(data)
            changed.addfile(new, io.BytesIO(data))
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.tar.gz").write_text("nothing")
    into = Database(f"sqlite:///{tmp_path / 'into.db'}")
    for name in ("cut", "changed", "text", "none"):
        with pytest.raises(BadInput, match=r"is no whole backup|can't be read"):
            backup.restore(into, FolderBlobs(tmp_path / "restored"), tmp_path / f"{name}.tar.gz")
    assert content(into) == {}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_nothing_is_overwritten(full: SmallClass, blobs: FolderBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a file nor a database; tables that are empty may be there. Newer tables than the code knows are refused."""
    file = tmp_path / "b.tar.gz"
    backup.save(full.database, blobs, file)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match=r"is there already \(name a new file\)"):
        backup.save(full.database, blobs, file)
    with pytest.raises(BadInput, match=r"is not empty: it has rows in course \(restore into a new one\)"):
        backup.restore(full.database, blobs, file)
    into = Database(f"sqlite:///{tmp_path / 'into.db'}")
    migrate.upgrade(into)
    monkeypatch.setattr(migrate, "known", lambda: {"0000"})
    with pytest.raises(BadInput, match="which this code doesn't know"):
        backup.restore(into, blobs, file)
    monkeypatch.undo()
    backup.restore(into, blobs, file)
    assert content(into) == content(full.database)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_from_a_terminal(full: SmallClass, tmp_path: Path) -> None:
    """A blob that is gone, or spoilt, is said, and fails nothing else."""
    admin, file = Terminal(tmp_path), tmp_path / "b.tar.gz"
    said = admin("backup", file)
    about = backup.verify(file)
    counted = f"{sum(about.tables.values())} rows of {len(about.tables)} tables"
    assert said == f"{file}: {counted}, 1 blobs, as of {about.taken_at}\n"
    there = Terminal(tmp_path / "there")
    assert there("restore", file).endswith(said.removeprefix(f"{file}: "))
    assert there("scores", "math") == admin("scores", "math")
    [blob] = [f for f in (tmp_path / "blobs").rglob("*") if f.is_file()]
    blob.write_bytes(b"something else")
    assert backup.save(full.database, FolderBlobs(tmp_path / "blobs"), tmp_path / "c.tar.gz").missing == (blob.name,)
    blob.unlink()
    assert backup.save(full.database, FolderBlobs(tmp_path / "blobs"), tmp_path / "d.tar.gz").missing == (blob.name,)
