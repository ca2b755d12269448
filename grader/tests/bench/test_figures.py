"""What the bench's page quotes is what the kept runs measured."""

from __future__ import annotations

import json
import re

import pytest

from grader.bench import figures, graders
from grader.bench import table as written
from grader.bench.scale import capacity

README = written.README.read_text(encoding="utf-8")


def quoted(name: str) -> tuple[str, str]:
    """The table of this name, and the file that it says it is of."""
    begin, end = figures.MARKS[name]
    text = README[README.index(begin) + len(begin) : README.index(end)]
    file = re.match("`(.+?)`", text)
    assert file is not None, f"{figures.COMMAND} writes it"
    return text, file[1]


@pytest.mark.parametrize("name", figures.MARKS)
def test_the_page_quotes_the_kept_numbers(name: str) -> None:
    """Whole tables, each of the run that it names."""
    text, file = quoted(name)
    assert text == figures.table(file, json.loads((graders.HERE / "results" / file).read_text(encoding="utf-8")))


def test_the_cpu_of_a_grading_is_the_measured_one() -> None:
    """What the capacity tables reckon with: all cores for as long as one of lab 04 whole takes on docker."""
    _, file = quoted(graders.NBGRADER)
    run = json.loads((graders.HERE / "results" / file).read_text(encoding="utf-8"))
    assert round(run["whole"]["rows"]["docker"]["wall"] * run["machine"]["cores"], 2) == capacity.GRADING_CORE_SECONDS
