"""`mlops doctor`: what this machine, or a cluster, can run, and what to do about what it can't."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from grader.cli.app import app, backend, console, course, home, leave, say
from grader.cluster.finding import Finding

MIN_DISK_GB = 5


@app.command()
def doctor(
    kubernetes: Annotated[bool, typer.Option("--kubernetes", help="Look at a cluster instead of this machine.")] = False,
    namespace: Annotated[
        str, typer.Option(envvar="MLOPS_KUBE_NAMESPACE", help="Of a cluster: what its namespaces' names begin with.")
    ] = "mlops",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What this machine can run, and what to do about the rest.

    With --kubernetes: what the cluster that kubectl would use has of what grading on it needs. For that, pods are started there
    in a namespace of their own, and removed.
    """
    looks = (_python, _course, _uv, _git, _disk, _limits, _docker)
    findings = list(_cluster(namespace)) if kubernetes else [look() for look in looks]
    if json:
        from grader.cli.objects import DoctorSaid, FindingShown

        shown = tuple(FindingShown(what=f.what, good=f.good, needed=f.needed, detail=f.detail) for f in findings)
        DoctorSaid(about="kubernetes" if kubernetes else "machine", findings=shown).write()
    else:
        _show(findings)
    leave(0 if all(finding.good for finding in findings if finding.needed) else 3)


def _show(findings: list[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row(Text("✓", style="green") if finding.good else Text("✗", style="yellow"), finding.what, finding.detail)
    console().print(table)


def _cluster(namespace: str) -> Iterator[Finding]:
    """Raises Unavailable when no cluster answers."""
    from grader.backends import image
    from grader.backends.kubernetes.backend import IMAGES
    from grader.backends.kubernetes.cluster import connect
    from grader.cluster.doctor import examine

    tree, repository = course(), os.environ.get(IMAGES) or image.REPOSITORY
    wanted = {one.spec.id: image.name(one, None, repository) for one in tree.environments()}
    for finding in examine(connect(), namespace, wanted):
        say(f"looked at {finding.what}")
        yield finding


def _python() -> Finding:
    good = sys.version_info[:2] == (3, 11)
    return Finding("Python", good, sys.version.split()[0] + ("" if good else ": the locks are for 3.11, install that"))


def _course() -> Finding:
    from grader.errors import CourseError

    try:
        tree = course()
        said = f"{tree.root}: {len(tree.modules())} of {len(tree.spec.modules)} modules, {len(tree.labs())} labs"
        return Finding("course", True, said)
    except CourseError as error:
        return Finding("course", False, str(error))


def _uv() -> Finding:
    from uv import find_uv_bin

    try:
        return Finding("uv", True, find_uv_bin())
    except FileNotFoundError:
        return Finding("uv", False, "missing: install the project again from its lock (README)")


def _git() -> Finding:
    found = shutil.which("git")
    said = found or "missing: working folders will not be repositories; install git"
    return Finding("git", bool(found), said, needed=False)


def _disk() -> Finding:
    place = home()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    cure = "" if free >= MIN_DISK_GB else f": environments and services need about {MIN_DISK_GB} GB, free some space"
    return Finding("disk", free >= MIN_DISK_GB, f"{free:.0f} GB free for {home()}{cure}")


def _limits() -> Finding:
    try:
        import resource
    except ImportError:
        return Finding("limits", False, "this system has no rlimits: the local backend limits time only", needed=False)
    limits = {"RLIMIT_DATA": "memory", "RLIMIT_FSIZE": "file size", "RLIMIT_CPU": "CPU"}
    known = [word for name, word in limits.items() if hasattr(resource, name)]
    return Finding("limits", True, f"your own runs are limited in {', '.join(known)} and time", needed=False)


def _docker() -> Finding:
    from grader.errors import CourseError

    try:
        backend("docker")
    except CourseError as error:
        return Finding("Docker", False, f"{error}. Without it: no grading of other people's work", needed=False)
    said = "the engine answers: other people's work can be graded with --backend docker"
    return Finding("Docker", True, said, needed=False)
