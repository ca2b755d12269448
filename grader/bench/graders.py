"""Who is measured: us on each backend, our peers, and the floor."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from grader.backends.local import venv
from grader.backends.protocol import Environment
from grader.bench.driver import Driver
from grader.bench.materials import Materials
from grader.spec.environment import EnvironmentSpec

HERE = Path(__file__).resolve().parent
CORE = HERE / "core"
BASE_IMAGE = "python:3.11-slim-bookworm"
FLOOR, FLOOR_TOGETHER, NBGRADER, OTTER_CONTAINERS = "floor", "floor-together", "nbgrader", "otter-containers"
FLOORS = (FLOOR, FLOOR_TOGETHER)
KUBERNETES = "kubernetes"
OURS = ("docker", "local", KUBERNETES)
ALL = (*OURS, NBGRADER, "otter", OTTER_CONTAINERS, "papermill", FLOOR_TOGETHER, FLOOR)
USUAL = tuple(name for name in ALL if name != KUBERNETES)
"""Without the cluster, which has to be there, and to hold the image of the lab's environment."""


@dataclass(frozen=True)
class Title:
    """How a grader is shown: its name, and what stands between a student's code and the machine."""

    text: str
    sandbox: str


TITLES = {
    "docker": Title("ours, docker", "container, namespaces, no network"),
    "local": Title("ours, local", "process (own work only)"),
    KUBERNETES: Title("ours, kubernetes", "restricted pod, no network"),
    NBGRADER: Title("nbgrader autograde", "none"),
    "otter": Title("otter run (in process)", "none"),
    OTTER_CONTAINERS: Title("otter grade (containers)", "container"),
    "papermill": Title("papermill in a loop, no marks", "none"),
    FLOOR_TOGETHER: Title("the cells alone, on all cores", "none"),
    FLOOR: Title("floor: the cells' CPU alone", "none"),
}


@dataclass(frozen=True)
class Peers:
    """The peers' own environment."""

    python: Path
    requirements: str
    """The same packages, with hashes, for pip."""


def install_peers(home: Path) -> Peers:
    """Install it from its lock below `home`, once. Raises OurFault with the installer's words."""
    spec = EnvironmentSpec.model_validate({"schema": 1, "id": "bench-peers", "title": "Peers", "purpose": "The bench."})
    folder = venv.prepare(Environment(spec, HERE / "peers"), home / "environments")
    command = [find_uv_bin(), "export", "--project", str(HERE / "peers"), "--frozen", "--no-header", "--no-annotate", "-q"]
    requirements = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Peers(venv.executables(folder) / "python", requirements)


def start(name: str, folder: Path, materials: Materials, lab: Path, assignment: str, jobs: int, peers: Peers) -> Driver:
    """Start the grader `name` for the lab in the folder `lab`. Raises DriverFailed."""
    if name in OURS:
        return start_ours(name, folder, lab, jobs, "core")
    modules: dict[str, tuple[str, Sequence[object]]] = {
        NBGRADER: ("nbgrader_autograde", (materials.nbgrader, assignment)),
        "otter": ("otter_grade", (materials.otter, assignment, jobs)),
        OTTER_CONTAINERS: ("otter_grade", (materials.otter, assignment, jobs, BASE_IMAGE)),
        "papermill": ("papermill_loop", (materials.otter, folder / "papermill")),
        FLOOR: ("floor", (materials.otter, materials.solution, 1)),
        FLOOR_TOGETHER: ("floor", (materials.otter, materials.solution, os.cpu_count() or 1)),
    }
    module, arguments = modules[name]
    return Driver(name, module, arguments, folder / f"{name}.log", peers.python)


def start_ours(backend: str, folder: Path, lab: Path, jobs: int, label: str) -> Driver:
    """Start our own grader on a backend. Raises DriverFailed."""
    name = f"{backend}-{label}"
    return Driver(backend, "ours", (backend, lab, jobs, folder / f"evidence-{name}"), folder / f"{name}.log")
