"""The pages that are counted from content say what the content says."""

from __future__ import annotations

from grader.course.tree import Course
from grader.grading.inventory import Count, counts, page

FIX = "renew it: mlops build --tables"
MIN_QUESTIONS, FEWEST_WORDS, MOST_WORDS, MIN_SAMPLES = 10, 3_000, 5_000, 5
"""What the course promises of each module."""


def test_the_page_is_up_to_date(course: Course) -> None:
    """modules/README.md is what the command would write now."""
    assert (course.root / "modules" / "README.md").read_text(encoding="utf-8") == page(course), FIX


def test_a_small_module_in_numbers(small: Course) -> None:
    """One lesson with a heading and a link to read, one cell, two tasks with a check and a sample each, one question."""
    assert counts(small) == [
        Count("01-adding", "Adding", lessons=1, words=5, cells=1, tasks=2, checks=2, samples=2, questions=1)
    ]  # fmt: skip


def test_every_module_is_what_was_promised(course: Course) -> None:
    """Prose within the promised length, a lab with its wrong samples, and enough questions."""
    short = {
        count.module: count
        for count in counts(course)
        if not FEWEST_WORDS <= count.words <= MOST_WORDS
        or count.samples < MIN_SAMPLES
        or count.questions < MIN_QUESTIONS
        or not count.cells
    }
    assert short == {}
