"""What is alike is found whatever its writer made it look like; what two people wrote on their own is not."""

from __future__ import annotations

import pytest

from grader.similarity.code import Code, Part, read
from grader.similarity.fingerprint import LENGTH, WINDOW, fingerprints, grams
from grader.similarity.fragments import Fragment, Passage, fragments
from grader.similarity.pairs import Pair, alike
from grader.tests.similarity.solutions import COPIED, FIRST, GIVEN, OWN

STARTER = frozenset(gram.hash for gram in grams(read([Part("cell shown", GIVEN)])))
NOTHING = frozenset[int]()


def code(cells: dict[str, str]) -> Code:
    """As handed in: the given cell first."""
    return read([Part("cell shown", GIVEN), *(Part(f"cell {name}", text) for name, text in cells.items())])


def words(text: str) -> str:
    return " ".join(word.text for word in read([Part("x", text)]).words[0])


def found(*submissions: dict[str, str], threshold: float = 0.5) -> list[Pair]:
    """The pairs among submissions numbered from 1."""
    return alike({number: fingerprints(code(one), STARTER) for number, one in enumerate(submissions, 1)}, threshold)


def test_what_a_writer_may_choose_is_no_part_of_a_word() -> None:
    """Names, numbers, texts, comments, layout, imports and docstrings; what is left are words with their lines."""
    one = 'import pandas as pd\ndef f(a):\n    """Doc."""\n    # why\n    return a.mean() + len([1, 2.5, "x"])\n'
    other = "def g( table ):\n        return (table.mean()\n + len([7,1,  'other']))\n"
    assert words(one) == "def name ( name ) : return name . mean ( ) + len ( [ 0 , 0 , '' ] )"
    assert words(other).replace("( name . ", "name . ").removesuffix(" )") == words(one)
    assert [word.line for word in read([Part("x", "\n\na\nb = 1")]).words[0]] == [3, 4, 4, 4]


@pytest.mark.parametrize(
    "text", ["a = (1,\n", "if x:\n\ty\n    z\n", "%matplotlib inline\na = 1", "!ls -l\na = 1", 'a = """x', "\x00"]
)
def test_what_is_no_python_is_read_as_far_as_it_goes(text: str) -> None:
    """And is no error."""
    assert isinstance(words(text), str)


def test_a_copy_in_disguise_is_found() -> None:
    """Variables, numbers, texts and comments changed, and the cells in another order: all of each is in the other."""
    count = len(fingerprints(code(FIRST), STARTER))
    assert found(FIRST, COPIED) == [Pair(1, 2, count, 1.0, 1.0)]


def test_two_right_solutions_are_not() -> None:
    """Of two who wrote on their own, nothing is listed, whatever the threshold; the starter that both have counts for
    nothing."""
    assert found(FIRST, OWN, threshold=0.01) == found(COPIED, OWN, threshold=0.01) == []
    assert fingerprints(code({}), STARTER) == NOTHING
    assert fingerprints(code({}), NOTHING) != NOTHING


def test_a_part_that_was_copied_into_more_work_is_found() -> None:
    """A third of the one is a half of the other's own."""
    [pair] = found(FIRST, {"train": COPIED["train"], "clean": OWN["clean"]}, threshold=0.3)
    assert (pair.one, pair.other, pair.share_of_one < 0.45, pair.share == pair.share_of_other > 0.5) == (1, 2, True, True)


def test_what_the_whole_class_writes_tells_of_nobody() -> None:
    """What more than a quarter has (and more than ten) is left out; a copy within the class is still found."""
    usual = {number: fingerprints(code({"train": FIRST["train"]}), STARTER) for number in range(1, 13)}
    assert alike(usual, 0.1) == []
    few = {number: fingerprints(code(FIRST), STARTER) for number in range(1, 4)}
    assert [(p.one, p.other) for p in alike(usual | {n + 20: own for n, own in few.items()}, 0.9)] == [
        (21, 22), (21, 23), (22, 23),
    ]  # fmt: skip


def test_too_little_says_nothing() -> None:
    """One line that two have in common is no pair."""
    line = {"add": "def add(a, b):\n    return sum([a, b]) if a is not None else b\n"}
    assert found(line, line, threshold=0.1) == []


def test_the_guarantee_of_winnowing() -> None:
    """Sources that share so many words in a row share a fingerprint, wherever these stand."""
    shared = [f"x.a{n}" for n in range((LENGTH + WINDOW - 1 + 2) // 4 + 1)]
    for before in range(9):
        one = "; ".join([*(f"b{n}.c" for n in range(before)), *shared])
        other = "; ".join([*shared, *(f"(d{n}[e])" for n in range(4))])
        assert fingerprints(read([Part("", one)]), NOTHING) & fingerprints(read([Part("", other)]), NOTHING)


def test_fragments_side_by_side() -> None:
    """With their own lines, the longest first."""
    found = fragments(code(FIRST), code(COPIED), STARTER)
    assert [(f.one.part, f.one.first, f.one.last, f.other.first, f.other.last) for f in found] == [
        ("cell features", 1, 10, 1, 11), ("cell train", 1, 10, 1, 12), ("cell clean", 1, 10, 1, 8),
    ]  # fmt: skip
    text = "a.b(c, d); e.f(g, h); i.j(k)\nl = 1"
    [one] = fragments(read([Part("cell 1", text)]), read([Part("cell 2", f"m = 2\n{text}")]), NOTHING)
    assert one == Fragment(Passage("cell 1", 1, 2, text), Passage("cell 2", 2, 3, text), 27)


def test_what_repeats_itself_takes_no_time() -> None:
    """A source of the same words thousands of times is compared with itself."""
    long = read([Part("cell 1", "x.y; " * 8_000)])
    assert sum(map(len, long.words)) == 20_000
    [one] = fragments(long, long, NOTHING)
    assert one.words == 20_000
