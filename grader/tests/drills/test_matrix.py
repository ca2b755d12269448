"""The troubleshooting matrix is the drills, and nothing else."""

from __future__ import annotations

import re

from grader.course.tree import Course
from grader.drills.matrix import FILE, matrix
from grader.spec.drill import Category


def test_the_page_on_disk_is_what_the_drills_say(course: Course) -> None:
    """`mlops drill matrix` would write the very file that is there."""
    assert (course.root / FILE).read_text(encoding="utf-8") == matrix(course), "run: mlops drill matrix"


def test_each_drill_has_its_entry_and_its_line(course: Course) -> None:
    """The contents link to each drill once, and each link leads to an entry."""
    page = matrix(course)
    links = re.findall(r"\]\(#([a-z0-9-]+)\) \|$", page, re.MULTILINE)
    anchors = re.findall(r'^<a id="([a-z0-9-]+)"></a>$', page, re.MULTILINE)
    assert sorted(links) == sorted(anchors) == [drill.id for drill in course.drills()]


def test_the_first_four_categories_are_covered(course: Course) -> None:
    """At least ten drills; MLflow, DVC, Training and Environment have two or more each."""
    categories = [drill.spec.category for drill in course.drills()]
    counts = {category: categories.count(category) for category in list(Category)[:4]}
    assert len(categories) >= 10
    assert all(count >= 2 for count in counts.values()), counts
