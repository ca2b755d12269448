"""Fingerprints by winnowing: S. Schleimer, D. S. Wilkerson and A. Aiken, "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003.

Every run of `LENGTH` words (a k-gram) has a hash; of `WINDOW` hashes in a row the smallest is kept. So two sources that share
`LENGTH + WINDOW - 1` words in a row share a fingerprint wherever these stand, and what is shorter than `LENGTH` is never
noticed. The hash is Karp and Rabin's, and the same in every process.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.similarity.code import Code, Word

LENGTH, WINDOW = 12, 6
BASE, MODULUS = 1_000_003, 2**61 - 1
LEADING = pow(BASE, LENGTH - 1, MODULUS)


@dataclass(frozen=True)
class Gram:
    """A k-gram: its hash, and where it begins."""

    hash: int
    part: int
    word: int


def grams(code: Code) -> Iterator[Gram]:
    """All k-grams; none reaches over the end of a part, so that parts may stand in any order."""
    for part, words in enumerate(code.words):
        for word, value in enumerate(_rolled(words)):
            yield Gram(value, part, word)


def fingerprints(code: Code, given: frozenset[int]) -> frozenset[int]:
    """The fingerprints of what a writer added: k-grams that were `given` are left out before any is chosen."""
    chosen = set[int]()
    for part in range(len(code.parts)):
        own = [value for value in _rolled(code.words[part]) if value not in given]
        chosen.update(min(own[start : start + WINDOW]) for start in range(max(len(own) - WINDOW + 1, min(len(own), 1))))
    return frozenset(chosen)


def _rolled(words: Sequence[Word]) -> Iterator[int]:
    """The hashes of all runs of LENGTH words, each from the one before."""
    numbers, value = [_number(word.text) for word in words], 0
    for place, number in enumerate(numbers):
        if place >= LENGTH:
            value -= numbers[place - LENGTH] * LEADING
        value = (value * BASE + number) % MODULUS
        if place >= LENGTH - 1:
            yield value


@functools.lru_cache(maxsize=10_000)
def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:7], "big")
