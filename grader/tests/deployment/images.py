"""The two images of the deployment as this checkout makes them, on this machine's engine and on a cluster's nodes."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import subprocess
from pathlib import Path

from grader.tests import clusters

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "environments" / "deployment" / "Dockerfile"
SOURCES = (
    "pyproject.toml", "uv.lock", "README.md", "grader", "modules", "labs", "quizzes", "exams", "capstone", "cheatsheets",
    "environments",
)  # fmt: skip
LEFT_OUT = ("grader/tests/", "grader/bench/", "grader/docs/")
TARGETS = ("grader", "stores")


@functools.cache
def tag() -> str:
    """Changes with what goes into the images: an image of this tag is never another checkout's."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z", *SOURCES]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    digest = hashlib.sha256()
    for name in sorted(name for name in names if name and not name.startswith(LEFT_OUT)):
        if (ROOT / name).is_file():
            digest.update(f"{name}\n".encode() + hashlib.sha256((ROOT / name).read_bytes()).digest())
    return f"test-{digest.hexdigest()[:12]}"


def build(target: str) -> str:
    """The image's name, once the engine has it."""
    name = f"mlops-course/{target}:{tag()}"
    if subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode:
        command = ["docker", "build", "--file", str(DOCKERFILE), "--tag", name, "--target", target, str(ROOT)]
        variables = {**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
        ran = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
        assert ran.returncode == 0, ran.stderr[-4000:]
    return name


def load() -> None:
    """Have both on every node, by the command that MLOPS_KUBE_LOAD names."""
    if not os.environ.get(clusters.LOAD):
        return
    nodes = clusters.cluster().get("/api/v1/nodes")["items"]
    for target in TARGETS:
        name = f"mlops-course/{target}:{tag()}"
        there = [any(known.endswith(name) for one in node["status"]["images"] for known in one["names"]) for node in nodes]
        if not all(there):
            subprocess.run(
                [*shlex.split(os.environ[clusters.LOAD]), build(target)], check=True, capture_output=True, timeout=600
            )
