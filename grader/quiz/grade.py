"""A quiz that was handed in, graded: a check for each question, worth one point."""

from __future__ import annotations

import functools
import hashlib

from grader.course.tree import Course
from grader.quiz import mend
from grader.quiz.answer import Unreadable
from grader.quiz.catalogue import taught_in
from grader.quiz.handed_in import Answers
from grader.quiz.mark import Verdict, mark
from grader.quiz.sheet import sheet
from grader.result import CheckResult, Result, Status
from grader.spec.quiz import Question, QuizSpec

SHOWN = 200


def version(course: Course, quiz: QuizSpec) -> str:
    """What identifies a quiz's content and the environment in which mended lines run."""
    digest = hashlib.sha256((course.root / "quizzes" / f"{quiz.id}.yaml").read_bytes())
    folder = course.environment(course.module(quiz.module).spec.environment).folder
    for name in ("pyproject.toml", "uv.lock"):
        digest.update(b"\0" + (folder / name).read_bytes())
    return digest.hexdigest()[:16]


def grade(
    course: Course, quiz: QuizSpec, handed_in: Answers, path: str, student: str | None, run: mend.Runner, tell: bool
) -> Result:
    """The result. What is right is told (`tell`) only to those who can't answer again. `run` executes mended lines; what it
    raises is raised."""
    checks = tuple(_graded(course, quiz, question, handed_in, run, tell) for question in quiz.questions)
    return Result(
        lab=quiz.id, lab_version=version(course, quiz), submission=path, student=student, submission_sha256=handed_in.sha256,
        outcome="finished", earned=round(sum(check.earned for check in checks), 2), possible=len(checks), checks=checks,
    )  # fmt: skip


def _graded(
    course: Course, quiz: QuizSpec, question: Question, handed_in: Answers, run: mend.Runner, tell: bool
) -> CheckResult:
    typed = handed_in.answers.get(question.id)
    read = f"read again: {taught_in(course, quiz, question.cell)}"
    ask = sheet(question, handed_in.seed).ask
    made = functools.partial(CheckResult, id=question.id, task=question.type, statement=ask, possible=1)
    if typed is None:
        return made(status="not_run", earned=0, found="no answer", next=read)
    try:
        verdict = mark(question, handed_in.seed, typed, run)
    except Unreadable as error:  # the quiz has changed since it was accepted
        return made(status="failed", earned=0, found=typed[:SHOWN], next=f"{error}; {read}")
    if verdict.right:
        return made(status="passed", earned=1)
    whys = [f"{note.label}: {note.why}" for note in verdict.notes if note.kind == "wrong" and note.why]
    return made(
        status=_status(verdict), earned=round(verdict.share, 2), expected=_right(verdict) if tell else "",
        found="; ".join(filter(None, [verdict.answer[:SHOWN], verdict.report])), next="; ".join([*whys, read]),
    )  # fmt: skip


def _status(verdict: Verdict) -> Status:
    return "partial" if verdict.share > 0 else "failed"


def _right(verdict: Verdict) -> str:
    """What would have been right, and why."""
    notes = [note for note in verdict.notes if note.kind != "wrong"]
    return "; ".join(": ".join(filter(None, [note.label, note.text, note.why])) for note in notes)
