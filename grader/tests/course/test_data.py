"""Who sees which rows: the learner's file and the rows that only checks see have none in common and lose none."""

from __future__ import annotations

import csv
import io
import random

from grader.course import data
from grader.course.tree import Course
from grader.spec.lab import DataSpec

CHURN = DataSpec(dataset="telco-churn", file="customers.csv", held_back=25)
ROWS, COLUMNS = 7_043, 21


def rows_of(content: bytes) -> list[data.Row]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode())))


def keys(rows: list[data.Row]) -> set[str]:
    """Which customers these are."""
    return {row["customer_id"] for row in rows}


def test_visible_and_unseen_rows_share_nothing_and_are_all(course: Course) -> None:
    """Each of the 7,043 customers is either in the learner's file or unseen, with all columns."""
    visible = rows_of(data.visible(course, CHURN))
    unseen = data.unseen(course, "telco-churn", ROWS, random.Random(1))
    spec, folder = course.dataset("telco-churn")
    everything = rows_of((folder / spec.file).read_bytes())
    assert len(everything) == ROWS
    assert sorted([*visible, *unseen], key=lambda row: int(row["customer_id"])) == everything
    assert {len(row) for row in everything} == {COLUMNS}
    assert not keys(visible) & keys(unseen)


def test_share_of_unseen_rows(course: Course) -> None:
    """About a fifth of the rows is unseen, as the dataset says, whoever asks when."""
    assert len(data.unseen(course, "telco-churn", ROWS, random.Random(1))) == 1_408


def test_file_without_a_seed_holds_every_visible_row(course: Course) -> None:
    """The learner's own file is whole and always the same."""
    assert data.visible(course, CHURN) == data.visible(course, CHURN)
    assert len(rows_of(data.visible(course, CHURN))) == ROWS - 1_408


def test_seed_holds_back_its_own_rows(course: Course) -> None:
    """A run's file lacks `held_back` rows, the same for the same seed and others for another."""
    whole = keys(rows_of(data.visible(course, CHURN)))
    first, again, other = (data.visible(course, CHURN, seed) for seed in (1, 1, 2))
    assert first == again
    missing = [whole - keys(rows_of(content)) for content in (first, other)]
    assert [len(rows) for rows in missing] == [25, 25]
    assert missing[0] != missing[1]


def test_nothing_is_held_back_unless_asked(course: Course) -> None:
    """Without `held_back` every seed sees the whole file."""
    plain = DataSpec(dataset="telco-churn", file="customers.csv")
    assert data.visible(course, plain, 1) == data.visible(course, plain)


def test_unseen_rows_are_drawn_by_the_generator(course: Course) -> None:
    """The same generator draws the same rows, each at most once."""
    first, again, other = (data.unseen(course, "telco-churn", 500, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(keys(first)) == 500


def test_values_stay_the_texts_of_the_file(small: Course) -> None:
    """No value is parsed on its way: what stands in the author's file arrives in the learner's."""
    text = data.visible(small, DataSpec(dataset="numbers", file="n.csv")).decode()
    lines = (small.root / "labs/data/numbers/numbers.csv").read_text(encoding="utf-8").splitlines()
    header, *visible = text.splitlines()
    assert (header, [line for line in lines[1:] if line in visible]) == (lines[0], visible)
