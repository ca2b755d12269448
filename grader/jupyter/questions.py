"""What the panel may ask: each address is one command of `mlops`, and these are its arguments."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from grader.course.tree import MILESTONE

NAME = r"^[a-z0-9][a-z0-9-]*$"
"""An id or a number: never an option."""


class Asked(BaseModel):
    """The body of a request. Fields that a question doesn't need are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lab: str | None = Field(None, pattern=NAME)
    check: str | None = Field(None, pattern=NAME)
    task: str | None = Field(None, pattern=NAME)
    quiz: str = Field("", pattern=r"^[a-z0-9-]*$")
    question: str | None = Field(None, pattern=NAME)
    answer: str = Field("", max_length=4000)


def _check(asked: Asked) -> list[str]:
    """A milestone's check is the capstone's command."""
    if asked.lab and asked.lab.startswith(MILESTONE):
        return ["capstone", "check", asked.lab]
    return ["check", *_lab(asked)]


def _lab(asked: Asked) -> list[str]:
    return [asked.lab] if asked.lab else []


def _option(name: str, value: str | None) -> list[str]:
    return [f"--{name}={value}"] if value is not None else []


QUESTIONS: dict[str, Callable[[Asked], list[str]]] = {
    "status": lambda asked: ["status", *_lab(asked)],
    "check": _check,
    "brief": lambda asked: ["capstone", "brief", *_lab(asked)],
    "hint": lambda asked: ["hint", *_lab(asked), *_option("check", asked.check)],
    "reset": lambda asked: ["reset", *_lab(asked), *_option("task", asked.task)],
    "undo": lambda asked: ["undo", *_lab(asked)],
    "progress": lambda _: ["progress"],
    "services": lambda _: ["ps"],
    "quiz": lambda asked: ["question", asked.quiz],
    "quiz/new": lambda asked: ["question", asked.quiz, "--new"],
    "quiz/skip": lambda asked: ["question", asked.quiz, "--skip", *_option("id", asked.question)],
    "quiz/answer": lambda asked: ["question", asked.quiz, f"--answer={asked.answer}", *_option("id", asked.question)],
}
