"""A backup: the whole gradebook and every blob, of one moment, in one file, taken while everybody works.

The file is a tar archive: `backup.json` says what it is, `tables/NAME/` has a row a line, in the order in which rows may
be added, `blobs/` has what was handed in, and `SHA256SUMS` comes last. It is the same for both databases, so a class that has
outgrown its file is moved to PostgreSQL by restoring there. A backup of older tables is restored as they were, and then
brought up to this code's version.

It holds all secrets that the database holds (webhooks' keys, hashes of passwords): it is for its owner only.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, LargeBinary, MetaData, Table, func, inspect, select, text

from grader.errors import BadInput
from grader.gradebook import migrate
from grader.gradebook.blobs import Blobs, BlobSpoilt
from grader.gradebook.database import Database

ABOUT, SUMS, TABLES, BLOBS = "backup.json", "SHA256SUMS", "tables/", "blobs/"
VERSIONS = "alembic_version"
BATCH = 500
NO_BACKUP = "take another copy of the file; it must be whole"


@dataclass(frozen=True)
class About:
    """What a backup says of itself."""

    schema: int
    version: str
    """Of the tables."""
    taken_at: str
    tables: dict[str, int]
    """Rows by table, in the order in which they may be added."""
    blobs: int
    missing: tuple[str, ...]
    """Blobs that were not in the store, or not whole there, when the backup was taken."""


def save(database: Database, blobs: Blobs, file: Path) -> About:
    """Write a backup to a new file, which is whole once it is there. Raises BadInput when there can be no such file,
    DatabaseUnavailable and BlobsUnavailable."""
    if file.exists():
        raise BadInput(f"{file} is there already", "name a new file")
    new = file.with_name(f".{file.name}.new")
    try:
        descriptor = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
                about = _write(database, blobs, _Writer(archive))
            raw.flush()
            os.fsync(raw.fileno())
        verify(new)
        new.replace(file)
    except OSError as error:
        raise BadInput(f"the backup can't be written to {file}: {error.strerror}", "name a place with space") from None
    finally:
        new.unlink(missing_ok=True)
    return about


def verify(file: Path) -> About:
    """Read a backup through: every member has the hash that was written, and none is missing. Raises BadInput."""
    sums, found, about = dict[str, str](), dict[str, str](), b""
    for name, content in _members(file):
        if name == SUMS:
            sums = dict(reversed(line.split("  ", 1)) for line in content.decode().splitlines())  # type: ignore[misc]
            continue
        found[name] = hashlib.sha256(content).hexdigest()
        about = content if name == ABOUT else about
    if not sums or sums != found:
        raise BadInput(f"{file} is no whole backup: its content is not what was written", NO_BACKUP)
    read = json.loads(about)
    return About(**{**read, "missing": tuple(read["missing"])})


def restore(database: Database, blobs: Blobs, file: Path) -> About:
    """Bring a backup back into an empty database and a store. All or nothing of the database; blobs that were put are no harm.

    Raises BadInput for what is no whole backup, is newer than this code, or would go over what is there.
    """
    about = verify(file)
    if about.version not in migrate.known():
        raise BadInput(
            f"{file} has tables of version {about.version}, which this code doesn't know", "bring the code up to date"
        )
    for name, content in _members(file):
        if name.startswith(BLOBS) and blobs.put(content) != name.removeprefix(BLOBS):
            raise BadInput(f"{file} holds {name}, which is something else", NO_BACKUP)
    with database.writing() as session:
        connection = session.connection()
        _require_empty(database, connection, about.version)
        migrate.upgrade_connection(connection, about.version)
        metadata = _reflected(connection)
        for name, content in _members(file):
            if name.startswith(TABLES):
                _add(connection, metadata.tables[name.removeprefix(TABLES).partition("/")[0]], content)
        if not database.is_sqlite:
            _advance_numbers(connection, metadata)
        migrate.upgrade_connection(connection, migrate.head())
    return about


class _Writer:
    """Adds members to an archive, and remembers their hashes."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive, self._sums = archive, dict[str, str]()

    def add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._archive.addfile(member, io.BytesIO(content))
        self._sums[name] = hashlib.sha256(content).hexdigest()

    def close(self) -> None:
        self.add(SUMS, "".join(f"{digest}  {name}\n" for name, digest in self._sums.items()).encode())


def _write(database: Database, blobs: Blobs, out: _Writer) -> About:
    """Tables first, from one snapshot; then the blobs that they name, which were there before their rows."""
    rows, names = dict[str, int](), list[str]()
    with database.reading() as session:
        options = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        connection = session.connection(execution_options=options)
        version = connection.scalar(text(f"SELECT version_num FROM {VERSIONS}"))  # noqa: S608
        taken = database.now(session)
        for table in _reflected(connection).sorted_tables:
            rows[table.name] = 0
            for part in _parts(connection, table):
                out.add(f"{TABLES}{table.name}/{rows[table.name]:09}.jsonl", b"".join(part))
                rows[table.name] += len(part)
            if table.name == "submission":
                names = list(connection.scalars(select(table.c.blob).distinct().order_by(table.c.blob)))
    missing = []
    for name in names:
        try:
            out.add(f"{BLOBS}{name}", blobs.get(name))
        except (KeyError, BlobSpoilt):
            missing.append(name)
    about = About(1, str(version), taken.astimezone(UTC).isoformat(), rows, len(names) - len(missing), tuple(missing))
    out.add(ABOUT, json.dumps(asdict(about)).encode())
    out.close()
    return about


def _reflected(connection: Connection) -> MetaData:
    """The tables as they are, not as this code means them: a backup may be of other tables."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name != VERSIONS)
    return metadata


def _parts(connection: Connection, table: Table) -> Iterator[list[bytes]]:
    """A table's rows, so many at a time as memory holds on any machine."""
    query = table.select().order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for rows in connection.execute(query).mappings().partitions():
        yield [
            json.dumps({str(key): _plain(value) for key, value in row.items()}, ensure_ascii=False).encode() + b"\n"
            for row in rows
        ]


def _plain(value: Any) -> Any:
    """As JSON; times in UTC."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _add(connection: Connection, table: Table, content: bytes) -> None:
    """Add a table's rows, their values read as the columns' types want them."""
    readers = {column.name: _reader(column.type, connection.dialect.name) for column in table.columns}
    rows = [json.loads(line) for line in content.splitlines()]
    connection.execute(
        table.insert(), [{key: None if value is None else readers[key](value) for key, value in row.items()} for row in rows]
    )


def _reader(kind: Any, dialect: str) -> Callable[[Any], Any]:
    if isinstance(kind, DateTime):
        return (lambda v: datetime.fromisoformat(v).replace(tzinfo=None)) if dialect == "sqlite" else datetime.fromisoformat
    return base64.b64decode if isinstance(kind, LargeBinary) else lambda value: value


def _advance_numbers(connection: Connection, metadata: MetaData) -> None:
    """PostgreSQL gives the next row the number after the last restored one."""
    for table in metadata.sorted_tables:
        counter = "id" in table.c and connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
        last = connection.scalar(select(func.max(table.c.id))) if counter else None
        if last is not None:
            connection.execute(select(func.setval(counter, last)))


def _require_empty(database: Database, connection: Connection, version: str) -> None:
    names = inspect(connection).get_table_names()
    if not names:
        return
    metadata = _reflected(connection)
    used = [table.name for table in metadata.sorted_tables if connection.execute(select(text("1")).select_from(table)).first()]
    if used or migrate.current(connection) != version:
        what = f"rows in {used[0]}" if used else "tables of another version"
        raise BadInput(f"the database {database} is not empty: it has {what}", "restore into a new one")


def _members(file: Path) -> Iterable[tuple[str, bytes]]:
    """Every member's name and content; nothing is ever unpacked to disk. Raises BadInput."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise BadInput(f"{file} is no backup: it holds {member.name[:100]}", NO_BACKUP)
                yield member.name, content.read()
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BadInput(f"{file} is no whole backup: {error}", NO_BACKUP) from None
    except OSError as error:
        raise BadInput(
            f"{file} can't be read: {error.strerror or error}", "name a file that `mlops admin backup` made"
        ) from None
