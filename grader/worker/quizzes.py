"""Quizzes that were handed in, graded where a worker grades: mended lines run in its sandboxes."""

from __future__ import annotations

import secrets

from grader.backends.protocol import Backend, Environment, SandboxRequest
from grader.course.tree import Course
from grader.errors import SandboxFailed
from grader.grading.sandboxes import sandbox
from grader.quiz import handed_in, mend
from grader.quiz.grade import grade
from grader.result import Result, printable
from grader.run.kernel import Kernel
from grader.run.questions import Witness
from grader.spec.limits import Limits

SHOWN = 300


def graded(course: Course, backend: Backend, quiz: str, content: bytes, path: str, student: str, tell: bool) -> Result:
    """The result of a quiz. Raises SandboxFailed, and BadInput for answers to a quiz that is no more."""
    asked = course.quiz(quiz)
    environment = course.environment(course.module(asked.module).spec.environment)
    return grade(course, asked, handed_in.parse(content), path, student, runner(backend, environment), tell)


def runner(backend: Backend, environment: Environment, limits: Limits | None = None) -> mend.Runner:
    """Runs a mended line and its test in a sandbox of its own: no network, no services, no files. Raises SandboxFailed."""
    limits = limits or Limits(cell_seconds=int(mend.SECONDS), total_seconds=2 * int(mend.SECONDS))

    def run(code: str, test: str) -> mend.Run:
        request = SandboxRequest(f"quiz-{secrets.token_hex(4)}", environment, {}, {}, (), limits)
        with sandbox(backend, request) as box, Kernel(box) as kernel:
            witness = Witness(kernel, limits.cell_seconds)
            problem = witness.tried(_plain(code)) or witness.tried(_plain(test))
            ended = box.poll()
            if ended is not None and ended.how == "vanished":
                raise SandboxFailed(f"the sandbox was taken away while a mended line ran: {ended.detail}")
            if ended is not None:
                problem = f"the code ended its process: {ended.detail}"
        return mend.Run(not problem, printable(problem)[:SHOWN])

    return run


def _plain(code: str) -> str:
    """The code as a kernel runs it as Python and nothing else: `%magics` and `!commands` are what they are there, a syntax
    error."""
    return f"exec(compile({code!r}, 'the question', 'exec'))"
