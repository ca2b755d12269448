"""The gradebook's fixtures, here, too."""

from __future__ import annotations

from grader.tests.gradebook.conftest import (  # noqa: F401
    clock,
    database,
    empty_url,
    kind,
    klass,
    migrated_file,
    migrated_server,
    server,
    url,
)
