"""How much of its one point an answer earns. The rule, for every type, stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

RULE = "One point a question. Several parts: what guessing would earn on average is worth nothing, all right is worth 1."
"""Said to learners in the help. `single`, `output`, `numeric`, `short` and `fix` have one part: all or nothing.

`multiple`, `match` and `order` earn a share, a straight line from 0 at what blind guessing reaches on average to 1 when all
is right, and never less than 0. So choosing every option earns as little as choosing none.
"""


def multiple(chosen: Collection[str], right: Collection[str], offered: Collection[str]) -> float:
    """The share of the right options that were chosen, less the share of the wrong ones that were."""
    wrong = set(offered) - set(right)
    hits = len(set(chosen) & set(right)) / len(right)
    slips = len(set(chosen) & wrong) / len(wrong) if wrong else 0.0
    return _share(hits - slips)


def match(given: Mapping[str, str], right: Mapping[str, str]) -> float:
    """Pairs that are right, not counting the one that chance gets right on average."""
    hits = sum(given.get(left) == there for left, there in right.items())
    return _share((hits - 1) / (len(right) - 1))


def order(given: Sequence[str], right: Sequence[str]) -> float:
    """Kendall's tau: of all pairs of items, the share in the right order less the share in the wrong one."""
    place = {item: number for number, item in enumerate(given)}
    pairs = list(combinations(right, 2))
    signs = sum(1 if place[first] < place[second] else -1 for first, second in pairs)
    return _share(signs / len(pairs))


def _share(value: float) -> float:
    return round(max(0.0, value), 4)
