"""Starting, checking and stopping a drill; what a rehearsal finds in a drill that is not what it says."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil
import pytest

from grader.backends.local.backend import LocalBackend
from grader.course.tree import Course
from grader.drills.judge import Verdict
from grader.drills.rehearsal import as_learner, rehearse
from grader.drills.room import Room, page
from grader.errors import BadInput, ContentError, OurFault
from grader.stack.stack import Stack
from grader.tests.drills import small_drill


@pytest.fixture
def own(small: Course, tmp_path: Path) -> Room:
    """A room without services, for one test."""
    return Room(Stack(small, LocalBackend(tmp_path / "home"), tmp_path / "home"), tmp_path / "home")


def test_a_drill_from_start_to_stop(small: Course, own: Room, tmp_path: Path) -> None:
    """Its page names what inject found; the verdicts follow what is in the folder; stop takes all of it away."""
    drill, folder = small_drill.write(small), tmp_path / "work"
    state = own.start(drill, folder, [])
    assert page(drill, state) == "The number is 2."
    wrong = Verdict("number-right", "The number is 1.", False, "number: 1", "2", "Write it.")
    there = Verdict("other-there", "The other file is there.", True)
    assert own.check(drill) == [wrong, there]
    assert as_learner("echo 1 > number", folder).code == 0
    assert own.check(drill) == [Verdict("number-right", "The number is 1.", True), there]
    assert own.stop(drill)
    assert (folder.exists(), own.shelf.under_way(), own.stop(drill)) == (False, [], False)


def test_a_folder_of_someone_elses_is_refused(small: Course, own: Room, tmp_path: Path) -> None:
    """A folder that holds anything is neither used nor touched, and the drill is not under way."""
    drill = small_drill.write(small)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="is there already"):
        own.start(drill, tmp_path, [])
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    assert own.shelf.read(drill.id) is None


def test_a_drill_under_way_is_not_started_twice(small: Course, own: Room, tmp_path: Path) -> None:
    """A second start, and a rehearsal, are refused; the learner's work stays as it is."""
    drill, folder = small_drill.write(small), tmp_path / "work"
    own.start(drill, folder, [])
    (folder / "number").write_text("1")
    with pytest.raises(BadInput, match="under way"):
        own.start(drill, tmp_path / "other", [])
    with pytest.raises(BadInput, match="under way"):
        rehearse(own, drill, tmp_path / "other", [])
    assert (folder / "number").read_text() == "1"


def test_an_injection_that_fails_leaves_nothing(small: Course, own: Room, tmp_path: Path) -> None:
    """It is our fault, with the author's error in it, and neither folder nor state remain."""
    drill = small_drill.write(small, script=small_drill.SCRIPT.replace('drill.write("other", "x")', "1 / 0"))
    with pytest.raises(OurFault, match="ZeroDivisionError"):
        own.start(drill, tmp_path / "work", [])
    assert ((tmp_path / "work").exists(), own.shelf.under_way()) == (False, [])


def test_a_check_that_breaks_is_our_fault(small: Course, own: Room, tmp_path: Path) -> None:
    """An exception of the author's check is no verdict on the learner."""
    drill = small_drill.write(small, script=small_drill.SCRIPT.replace('drill.read("other")', "1 / 0"))
    own.start(drill, tmp_path / "work", [])
    with pytest.raises(OurFault, match="check 'other-there' broke: ZeroDivisionError"):
        own.check(drill)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('see: "2"}', 'see: "3"}', "symptom: `cat number` does not print '3' but (exit 0):\n2\n"),
        ('see: other, means', 'see: nothing, means', "triage 2: `ls` does not print 'nothing' but (exit 0):"),
        ("echo 1 > number, does", "echo 3 > number, does", "after the fix 'number-right' fails: expected number: 1, found 3"),
        ("echo 1 > number, does", "exit 7, does", "fix: `exit 7` ends with 7:\n"),
        ("rm other && echo 1", "echo 1", "after wrong fix 'from-scratch' these fail: none; declared: other-there"),
        ("$number", "$nobody", "the page names a fact that inject does not leave: The number is $nobody."),
    ],
)  # fmt: skip
def test_a_drill_that_is_not_what_it_says(small: Course, own: Room, tmp_path: Path, old: str, new: str, problem: str) -> None:
    """Each difference between the entry and what happens is found."""
    drill = small_drill.write(small, yaml=small_drill.YAML.replace(old, new))
    found = rehearse(own, drill, tmp_path / "work", [])
    assert any(one.startswith(problem) for one in found), found


def test_a_drill_that_is_what_it_says(small: Course, own: Room, tmp_path: Path) -> None:
    """The same drill, untouched, has no problem."""
    assert rehearse(own, small_drill.write(small), tmp_path / "work", []) == []


def test_a_check_that_nothing_fails_is_no_check(small: Course, own: Room, tmp_path: Path) -> None:
    """A check that neither the fault nor a wrong fix fails is told."""
    idle = small_drill.SCRIPT + '\n\n@check("idle")\ndef idle(drill: Drill) -> None:\n    """All is well."""\n'
    found = rehearse(own, small_drill.write(small, script=idle), tmp_path / "work", [])
    assert found == ["check 'idle' fails neither at the fault nor after a wrong fix"]


def test_a_command_that_leaves_something_behind(small: Course, own: Room, tmp_path: Path) -> None:
    """What a command starts in the background ends with it."""
    own.start(small_drill.write(small), tmp_path / "work", [])
    done = as_learner("(sleep 60; echo late > late) & echo $!", tmp_path / "work")
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.text)).wait(10)  # killed already; its parent may be slow to take note


def test_a_script_that_does_not_fit_its_yaml(small: Course) -> None:
    """A wrong fix that names an unknown check, and a script without inject, are content errors with the file's name."""
    from grader.drills import script

    drill = small_drill.write(small, yaml=small_drill.YAML.replace("fails: [other-there]", "fails: [nobody]"))
    with pytest.raises(ContentError, match="wrong fix 'from-scratch' fails 'nobody', which is no check here"):
        script.load(drill)
    drill = small_drill.write(small, script='"""Nothing."""\n')
    with pytest.raises(ContentError, match="no function `inject`"):
        script.load(drill)
