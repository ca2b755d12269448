"""Python sources as words: what renaming, commenting, reformatting and other constants leave as it was."""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MOST_WORDS = 20_000
"""Of all parts together. What is longer is no lab's work, and is compared as far as it goes."""
NAME, NUMBER, TEXT = "name", "0", "''"
"""What stands for every name that a writer is free to choose, for every number, and for every text."""
LAYOUT = (
    tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
)  # fmt: skip
BUILT_IN = frozenset(dir(builtins))


class Word(NamedTuple):
    """A token without what its writer is free to choose, and its line, from 1."""

    text: str
    line: int


@dataclass(frozen=True)
class Part:
    """A file or a cell."""

    name: str
    text: str


@dataclass(frozen=True)
class Code:
    """The parts of a submission, each with its words."""

    parts: tuple[Part, ...]
    words: tuple[tuple[Word, ...], ...]


def read(parts: Sequence[Part]) -> Code:
    """The words of all parts. What is no Python is read as far as it can be."""
    left, found = MOST_WORDS, list[tuple[Word, ...]]()
    for part in parts:
        words = tuple(_words(part.text))[:left]
        left -= len(words)
        found.append(words)
    return Code(tuple(parts), tuple(found))


def _words(text: str) -> Iterator[Word]:
    """Statement by statement; imports and texts that stand alone (docstrings) are left out: they tell of nobody."""
    statement = list[tokenize.TokenInfo]()
    for token in _tokens(text):
        if token.type == tokenize.NEWLINE:
            yield from _statement(statement)
            statement.clear()
        elif token.type not in LAYOUT:
            statement.append(token)
    yield from _statement(statement)


def _statement(tokens: Sequence[tokenize.TokenInfo]) -> Iterator[Word]:
    if all(token.type == tokenize.STRING for token in tokens) or tokens[0].string in ("import", "from"):
        return
    before = ""
    for token in tokens:
        if token.string.strip():
            yield Word(_plain(token, before), token.start[0])
            before = token.string


def _plain(token: tokenize.TokenInfo, before: str) -> str:
    """An attribute keeps its name: it is a library's as often as not. So do keywords and Python's own functions."""
    if token.type == tokenize.NUMBER:
        return NUMBER
    if token.type == tokenize.STRING:
        return TEXT
    if token.type != tokenize.NAME or before == "." or keyword.iskeyword(token.string) or token.string in BUILT_IN:
        return token.string
    return NAME


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Those up to the first that is no Python."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return
