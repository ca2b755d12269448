"""A school on a service of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.tree import Course
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.tests.server.school import School


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
def school(database: Database, small: Course, blobs: FolderBlobs) -> School:
    """On SQLite and on PostgreSQL."""
    return School(database, small, blobs)


@pytest.fixture
def light(migrated_file: Path, small: Course, blobs: FolderBlobs, tmp_path: Path) -> School:
    """On SQLite alone, for what the database has no part in."""
    (tmp_path / "light.db").write_bytes(migrated_file.read_bytes())
    return School(Database(f"sqlite:///{tmp_path / 'light.db'}"), small, blobs)
