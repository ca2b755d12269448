"""A property: whatever bytes are handed in, `rebuild` gives a notebook of the lab or says BadInput, and nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

import nbformat
import pytest

from grader.course.tree import Lab
from grader.errors import BadInput
from grader.notebook import build
from grader.notebook.rebuild import rebuild

ROUNDS = 300
WORDS = [
    "add", "mean", "code", "markdown", "raw", "parameters", "injected-parameters", "x", "", "\ud800", "\x00", "ä" * 40,
]  # fmt: skip
KEYS = ["cells", "cell_type", "id", "source", "metadata", "nbgrader", "grade_id", "tags", "outputs", "nbformat", "kernelspec"]


def anything(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value, made of the words that matter to a notebook."""
    kind = rng.randrange(9 if depth < 5 else 7)
    if kind < 5:
        return rng.choice([None, True, False, 0, -1, 2**70, 1e308, float("nan"), float("inf")])
    if kind < 7:
        return rng.choice(WORDS)
    if kind < 8:
        return [anything(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(KEYS): anything(rng, depth + 1) for _ in range(rng.randrange(5))}


def spoil(rng: random.Random, value: Any) -> Any:
    """A copy of a real notebook with some of its parts replaced by anything, dropped or repeated."""
    if rng.random() < 0.04:
        return anything(rng)
    if isinstance(value, dict):
        return {key: spoil(rng, item) for key, item in value.items() if rng.random() > 0.03}
    if isinstance(value, list):
        return [spoil(rng, item) for item in value for _ in range(rng.choice([1] * 18 + [0, 2]))]
    return value


def rebuilt_or_refused(lab: Lab, content: bytes) -> bool:
    """Whether a notebook came out; it must then be the author's but for the tasks' cells."""
    try:
        rebuilt = rebuild(lab, content)
    except BadInput:
        return False
    starter = build.starter(lab)
    tasks = {task.id for task in lab.spec.tasks}
    for ours, theirs in zip(starter.cells, rebuilt.notebook.cells, strict=True):
        kept = {**theirs, "source": ours.source} if ours["id"] in tasks else theirs
        assert kept == ours
    nbformat.validate(rebuilt.notebook)
    nbformat.writes(rebuilt.notebook).encode()
    return True


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_notebooks(small_lab: Lab, seed: int) -> None:
    """Real notebooks with random damage never raise anything but BadInput, and what is rebuilt is the author's."""
    rng = random.Random(seed)
    whole = json.loads(nbformat.writes(build.solution(small_lab)))
    rebuilt = [rebuilt_or_refused(small_lab, json.dumps(spoil(rng, whole)).encode()) for _ in range(ROUNDS // 4)]
    assert {True, False} == set(rebuilt), "the damage must be neither always nor never fatal"


def test_random_json(small_lab: Lab) -> None:
    """Any JSON at all never raises anything but BadInput."""
    rng = random.Random(4)
    for _ in range(ROUNDS):
        cells = [anything(rng) for _ in range(rng.randrange(6))]
        document = rng.choice([anything(rng), {"cells": cells}, {"cells": [c for c in cells if isinstance(c, dict)]}])
        rebuilt_or_refused(small_lab, json.dumps(document).encode())


def test_random_bytes(small_lab: Lab) -> None:
    """Any bytes at all, and real notebooks with some bytes changed, never raise anything but BadInput."""
    rng = random.Random(5)
    whole = nbformat.writes(build.solution(small_lab)).encode()
    for _ in range(ROUNDS):
        spoiled = bytearray(rng.choice([whole, rng.randbytes(rng.randrange(200))]))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(spoiled) + 1)
            spoiled[at : at + rng.randrange(30)] = rng.randbytes(rng.randrange(3))
        rebuilt_or_refused(small_lab, bytes(spoiled))


@pytest.mark.parametrize("depth", [100, 400, 800, 900, 950, 980, 990, 1_000])
def test_answers_nested_near_the_limit(small_lab: Lab, depth: int) -> None:
    """A cell nested as deeply as JSON can be read is healed or refused like any other."""
    nested = '{"a":' * depth + "1" + "}" * depth
    cell = f'{{"cell_type": "code", "id": "add", "source": "", "metadata": {nested}}}'
    claims = (
        f'{{"cell_type": "code", "id": "x", "source": "", "metadata": {{"nbgrader": {{"grade_id": "add", "x": {nested}}}}}}}'
    )
    rebuilt_or_refused(small_lab, f'{{"cells": [{cell}, {cell}, {claims}]}}'.encode())
