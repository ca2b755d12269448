"""Marks an answer: right or wrong, its share of the point, and why, option by option."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from grader.quiz import answer, credit, draw, mend
from grader.quiz.arithmetic import evaluate
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

ROUNDING = 1e-9


class Note(BaseModel):
    """One line of feedback: what it is about, and why it is right or wrong."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["right", "wrong", "missed", "answer"]
    """`right` and `wrong` were given, `missed` should have been, `answer` is what is right."""
    label: str = ""
    text: str
    why: str = ""


class Verdict(BaseModel):
    """What an answer earned. Only for those who have answered: it holds the right answer."""

    model_config = ConfigDict(frozen=True)

    question: str
    type: str
    answer: str
    """As it was understood."""
    right: bool
    share: float
    """Of the question's one point: 0 to 1."""
    notes: tuple[Note, ...]
    report: str = ""
    """What the mended code said when it failed."""
    cell: str
    """The lesson cell that teaches it: `<lesson>#<cell id>`."""


def mark(question: Question, seed: int, typed: str, run: mend.Runner = mend.run) -> Verdict:
    """The verdict on what was typed in the attempt with this seed.

    Raises answer.Unreadable, which says what was expected, when that is no answer. `run` executes a mended line.
    """
    marked, drawn = _marked(question, seed, typed, run), draw.values(question, seed)

    def filled(note: Note) -> Note:
        return note.model_copy(update={"text": draw.fill(note.text, drawn), "why": draw.fill(note.why, drawn)})

    return Verdict(
        question=question.id, type=question.type, answer=marked.understood, right=marked.share == 1, share=marked.share,
        notes=tuple(map(filled, marked.notes)), report=marked.report, cell=question.cell,
    )  # fmt: skip


class _Marked(NamedTuple):
    understood: str
    share: float
    notes: list[Note]
    report: str = ""


def _marked(question: Question, seed: int, typed: str, run: mend.Runner) -> _Marked:
    match question:
        case ChoiceQuestion(type="multiple"):
            return _several(question, seed, typed)
        case ChoiceQuestion() | OutputQuestion():
            return _one(question, seed, typed)
        case NumericQuestion():
            return _number(question, seed, typed)
        case OrderQuestion():
            return _order(question, seed, typed)
        case MatchQuestion():
            return _pairs(question, seed, typed)
        case ShortQuestion():
            return _short(question, seed, typed)
        case FixQuestion():
            return _fixed(question, typed, run)


def _one(question: ChoiceQuestion | OutputQuestion, seed: int, typed: str) -> _Marked:
    options = draw.options(question, seed)
    chosen = answer.one_letter(typed, options)
    return _Marked(chosen, float(options[chosen].right), _choices(question, seed, [chosen]))


def _several(question: ChoiceQuestion, seed: int, typed: str) -> _Marked:
    options = draw.options(question, seed)
    chosen = sorted(answer.letters(typed, options))
    share = credit.multiple(chosen, [letter for letter, option in options.items() if option.right], options)
    return _Marked(" ".join(chosen), share, _choices(question, seed, chosen))


def _choices(question: ChoiceQuestion | OutputQuestion, seed: int, chosen: list[str]) -> list[Note]:
    """The whys of what was chosen, then of what else is right."""
    notes = []
    for letter, option in draw.options(question, seed).items():
        kind: Literal["right", "wrong", "missed"] = "missed" if letter not in chosen else "right" if option.right else "wrong"
        if letter in chosen or option.right:
            notes.append(Note(kind=kind, label=letter, text=option.text, why=option.why))
    return sorted(notes, key=lambda note: note.kind == "missed")


def _number(question: NumericQuestion, seed: int, typed: str) -> _Marked:
    given, right = answer.number(typed, question.unit), expected(question, draw.values(question, seed))
    good = abs(given - right) <= question.tolerance + ROUNDING
    unit = f" {question.unit}" if question.unit else ""
    note = Note(kind="right" if good else "answer", text=f"{right:,.10g}{unit} (± {question.tolerance:g})", why=question.why)
    return _Marked(f"{given:.10g}", float(good), [note])


def expected(question: NumericQuestion, drawn: dict[str, draw.Value]) -> float:
    """The right number for these values. Raises ValueError where the author's expression has none."""
    return evaluate(question.answer, drawn) if isinstance(question.answer, str) else float(question.answer)


def _order(question: OrderQuestion, seed: int, typed: str) -> _Marked:
    items = draw.items(question, seed)
    given = answer.all_letters(typed, items)
    letters = {text: letter for letter, text in items.items()}
    share = credit.order([items[letter] for letter in given], question.items)
    notes = [Note(kind="right" if share == 1 else "answer", label=letters[text], text=text) for text in question.items]
    return _Marked(" ".join(given), share, [*notes[:-1], notes[-1].model_copy(update={"why": question.why})])


def _pairs(question: MatchQuestion, seed: int, typed: str) -> _Marked:
    lefts, rights = draw.left_sides(question), draw.right_sides(question, seed)
    given = answer.pairs(typed, lefts, rights, repeat=len(rights) < len(lefts))
    letters = {text: letter for letter, text in rights.items()}
    right = {number: letters[pair.right] for number, pair in zip(lefts, question.pairs, strict=True)}
    notes = []
    for (number, letter), pair in zip(right.items(), question.pairs, strict=True):
        good = given[number] == letter
        notes.append(Note(kind="right" if good else "answer", label=number + letter, text=pair.right, why=pair.why))
    return _Marked(" ".join(map("".join, given.items())), credit.match(given, right), notes)


def _short(question: ShortQuestion, seed: int, typed: str) -> _Marked:
    given, drawn = answer.words(typed), draw.values(question, seed)
    good = given in {answer.words(draw.fill(form, drawn)) for form in question.accept}
    return _Marked(given, float(good), [Note(kind="right" if good else "answer", text=question.accept[0], why=question.why)])


def _fixed(question: FixQuestion, typed: str, run: mend.Runner) -> _Marked:
    if not typed.strip():
        raise answer.Unreadable("this is empty", f"line {question.line}, mended and whole")
    done = run(mend.mended(question, typed), question.test)
    old = question.code.splitlines()[question.line - 1]
    moved = len(old) - len(old.lstrip()) != len(question.fixed) - len(question.fixed.lstrip())
    shown = question.fixed if moved else question.fixed.strip()
    note = Note(kind="right" if done.passed else "answer", label=str(question.line), text=shown, why=question.why)
    return _Marked(typed, float(done.passed), [note], done.report)
