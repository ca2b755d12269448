"""The troubleshooting matrix: one page, made from the drills and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.course.tree import Course, Drill
from grader.drills import script
from grader.spec.drill import Category

FILE = "cheatsheets/troubleshooting.md"
HEAD = """<!-- Made by `mlops drill matrix` from labs/drills/. Edit the drills, not this page. -->
# Troubleshooting matrix

You have a symptom. Search this page for the words on your screen, run the triage commands in their order, and stop at
the first cause that they confirm. Each entry is a drill: every command here ran against the live fault, printed what is
shown, and its fix passed its checks. To meet a fault before it meets you: `mlops drill start <id>`.
"""


def matrix(course: Course) -> str:
    """The page as Markdown."""
    drills = course.drills()
    return "\n".join([HEAD, *_contents(drills), *_entries(drills)]).rstrip() + "\n"


def _by_category(drills: Sequence[Drill]) -> Iterator[tuple[Category, list[Drill]]]:
    for category in Category:
        found = [drill for drill in drills if drill.spec.category is category]
        if found:
            yield category, found


def _contents(drills: Sequence[Drill]) -> Iterator[str]:
    yield "| category | symptom | entry |"
    yield "| --- | --- | --- |"
    for category, found in _by_category(drills):
        for number, drill in enumerate(found):
            symptom = _cell(drill.spec.symptom.see)
            yield f"| {category.value if number == 0 else ''} | {symptom} | [{drill.spec.title}](#{drill.id}) |"
    yield ""


def _entries(drills: Sequence[Drill]) -> Iterator[str]:
    for category, found in _by_category(drills):
        yield f"## {category.value}"
        yield ""
        for drill in found:
            yield from _entry(drill)


def _entry(drill: Drill) -> Iterator[str]:
    spec = drill.spec
    yield f'<a id="{drill.id}"></a>'
    yield ""
    yield f"### {spec.title}"
    yield ""
    yield f"Drill `{drill.id}`, {spec.minutes} minutes."
    yield ""
    yield "**Symptom**"
    yield ""
    yield from _block(f"$ {spec.symptom.run}", f"… {spec.symptom.see} …")
    yield "**Triage**"
    yield ""
    for number, step in enumerate(spec.triage, 1):
        head, *rest = _block(f"$ {step.run}", f"… {step.see} …", indent="   ")
        yield f"{number}. {head.strip()}"
        yield from rest
        yield f"   {_line(step.means)}"
        yield ""
    yield "**Root causes**, the likeliest first"
    yield ""
    yield from (f"{number}. {_line(cause)}" for number, cause in enumerate(spec.causes, 1))
    yield ""
    yield "**Fix**"
    yield ""
    for fix in spec.fix:
        yield _line(fix.does)
        yield ""
        yield from _block(fix.run)
    yield "**Not a fix**"
    yield ""
    for wrong in spec.wrong:
        yield f"- {_line(wrong.why)}"
        yield ""
        yield from _block(wrong.run, indent="  ")
    yield "**Verify**"
    yield ""
    yield from (f"- {check.statement}" for check in script.load(drill).checks)
    yield ""
    yield "**Prevention**"
    yield ""
    yield from (f"- {_line(text)}" for text in spec.prevention)
    yield ""
    yield "Sources: " + " · ".join(f"<{link}>" for link in spec.sources)
    yield ""


def _block(*texts: str, indent: str = "") -> Iterator[str]:
    yield f"{indent}```console" if texts[0].startswith("$ ") else f"{indent}```sh"
    for text in texts:
        yield from (f"{indent}{line}".rstrip() for line in text.splitlines())
    yield f"{indent}```"
    yield ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """A text as code in a table's cell."""
    return f"`{re.sub(r'[|`]', ' ', _line(text))}`"
