"""A later milestone makes earlier checks again: by reference, on what is handed in now."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.checks import registry
from grader.course.tree import Course, Milestone
from grader.grading import samples
from grader.grading.grade import Place, grade
from grader.grading.inbox import of_folder
from grader.tests.path.conftest import Command


def test_carried_checks_are_the_earlier_milestones_own_functions(course: Course) -> None:
    """Every carried check comes out of the file of the milestone that brought it: there is no second copy."""
    milestones = course.milestones()
    home = {c.id: m.folder / "checks.py" for m in milestones for c in m.spec.checks if c.id not in m.carried}
    for milestone in milestones:
        found = {name: Path(check.function.__code__.co_filename) for name, check in registry.load(milestone).items()}
        assert found == {c.id: home[c.id] for c in milestone.spec.checks}


def test_every_later_milestone_carries_checks_of_every_earlier_one(course: Course) -> None:
    """Nothing that was proved once is forgotten."""
    for milestone in course.milestones():
        brought_by = [m.id for m in milestone.earlier if {c.id for c in m.spec.checks} - m.carried & milestone.carried]
        assert brought_by == [m.id for m in milestone.earlier]


def test_the_starter_has_full_marks_on_what_is_carried_and_nothing_else(course: Course) -> None:
    """What a sample of the starter must get is declared so."""
    for milestone in course.milestones():
        _, expected = samples.starter(milestone)
        wanted = {c.id: c.points if c.id in milestone.carried else 0.0 for c in milestone.spec.checks}
        assert (expected.outcome, expected.points) == (None, wanted)


def test_the_starter_is_what_the_milestone_before_handed_in(course: Course) -> None:
    """File by file, the repository's commits included."""
    milestones = course.milestones()
    for before, milestone in itertools.pairwise(milestones):
        assert samples.starter(milestone)[0].files == samples.solution(before)[0].files


def test_every_carried_check_can_be_lost(course: Course) -> None:
    """Milestones 1 to 4 have, each but 3, a sample that breaks what an earlier one proved."""
    lost = {m.id: sorted({c for s in m.samples() for c in s.spec.fails} & m.carried) for m in course.milestones()}
    assert lost == {
        "capstone-00": [], "capstone-01": ["kept-out"], "capstone-02": ["one-side"], "capstone-03": ["fresh-clone"],
        "capstone-04": ["contract", "locked"],
    }  # fmt: skip


@pytest.fixture
def milestone4(course: Course) -> Milestone:
    """The last milestone there is."""
    return course.milestone("4")


@pytest.mark.services
@pytest.mark.timeout(1200)
def test_what_breaks_an_earlier_thing_is_noticed_at_milestone_4(place: Place, milestone4: Milestone) -> None:
    """The split by customers, of milestone 1, is lost in milestone 4: its check fails there, and no new one does."""
    solved, _ = samples.solution(milestone4)
    name = "src/churn_predictor/data.py"
    broken = solved.files[name].replace(b'groups=rows["customer_id"]', b"groups=range(len(rows))")
    assert broken != solved.files[name]
    result = grade(milestone4, type(solved)("broken", None, solved.notebook, files={**solved.files, name: broken}), place)
    missed = {c.id for c in result.checks if c.status != "passed"}
    assert missed == {"one-side", "fresh-clone"}  # what is handed in isn't what is committed, either


@pytest.mark.services
@pytest.mark.timeout(600)
def test_the_learners_door(mlops: Command, course: Course, repository_after: Callable[[str, Path], Path]) -> None:
    """`mlops capstone check` takes the folder of `init`, shows the table, moves on, and hints by the milestone's id. With
    --plain there is a sentence in a table's place."""
    assert mlops("capstone", "init", "mine").returncode == 0
    untouched = mlops("capstone", "check")
    assert (untouched.returncode, "0/100" in untouched.stdout) == (1, True)
    assert untouched.stdout.startswith("Milestone 0: the repository: ran to its end")
    assert "hint: mlops hint capstone-00" in untouched.stdout
    hint = mlops("hint", "capstone-00")
    assert hint.stdout.startswith("first-commit, hint 1 of ")
    folder = repository_after("0", mlops.work / "mine")
    done = mlops("capstone", "check")
    assert (done.returncode, "100/100" in done.stdout) == (0, True)
    again = mlops("capstone", "check", "0", "--plain").stdout.splitlines()
    assert (again[0], again[-3:]) == (
        "Milestone 0: the repository: ran to its end",
        ["Total: 100 of 100 points.", "", "The next one: mlops capstone brief"],
    )
    assert of_folder(course.milestone("0"), folder).files == samples.solution(course.milestone("0"))[0].files
    status = mlops("capstone", "status").stdout.splitlines()
    assert [line.split("│")[-1].strip() for line in status if "Milestone" in line] == ["passed", "next", "", "", ""]
