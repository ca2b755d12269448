"""Bad input gets one clear message and exit code 2; nothing is written and no traceback is shown."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import nbformat
import pytest

from grader.course.tree import Course, Lab
from grader.grading.sealed import bundle
from grader.grading.submission import Submission
from grader.learner.bundle import write
from grader.notebook import build
from grader.tests.path.conftest import Command


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one message of a refused command."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_lab_that_does_not_exist(mlops: Command) -> None:
    """Names the nearest one."""
    done = mlops("grade", "04-experiment-trackin", "x.ipynb")
    assert refused(done) == "mlops: there is no lab '04-experiment-trackin' (did you mean '04-experiment-tracking'?)"


def test_a_path_that_does_not_exist(mlops: Command) -> None:
    """Says which."""
    assert refused(mlops("grade", "04", "nowhere.ipynb")) == "mlops: there is nothing at nowhere.ipynb (check the path)"


def test_a_folder_without_submissions(mlops: Command) -> None:
    """Says what was expected in it."""
    (mlops.work / "empty").mkdir()
    assert refused(mlops("grade", "04", "empty")) == (
        "mlops: empty holds no submission of lab 04-experiment-tracking "
        "(expected 04-experiment-tracking.ipynb in it, or a folder a student with one inside)"
    )


def test_other_people_s_code_on_the_local_backend(mlops: Command, tmp_path: Path) -> None:
    """Refused unless the person says --trust: local is no real sandbox."""
    folder = tmp_path / "submitted" / "ann" / "04-experiment-tracking"
    folder.mkdir(parents=True)
    (folder / "04-experiment-tracking.ipynb").write_text("{}")
    assert refused(mlops("grade", "04", "submitted")) == (
        "mlops: submitted holds other people's code, and the local backend is no real sandbox "
        "(use --backend docker, or --trust if you have read what you are about to run)"
    )


def test_an_unknown_backend(mlops: Command, tmp_path: Path) -> None:
    """Names those that exist."""
    (tmp_path / "a.ipynb").write_text("{}")
    done = mlops("grade", "04", "a.ipynb", "--backend", "podman")
    assert refused(done) == "mlops: there is no backend 'podman' (known: local, docker, kubernetes)"


def test_no_docker_engine(mlops: Command, tmp_path: Path) -> None:
    """Its absence is said, with what to do."""
    (tmp_path / "a.ipynb").write_text("{}")
    message = refused(mlops("grade", "04", "a.ipynb", "--backend", "docker", DOCKER_HOST=f"unix://{tmp_path}/none.sock"))
    assert "Docker" in message
    assert "none.sock" in message


def test_marks_without_docker_for_a_lab_that_needs_it(mlops: Command, tmp_path: Path, course: Course) -> None:
    """Refused with the checks that can't be made, before anything is started."""
    write(course, course.lab("02"), "solution", tmp_path / "work")
    done = mlops("grade", "02", "work", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert refused(done) == (
        "mlops: image-healthy, image-lean, layer-cache, pushed can't be checked without Docker, so no marks are given for lab "
        "02-packaging on this machine (grade where `docker info` works; `mlops check` shows what can be checked here)"
    )


def test_a_check_before_any_start(mlops: Command, tmp_path: Path) -> None:
    """Says which command comes first."""
    done = mlops("check", MLOPS_HOME=str(tmp_path / "fresh"))
    assert refused(done) == "mlops: no lab was started yet (mlops modules shows them; the first one: mlops start 00)"


def test_a_working_folder_inside_the_course(mlops: Command, course: object) -> None:
    """Refused: an update of the course must never touch a learner's files."""
    inside = Path(__file__).resolve().parents[3] / "labs" / "mine"
    message = refused(mlops("start", "04", "--dir", inside))
    assert "lies inside the course" in message
    assert not inside.exists()


def test_a_port_that_is_taken(mlops: Command) -> None:
    """A port that was asked for is that one or none: who holds it is said, and no service is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refused(mlops("start", "04", "--port", f"mlflow={port}"))
    assert re.fullmatch(
        rf"mlops: port {port} is taken by \S+ \(process {os.getpid()}\): Address already in use "
        r"\(name another one, or none at all\)",
        message,
    )
    assert mlops("status").stdout.startswith("No services are up.\n")


@pytest.mark.parametrize("text", ["mlflow", "mlflow=", "mlflow=http", "mlflow=70000", "redis=6379"])
def test_a_port_that_is_none(mlops: Command, text: str) -> None:
    """Says how to write it, and for which services."""
    assert refused(mlops("start", "04", "--port", text)) == (
        f"mlops: --port {text} is not SERVICE=PORT (services of lab 04-experiment-tracking: mlflow, s3; ports: 1 to 65535)"
    )


def test_a_course_that_is_none(mlops: Command, tmp_path: Path) -> None:
    """MLOPS_COURSE points somewhere else."""
    message = refused(mlops("modules", MLOPS_COURSE=str(tmp_path)))
    assert message.startswith(f"mlops: no course found in {tmp_path}")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("not-json.ipynb", b"import this", "this file is not a notebook: it isn't JSON"),
        ("no-notebook.ipynb", b'{"cells": 3}', "this JSON file is not a notebook of format 4"),
        ("other-lab.ipynb", json.dumps({"cells": []}).encode(), "this notebook has none of the task cells of lab"),
    ],
)
def test_a_file_that_is_no_submission(mlops: Command, name: str, content: bytes, message: str) -> None:
    """One line for the file, exit 2, no score, no JSON, no evidence."""
    (mlops.work / name).write_bytes(content)
    done = mlops("grade", "04", name, "--json", "--out", mlops.work / "evidence")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name}: {message}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (mlops.work / "evidence").exists()


def test_a_bundle_of_another_lab(mlops: Command, lab04: Lab) -> None:
    """Refused when it is read, before services start."""
    sealed = bundle(lab04, Submission("", None, b"{}")).replace(b"04-experiment-tracking", b"05-experiment-tracking")
    (mlops.work / "b.zip").write_bytes(sealed)
    assert "b.zip is no bundle of lab 04-experiment-tracking" in refused(mlops("grade", "04", "b.zip"))


def test_a_full_disk(mlops: Command, lab04: Lab, tmp_path: Path) -> None:
    """One line that says where and how much is left; exit 2."""
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small file system that this fills")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
    try:
        nbformat.write(build.solution(lab04), mlops.work / "04-experiment-tracking.ipynb")
        done = mlops("grade", "04", "04-experiment-tracking.ipynb", MLOPS_HOME=str(small))
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert (done.returncode, done.stdout) == (2, "")
    last = done.stderr.strip().splitlines()[-1]
    assert re.fullmatch(rf"mlops: the disk is full: \d MiB left for {small} \(free some space, or set MLOPS_HOME .*\)", last), (
        done.stderr
    )
