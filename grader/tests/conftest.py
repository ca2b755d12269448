"""What tests of all parts share: the real course, and a small made-up one that a test may break."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from grader.course.tree import Course, Lab, Sample
from grader.tests import small_course
from grader.tests.browsers import browser
from grader.tests.databases import database, empty_url, kind, migrated_file, migrated_server, server, url

__all__ = ["browser", "database", "empty_url", "kind", "migrated_file", "migrated_server", "server", "url"]
"""Fixtures are found where they are imported."""

ROOT = Path(__file__).resolve().parents[2]
TESTS = Path(__file__).parent
LONGEST = TESTS / "path" / "test_proof.py"
"""Comes first: of two workers (`pytest -n 2`) one begins with it, or the other would wait for it at the end."""


BACKENDS = ("local", "docker")
SHARE = 6
"""A run of the tests proves every so manieth known-wrong sample of a lab, and of the capstone the last milestone, on one of the
BACKENDS. With MLOPS_PROOF=full the tests prove all content on both, as `mlops verify` does."""
FULL = os.environ.get("MLOPS_PROOF") == "full"


def _turn() -> tuple[int, int]:
    """Which sample is the first, and which backend: the commit's hash says it, so that from commit to commit it is others, and
    for a commit always the same."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout or "0"
    backend, sample = divmod(int(commit[:8], 16) % (SHARE * len(BACKENDS)), SHARE)
    return sample, backend


FIRST, TURN = _turn()


def proved_on(content: str) -> str:
    """The backend on which this run proves a lab (or `capstone`): neighbours on different ones, so that each has some."""
    number = content.partition("-")[0]
    return BACKENDS[(TURN + (int(number) if number.isdigit() else 1)) % len(BACKENDS)]


def share_of(lab: Lab) -> list[Sample]:
    """The known-wrong samples of a lab that this run of the tests proves."""
    return lab.samples() if FULL else lab.samples()[FIRST::SHARE]


def pytest_report_header() -> str:
    """What of the content this run proves."""
    if FULL:
        return "proof: all content on both backends"
    return f"proof: of each lab every {SHARE}th known-wrong sample from number {FIRST} on, lab 00 on {proved_on('00')}"


def pytest_configure(config: pytest.Config) -> None:
    """Workers start services at the same time, so only one of them may prefer the usual ports."""
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        os.environ["MLOPS_PORTS"] = "free"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything below hostile/ carries that mark; what is proved on the other backend is left out."""
    items.sort(key=lambda item: item.path != LONGEST)
    for item in items:
        if TESTS / "hostile" in item.path.parents:
            item.add_marker("hostile")
    if not FULL:
        config.hook.pytest_deselected(items=[item for item in items if proved_elsewhere(item)])
        items[:] = [item for item in items if not proved_elsewhere(item)]


def proved_elsewhere(item: pytest.Item) -> bool:
    """Whether this is a proof of content on the backend that doesn't prove it."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    content = "capstone" if TESTS / "capstone" in item.path.parents else str(parameters.get("lab", ""))
    return content != "" and parameters.get("place", proved_on(content)) != proved_on(content)


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this checkout."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def lab04(course: Course) -> Lab:
    """The real lab of module 04."""
    return course.lab("04-experiment-tracking")


@pytest.fixture
def small(tmp_path: Path) -> Course:
    """A clean made-up course of one lab, on disk, for this test alone."""
    return small_course.write(tmp_path / "course")


@pytest.fixture
def small_lab(small: Course) -> Lab:
    """The lab of the made-up course: tasks `add` and `mean`, 60 and 40 points."""
    return small.lab(small_course.LAB)
