"""What a milestone's file may say, and how it becomes a lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.course.tree import Course
from grader.errors import BadInput, ContentError

CHECK = {"points": 60, "hints": ["Look.", "Look closer.", "Write it."]}
FIRST: dict[str, Any] = {
    "schema": 1, "id": "capstone-00", "title": "First", "module": "01-adding", "summary": "Begin.", "minutes": 5,
    "environment": "small",
    "tasks": [
        {"id": "begin", "title": "Begin", "checks": [{"id": "begins", **CHECK}, {**CHECK, "id": "stands", "points": 40}]},
    ],
}  # fmt: skip
SECOND: dict[str, Any] = FIRST | {
    "id": "capstone-01", "title": "Second", "carried": {"capstone-00": {"stands": 25}},
    "tasks": [{"id": "go-on", "title": "Go on", "checks": [{"id": "goes-on", **CHECK, "points": 75}]}],
}  # fmt: skip


def with_capstone(course: Course, **second: Any) -> Course:
    """The small course with a capstone of two milestones and a planned one."""
    capstone = course.root / "capstone"
    files = {
        "capstone.yaml": {"schema": 1, "id": "c", "title": "C", "milestones": ["00-first", "01-second", "02-third"]},
        "milestones/00-first/milestone.yaml": FIRST,
        "milestones/01-second/milestone.yaml": SECOND | second,
    }
    for name, content in files.items():
        (capstone / name).parent.mkdir(parents=True, exist_ok=True)
        (capstone / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    return course


def test_a_milestone_is_a_lab_with_the_carried_checks_first(small: Course) -> None:
    """Carried checks keep their hints and are worth what the later milestone says; a planned milestone is left out."""
    first, second = with_capstone(small).milestones()
    assert [(c.id, c.points, c.hints) for c in second.spec.checks] == [
        ("stands", 25.0, ("Look.", "Look closer.", "Write it.")), ("goes-on", 75.0, ("Look.", "Look closer.", "Write it.")),
    ]  # fmt: skip
    assert (second.spec.possible, second.carried, second.earlier) == (100, frozenset({"stands"}), (first,))
    assert (first.spec.possible, len(first.carried), len(first.earlier)) == (100, 0, 0)


def test_a_milestone_begins_with_what_was_made_before(small: Course) -> None:
    """The template comes first, then the reference of each earlier milestone, by folder."""
    capstone = small.root / "capstone"
    first, second = with_capstone(small).milestones()
    assert (first.begins_with, first.work) == ((capstone / "template",), capstone / "reference" / "00-first")
    assert second.begins_with == (capstone / "template", capstone / "reference" / "00-first")


def test_found_by_id_number_or_folder(small: Course) -> None:
    """`capstone-01` and `capstone-1` are found as labs, too; a bare number is a lab's."""
    course = with_capstone(small)
    assert [course.milestone(name).id for name in ("capstone-01", "1", "01-second")] == ["capstone-01"] * 3
    assert [course.lab(name).id for name in ("capstone-1", "1")] == ["capstone-01", "01-adding"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "points": ({"carried": {"capstone-00": {"stands": 20}}}, "points add up to 95, not 100 (change the checks' points)"),
    "unknown-check": ({"carried": {"capstone-00": {"stand": 25}}}, "carries 'stand', which no earlier milestone has (mend it)"),
    "unknown-milestone": ({"carried": {"capstone-09": {"stands": 25}}}, "carries 'capstone-09', which no earlier"),
    "itself": (
        {"carried": {"capstone-01": {"goes-on": 25}}},
        "carries 'capstone-01', which no earlier milestone has (mend it)",
    ),
}


@pytest.mark.parametrize(("second", "message"), REFUSED.values(), ids=REFUSED)
def test_a_milestone_that_carries_what_is_not_there(small: Course, second: dict[str, Any], message: str) -> None:
    """The file is named, and what is wrong in it."""
    with pytest.raises(ContentError) as error:
        with_capstone(small, **second).milestones()
    assert "capstone/milestones/01-second/milestone.yaml" in str(error.value)
    assert message in str(error.value)


def test_unknown_milestone(small: Course) -> None:
    """A name that isn't there is refused with those that are."""
    with pytest.raises(BadInput) as error:
        with_capstone(small).lab("capstone-07")
    assert str(error.value) == "there is no milestone '07' (known: 00-first, 01-second)"


def test_a_course_without_a_capstone_has_no_milestones(small: Course, tmp_path: Path) -> None:
    """The small course has none, and nothing breaks."""
    assert small.milestones() == []
