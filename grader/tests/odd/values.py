"""What a student's kernel, or a process of theirs, might answer in place of what the author thought of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

ODD: tuple[Any, ...] = (None, True, -1, 1e300, "", "x", "é" * 3, [], [None], [[]], {}, {"x": None}, [{}], ["x", 1])
LOOKED_INTO = 2
"""Items of a list or a dict that are replaced, one after the other: the others are like them."""
DEEPEST = 4
ODD_FILES = (
    b"", b"\xff\xfe", b"null", b"[]", b"{}", b"x: [", b"x", b"\x00" * 9, b"[" * 5000, b"x = " + b"[" * 5000,
    b"package = 3\n", b"package = [3]\n", b"[[package]]\nname = 3\n", b"tool = 3\n", b"[tool]\nmypy = 3\n", b"project = 3\n",
)  # fmt: skip


def odd(answer: Any, depth: int = 0) -> Iterator[Any]:
    """Other plain JSON in place of this: nothing, other types, and the same with a part that is missing, doubled, or odd."""
    yield from ODD
    if depth == DEEPEST:
        return
    if isinstance(answer, list) and answer:
        yield answer[:-1]
        yield [*answer, answer[-1]]
        for at in range(min(LOOKED_INTO, len(answer))):
            for other in odd(answer[at], depth + 1):
                yield [*answer[:at], other, *answer[at + 1 :]]
    if isinstance(answer, dict) and answer:
        for key in list(answer)[:LOOKED_INTO] if depth else answer:
            yield {name: value for name, value in answer.items() if name != key}
            for other in odd(answer[key], depth + 1):
                yield {**answer, key: other}


def distinct(answer: Any) -> Iterator[Any]:
    """The odd ones, each once, and never the answer itself."""
    seen = {json.dumps(answer)}
    for other in odd(answer):
        text = json.dumps(other)
        if text not in seen:
            seen.add(text)
            yield other


def odd_file(content: bytes) -> Iterator[bytes]:
    """Other content in place of a file's."""
    yield from (other for other in ODD_FILES if other != content)
    yield content[: len(content) // 2]
    yield content + b"\nx"
