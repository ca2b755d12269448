"""`mlops capstone init`: a folder from the template, and never anything overwritten."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.capstone import template
from grader.course import data
from grader.course.tree import Course
from grader.errors import BadInput
from grader.spec.lab import DataSpec
from grader.tests.path.conftest import MLOPS, Command

TREE = [
    ".gitignore", "Makefile", "README.md", "data/customers.csv", "pyproject.toml", "src/churn_predictor/__init__.py",
    "tests/test_package.py",
]  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if stat.S_ISREG(f.lstat().st_mode)}


@pytest.mark.parametrize("exists", [False, True], ids=["new", "empty"])
def test_the_whole_tree(course: Course, tmp_path: Path, exists: bool) -> None:
    """A new or empty folder holds the template and the customers, byte for byte, and no repository."""
    folder = tmp_path / "made" / "churn-predictor"
    if exists:
        folder.mkdir(parents=True)
    written = template.create(course, folder)
    rows = data.visible(course, DataSpec(dataset="telco-churn", file="data/customers.csv"))
    assert written == sorted(tree(folder)) == TREE
    assert tree(folder) == tree(course.root / "capstone" / "template") | {"data/customers.csv": rows}


def mine(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine", encoding="utf-8")


def a_file(folder: Path) -> None:
    folder.write_text("mine", encoding="utf-8")


def a_link_to_nowhere_in_it(folder: Path) -> None:
    folder.mkdir()
    (folder / "link").symlink_to(folder / "nowhere")


IN_THE_WAY: dict[str, tuple[Callable[[Path], None], str]] = {
    "not-empty": (mine, "is not empty (name a folder that is new or empty: what is there stays as it is)"),
    "a-file": (a_file, "is a file (name a folder that is new or empty)"),
    "a-dead-link": (a_link_to_nowhere_in_it, "is not empty (name a folder that is new or empty: what is there stays as it is)"),
}


@pytest.mark.parametrize(("make", "message"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_there_stays_as_it_is(course: Course, tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    """A folder that holds anything is refused, and nothing in it changes."""
    make(tmp_path / "x")
    before = tree(tmp_path)
    with pytest.raises(BadInput) as error:
        template.create(course, tmp_path / "x")
    assert str(error.value) == f"{tmp_path / 'x'} {message}"
    assert tree(tmp_path) == before


def test_not_inside_the_course(small: Course) -> None:
    """The content tree is no place to work in, whatever way leads there."""
    (small.root / "away").symlink_to(small.root / "labs", target_is_directory=True)
    for folder in (small.root / "work", small.root / "labs" / ".." / "work", small.root / "away" / "work"):
        with pytest.raises(BadInput) as error:
            template.create(small, folder)
        assert str(error.value) == f"{folder} lies inside the course (work elsewhere, so that updates never touch your files)"
    assert not (small.root / "work").exists()


def test_the_command_says_what_to_do_next(mlops: Command) -> None:
    """Made below MLOPS_WORK, shown by `status`; a second time it is refused with exit code 2; in JSON nothing is made up."""
    made = mlops("capstone", "init")
    folder = mlops.work / "churn-predictor"
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == (
        f"Made {folder}: 7 files\nRead first   mlops capstone brief\nThen work there, commit, and say: mlops capstone check\n"
    )
    status = mlops("capstone", "status")
    assert [line.split("│")[1].strip() for line in status.stdout.splitlines() if "│" in line] == [
        "Milestone 0: the repository", "Milestone 1: the package", "Milestone 2: a release",
        "Milestone 3: data that can be named", "Milestone 4: training that can be checked",
    ]  # fmt: skip
    assert status.stdout.splitlines()[-1] == f"in {folder}"
    again = mlops("capstone", "init")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == (
        f"mlops: {folder} is not empty (name a folder that is new or empty: what is there stays as it is)\n"
    )


def test_a_repository_that_was_moved_is_taken_as_it_is(mlops: Command) -> None:
    """`init` on a clone of one's own writes nothing, and `status` shows that one from then on."""
    assert mlops("capstone", "init").returncode == 0
    moved = mlops.work / "elsewhere"
    (mlops.work / "churn-predictor").rename(moved)
    subprocess.run(["git", "init", "-q", str(moved)], check=True)
    before = tree(moved)
    taken = mlops("capstone", "init", str(moved))
    assert (taken.returncode, taken.stdout.splitlines()[0]) == (
        0, f"Your capstone is {moved} from now on: a repository already, so nothing was written",
    )  # fmt: skip
    assert tree(moved) == before
    assert mlops("capstone", "status").stdout.splitlines()[-1] == f"in {moved}"


def test_a_milestone_is_not_started_as_a_lab(mlops: Command) -> None:
    """`mlops start` would make another folder and another first commit; it says where the capstone is begun."""
    done = mlops("start", "capstone-00")
    assert (done.returncode, done.stderr) == (
        2,
        "mlops: capstone-00 is a milestone, worked on in your own repository (mlops capstone init, mlops capstone check)\n",
    )
    assert list(mlops.work.iterdir()) == []


def test_in_the_capstone_s_folder_a_lab_s_command_says_where_it_is(mlops: Command) -> None:
    """`mlops check` there would grade whichever lab was started last."""
    mlops("capstone", "init")
    inside = subprocess.run(
        [MLOPS[0], "check"],
        cwd=mlops.work / "churn-predictor",
        env=mlops.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (inside.returncode, inside.stderr) == (
        2, "mlops: this is your capstone's repository (mlops capstone check; or name a lab: mlops check 01)\n",
    )  # fmt: skip
