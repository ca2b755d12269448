"""What a person who knows (or doesn't) would type, for any question and seed."""

from __future__ import annotations

from grader.quiz import draw, mark
from grader.spec.quiz import (
    ChoiceQuestion,
    FixQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    OutputQuestion,
    Question,
    ShortQuestion,
)


def right(question: Question, seed: int) -> str:
    """An answer that earns the whole point."""
    match question:
        case ChoiceQuestion() | OutputQuestion():
            return " ".join(letter for letter, option in draw.options(question, seed).items() if option.right)
        case OrderQuestion():
            letters = {text: letter for letter, text in draw.items(question, seed).items()}
            return " ".join(letters[text] for text in question.items)
        case MatchQuestion():
            letters = {text: letter for letter, text in draw.right_sides(question, seed).items()}
            return " ".join(f"{number}{letters[pair.right]}" for number, pair in enumerate(question.pairs, 1))
        case NumericQuestion():
            return f"{mark.expected(question, draw.values(question, seed)):.12g} {question.unit}".strip()
        case ShortQuestion():
            return draw.fill(question.accept[0], draw.values(question, seed))
        case FixQuestion():
            return question.fixed


def wrong(question: Question, seed: int) -> str:
    """An answer that earns nothing."""
    match question:
        case ChoiceQuestion() | OutputQuestion():
            return next(letter for letter, option in draw.options(question, seed).items() if not option.right)
        case OrderQuestion():
            return " ".join(reversed(right(question, seed).split()))
        case MatchQuestion():
            pairs = right(question, seed).split()
            return " ".join(f"{one[:-1]}{other[-1]}" for one, other in zip(pairs, [*pairs[1:], pairs[0]], strict=True))
        case NumericQuestion():
            return f"{mark.expected(question, draw.values(question, seed)) + 2 * question.tolerance + 1:.12g}"
        case ShortQuestion():
            return "no idea"
        case FixQuestion():
            return question.code.splitlines()[question.line - 1]
