"""One small question of each type."""

from __future__ import annotations

from typing import Any

from grader.spec.quiz import Question, QuizSpec

BASE = {"ask": "Which?", "cell": "01-sums#sum"}


def options(right: str, wrong: str) -> list[dict[str, Any]]:
    return [{"text": f"text {n}", "why": f"why {n}", "right": n in right} for n in sorted(right + wrong)]


QUESTIONS: dict[str, dict[str, Any]] = {
    "single": {"type": "single", "options": options("A", "BCD")},
    "multiple": {"type": "multiple", "options": options("AB", "CD")},
    "output": {"type": "output", "command": "wc -l x", "output": "12 x\n", "options": options("A", "BC")},
    "numeric": {
        "type": "numeric", "ask": "{many} cost {price} each; in all?", "answer": "many * price", "tolerance": 0.5, "unit": "€",
        "why": "A product.", "parameters": {"many": {"low": 100, "high": 900, "step": 100}, "price": {"choices": [5, 7.5]}},
    },
    "order": {"type": "order", "items": ["one", "two", "three", "four"], "why": "They count."},
    "match": {
        "type": "match",
        "pairs": [{"left": f"left {n}", "right": f"right {n}", "why": f"why {n}"} for n in "ABC"],
    },
    "short": {"type": "short", "accept": ["git status -s", "`git status --short`"], "why": "It is short."},
    "fix": {
        "type": "fix", "code": "def double(x):\n    return x + 1\n", "line": 2, "fixed": "    return x * 2",
        "test": "assert double(3) == 6, double(3)\n", "why": "Twice.",
    },
}  # fmt: skip
QUIZ = QuizSpec.model_validate(
    {
        "schema": 1, "id": "01-adding", "title": "Adding", "module": "01-adding",
        "questions": [BASE | {"id": f"q-{name}"} | more for name, more in QUESTIONS.items()],
    }
)  # fmt: skip


def question(name: str) -> Question:
    return next(question for question in QUIZ.questions if question.id == f"q-{name}")
