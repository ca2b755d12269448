"""`mlops doctor`: what this machine can run, and what to do about what it can't."""

from __future__ import annotations

import shutil
import sys

from grader.cli.app import app, backend, console, course, home, leave

Finding = tuple[str, bool, str]
MIN_DISK_GB = 5


@app.command()
def doctor() -> None:
    """What this machine can run, and what to do about the rest."""
    from rich.table import Table
    from rich.text import Text

    findings = [look() for look in (_python, _course, _uv, _git, _disk, _limits, _docker)]
    table = Table(show_edge=False, pad_edge=False, show_header=False)
    for what, good, detail in findings:
        table.add_row(Text("✓", style="green") if good else Text("✗", style="yellow"), what, detail)
    console().print(table)
    leave(0 if all(good for what, good, _ in findings if what not in OPTIONAL) else 3)


OPTIONAL = ("Docker", "git", "limits")
"""What the product does without, at a cost that its row names."""


def _python() -> Finding:
    good = sys.version_info[:2] == (3, 11)
    return "Python", good, sys.version.split()[0] + ("" if good else ": the locks are for 3.11, install that")


def _course() -> Finding:
    from grader.errors import CourseError

    try:
        tree = course()
        return (
            "course",
            True,
            f"{tree.root}: {len(tree.modules())} of {len(tree.spec.modules)} modules, {len(tree.labs())} labs",
        )
    except CourseError as error:
        return "course", False, str(error)


def _uv() -> Finding:
    from uv import find_uv_bin

    try:
        return "uv", True, find_uv_bin()
    except FileNotFoundError:
        return "uv", False, "missing: install the project again from its lock (README)"


def _git() -> Finding:
    found = shutil.which("git")
    return "git", bool(found), found or "missing: working folders will not be repositories; install git"


def _disk() -> Finding:
    place = home()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    return (
        "disk",
        free >= MIN_DISK_GB,
        f"{free:.0f} GB free for {home()}"
        + ("" if free >= MIN_DISK_GB else f": environments and services need about {MIN_DISK_GB} GB, free some space"),
    )


def _limits() -> Finding:
    try:
        import resource
    except ImportError:
        return "limits", False, "this system has no rlimits: the local backend limits time only"
    limits = {"RLIMIT_DATA": "memory", "RLIMIT_FSIZE": "file size", "RLIMIT_CPU": "CPU"}
    known = [word for name, word in limits.items() if hasattr(resource, name)]
    return "limits", True, f"your own runs are limited in {', '.join(known)} and time"


def _docker() -> Finding:
    from grader.errors import CourseError

    try:
        backend("docker")
    except CourseError as error:
        return "Docker", False, f"{error}. Without it: no grading of other people's work"
    return "Docker", True, "the engine answers: other people's work can be graded with --backend docker"
