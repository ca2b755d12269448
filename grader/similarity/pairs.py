"""Which of many submissions are alike, and how much: shares of fingerprints, of one in the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

FEWEST = 8
"""Fingerprints: with fewer than these of one's own, or shared, a share says nothing. It is some 30 words of Python."""
COMMON_SHARE, COMMON_NUMBER = 0.25, 10
"""A fingerprint that more than a quarter of all have (and more than ten) is the usual way, and tells of nobody."""


@dataclass(frozen=True)
class Pair:
    """Two submissions by number, the lower first; the share of each one's fingerprints that the other has, too."""

    one: int
    other: int
    shared: int
    share_of_one: float
    share_of_other: float

    @property
    def share(self) -> float:
        """The larger share: who copies a part into more work of their own is still found."""
        return max(self.share_of_one, self.share_of_other)


def alike(found: Mapping[int, frozenset[int]], threshold: float) -> list[Pair]:
    """The pairs whose share is at least the threshold, the most alike first."""
    own = without_common(found)
    having = defaultdict[int, list[int]](list)
    for number in sorted(own):
        for fingerprint in own[number]:
            having[fingerprint].append(number)
    shared = Counter[tuple[int, int]]()
    for numbers in having.values():
        shared.update((one, other) for place, one in enumerate(numbers) for other in numbers[place + 1 :])
    pairs = (
        Pair(one, other, count, round(count / len(own[one]), 4), round(count / len(own[other]), 4))
        for (one, other), count in shared.items()
        if count >= FEWEST
    )
    chosen = [pair for pair in pairs if pair.share >= threshold]
    return sorted(chosen, key=lambda pair: (-pair.share, -pair.shared, pair.one, pair.other))


def without_common(found: Mapping[int, frozenset[int]]) -> dict[int, frozenset[int]]:
    """The fingerprints without those that most have; who has too few of their own is left out."""
    counts = Counter(fingerprint for own in found.values() for fingerprint in own)
    most = max(COMMON_NUMBER, COMMON_SHARE * len(found))
    rest = {number: frozenset(f for f in own if counts[f] <= most) for number, own in found.items()}
    return {number: own for number, own in rest.items() if len(own) >= FEWEST}
