"""A quiz that is handed in: one JSON document with what was typed for each question, and the sheet that it answers.

Everybody has a sheet of their own: its seed is drawn from who they are and what they are asked, so nobody chooses it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from grader.errors import BadInput
from grader.quiz import guard
from grader.quiz.answer import Unreadable
from grader.quiz.attempt import SEEDS
from grader.quiz.mark import mark
from grader.quiz.mend import Run, mended
from grader.result import Frozen
from grader.spec.quiz import FixQuestion, QuizSpec

MAX_BYTES = 2**17
Typed = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\r\n]*$")]
_EXAMPLE = '{"schema": 1, "quiz": "04-experiment-tracking", "seed": 1234, "answers": {"question": "b"}}'


class Answers(Frozen):
    """What somebody answered on a sheet; a question that is not there was not answered."""

    schema_: Literal[1] = Field(1, alias="schema")
    quiz: str
    seed: int
    answers: dict[str, Typed]

    @property
    def sha256(self) -> str:
        """What identifies it: not the document's bytes, but what it says."""
        said = json.dumps([self.quiz, self.seed, sorted(self.answers.items())], ensure_ascii=True)
        return hashlib.sha256(said.encode()).hexdigest()


def seed_of(course: str, assignment: str, person: str) -> int:
    """The seed of a person's sheet for an assignment of a course."""
    digest = hashlib.sha256("\0".join((course, assignment, person)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % SEEDS


def parse(content: bytes) -> Answers:
    """The answers in a document. Raises BadInput for what is none."""
    if len(content) > MAX_BYTES:
        raise BadInput(f"the answers are longer than {MAX_BYTES} bytes", "hand in the answers alone")
    try:
        return Answers.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:100]
        raise BadInput(
            f"these are no answers to a quiz: {where or 'the document'}: {first['msg']}", f"such as {_EXAMPLE}"
        ) from None


def check(quiz: QuizSpec, seed: int, handed_in: Answers) -> None:
    """Raise BadInput when the answers are for another quiz or sheet, or one of them can't be read as an answer: better now
    than when it is marked. Nothing is run, and nothing is told of what is right."""
    if handed_in.quiz != quiz.id:
        raise BadInput(f"these are answers to quiz {handed_in.quiz[:100]!r}", f"hand in answers to {quiz.id}")
    if handed_in.seed != seed:
        raise BadInput("these are answers to another sheet than yours", f"yours has seed {seed}: its numbers are others")
    questions = {question.id: question for question in quiz.questions}
    unknown = [name for name in handed_in.answers if name not in questions]
    if unknown:
        raise BadInput(f"quiz {quiz.id} has no question {unknown[0][:100]!r}", f"known: {', '.join(questions)}")
    for name, typed in handed_in.answers.items():
        question = questions[name]
        try:
            mark(question, seed, typed, lambda *_: Run(False))
        except Unreadable as error:
            raise BadInput(f"question {name}: {error.message}", error.next_step) from None
        if isinstance(question, FixQuestion) and (why := guard.breach(mended(question, typed), question)):
            raise BadInput(f"question {name}: a mended line may not use {why}", "mend the line with what the code has")
