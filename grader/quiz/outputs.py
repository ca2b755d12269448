"""Makes the output of an `output` question again, in the lesson that it comes from, and compares: what stands in a quiz was
never typed, and a new version of a tool that prints something else is noticed here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from grader.course.tree import Module
from grader.errors import ContentError
from grader.grading.grade import Place
from grader.grading.lessons import run_lessons
from grader.quiz.lesson import cells
from grader.spec.quiz import Making, OutputQuestion, QuizSpec

COMMAND = "the-questions-command"
"""The id of the cell that runs the command."""
NO_ASSERTS = """\
# %% id="no-asserts"
import ast

class _NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

get_ipython().ast_transformers.append(_NoAsserts())

"""
"""Put before a changed lesson: its asserts hold the numbers of the unchanged one."""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def prove(quiz: QuizSpec, module: Module, place: Place) -> Iterator[tuple[str, str]]:
    """For each output question that says how it was made: its id, and what differs (empty: nothing)."""
    for question in quiz.questions:
        if isinstance(question, OutputQuestion) and question.made is not None:
            try:
                yield question.id, differs(question, question.made, make(question, question.made, module, place))
            except ContentError as error:
                yield question.id, str(error)


def make(question: OutputQuestion, made: Making, module: Module, place: Place) -> str:
    """What the cell or the command prints now. Raises ContentError when the lesson can't be run up to there."""
    work = place.evidence / "quiz-outputs" / question.id
    lesson = work / "lessons" / f"{made.lesson}.py"
    lesson.parent.mkdir(parents=True, exist_ok=True)
    lesson.write_text(written(question, made, module.lesson(made.lesson)), encoding="utf-8")
    alone = Module(module.spec.model_copy(update={"lessons": (made.lesson,)}), work)
    (row,) = run_lessons(alone, dataclasses.replace(place, evidence=work))
    if row.problems:
        raise ContentError([f"{lesson}:1: the lesson of question {question.id!r} fails: {row.problems[0]} (mend `made`)"])
    executed = nbformat.read(work / module.spec.id / made.lesson / "notebook.ipynb", as_version=4)
    return printed(executed, COMMAND if made.run else made.cell)


def written(question: OutputQuestion, made: Making, lesson: Path) -> str:
    """The lesson's source up to the cell, with its changes, and the question's command after it."""
    text = lesson.read_text(encoding="utf-8")
    for change in made.change:
        start, end = _span(text, change.cell, lesson, question)
        if text[start:end].count(change.old) != 1:
            count = text[start:end].count(change.old)
            raise ContentError([f"{lesson}:1: {change.old!r} stands {count} times in cell {change.cell!r} (question "
                                f"{question.id!r}; it must stand there once)"])  # fmt: skip
        text = text[:start] + text[start:end].replace(change.old, change.new) + text[end:]
    text = text[: _span(text, made.cell, lesson, question)[1]]
    command = f'get_ipython().run_cell_magic("sh", "", {question.command!r})' if made.run == "shell" else question.command
    asked = f'\n# %% id="{COMMAND}"\n{command}\n' if made.run else ""
    head = next(cells(text)).start
    return text[:head] + (NO_ASSERTS if made.change else "") + text[head:] + asked


def printed(notebook: nbformat.NotebookNode, cell: str) -> str:
    """What a cell of an executed notebook printed to standard output, and the texts of what it displayed."""
    found = []
    for output in next(c for c in notebook.cells if c["id"] == cell).outputs:
        if output.output_type == "stream" and output.name == "stdout":
            found.append(output.text)
        elif output.output_type in ("display_data", "execute_result"):
            found.append(output.data.get("text/plain", "") + "\n")
    return _ANSI.sub("", "".join(found))


def differs(question: OutputQuestion, made: Making, now: str) -> str:
    """What is wrong with the question's output, given what is printed now; empty when it is still true."""
    claimed, current = (_lines(text, made) for text in (question.output, now))
    if made.run and claimed == current:
        return ""
    if not made.run and any(current[at : at + len(claimed)] == claimed for at in range(len(current))):
        return ""
    return f"{question.id}: expected\n{question.output}\nfound\n{now}\n(copy what is found, and look at the options again)"


def _lines(text: str, made: Making) -> list[str]:
    """The lines without white space at their ends, and without what may vary."""
    for pattern in made.varies:
        text = pattern.sub("…", text)
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _span(text: str, cell: str, lesson: Path, question: OutputQuestion) -> tuple[int, int]:
    """Where the cell with this id starts and ends in the source."""
    for one in cells(text):
        if one.id == cell:
            return one.start, one.end
    raise ContentError([f"{lesson}:1: there is no cell {cell!r} (question {question.id!r} names it in `made`)"])
