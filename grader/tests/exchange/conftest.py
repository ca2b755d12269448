"""The gradebook's fixtures, here, too."""

from __future__ import annotations

from grader.tests.gradebook.conftest import clock, klass  # noqa: F401
