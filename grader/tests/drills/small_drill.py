"""A made-up drill without services: a number in a file that must be 1, beside a file that must stay."""

from __future__ import annotations

from pathlib import Path

from grader.course.tree import Course, Drill

YAML = """\
schema: 1
id: wrong-number
title: The number is wrong
category: Training
minutes: 1
environments: [aws]
page: "The number is $number."
symptom: {run: cat number, see: "2"}
triage:
  - {run: cat number, see: "2", means: It is two.}
  - {run: ls, see: other, means: The other file is there.}
causes: [Somebody wrote it, Somebody else did]
fix: [{run: echo 1 > number, does: Write the right one.}]
wrong:
  - {id: from-scratch, run: rm other && echo 1 > number, why: It loses the other file., fails: [other-there], lasting: true}
prevention: [Look twice.]
sources: ["https://example.org/numbers"]
"""
SCRIPT = '''\
"""A wrong number."""

from grader.drills import Drill, check


def inject(drill: Drill) -> None:
    """Write it."""
    drill.write("number", "2\\\\n")
    drill.write("other", "x")
    drill.facts["number"] = 2


@check("number-right")
def the_number_is_right(drill: Drill) -> None:
    """The number is 1."""
    drill.expect("number", drill.read("number").strip()).equals("1", next_step="Write it.")


@check("other-there")
def the_other_is_there(drill: Drill) -> None:
    """The other file is there."""
    drill.read("other")
'''


def write(course: Course, yaml: str = YAML, script: str = SCRIPT) -> Drill:
    """Add it to a course."""
    folder: Path = course.root / "labs" / "drills" / "wrong-number"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drill.yaml").write_text(yaml, encoding="utf-8")
    (folder / "drill.py").write_text(script.replace("\\\\n", "\\n"), encoding="utf-8")
    return course.drill("wrong-number")
