"""What two submissions share, side by side: the longest runs of the same words, as the lines that they stand in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from grader.similarity.code import Code
from grader.similarity.fingerprint import LENGTH, Gram, grams

CANDIDATES = 20
"""Places that a k-gram is looked for at: sources that repeat themselves must not take for ever."""
MOST = 100


@dataclass(frozen=True)
class Passage:
    """Lines of a part, numbered from 1."""

    part: str
    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Fragment:
    """The same words in two sources."""

    one: Passage
    other: Passage
    words: int


def fragments(one: Code, other: Code, given: frozenset[int]) -> list[Fragment]:
    """The fragments, the longest first. One begins where something stands that was not `given`; each word of `one` is in one
    fragment at most."""
    places = defaultdict[int, list[Gram]](list)
    for gram in grams(other):
        if gram.hash not in given and len(places[gram.hash]) < CANDIDATES:
            places[gram.hash].append(gram)
    found, part, free = list[Fragment](), -1, 0
    for gram in grams(one):
        if gram.part != part:
            part, free = gram.part, 0
        candidates = places.get(gram.hash, ()) if gram.word >= free and gram.hash not in given else ()
        if not candidates:
            continue
        words, best = max(((_same(one, gram, other, place), place) for place in candidates), key=lambda c: c[0])
        if words >= LENGTH:
            found.append(Fragment(_passage(one, gram, words), _passage(other, best, words), words))
            free = gram.word + words
    return sorted(found, key=lambda fragment: -fragment.words)[:MOST]


def _same(one: Code, at: Gram, other: Code, there: Gram) -> int:
    """How many words are the same from here on."""
    mine, theirs = one.words[at.part], other.words[there.part]
    most = min(len(mine) - at.word, len(theirs) - there.word)
    return next((n for n in range(most) if mine[at.word + n].text != theirs[there.word + n].text), most)


def _passage(code: Code, at: Gram, words: int) -> Passage:
    part = code.parts[at.part]
    run = code.words[at.part][at.word : at.word + words]
    first, last = run[0].line, run[-1].line
    return Passage(part.name, first, last, "\n".join(part.text.split("\n")[first - 1 : last]))
