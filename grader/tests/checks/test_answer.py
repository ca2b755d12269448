"""What `answer.py` makes of a value in the student's kernel, and what the grader makes of that."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grader.run.questions import Csv, NoAnswer
from grader.tests.checks.in_process import InProcess, reply


def answer(value: Any) -> Any:
    """The notebook's variable as the grader gets it."""
    return InProcess(x=value).value("x")


def refusal(witness: InProcess, ask: Callable[[InProcess], Any]) -> tuple[str, str, str]:
    """Kind, message and exception type of the answer that isn't one."""
    with pytest.raises(NoAnswer) as error:
        ask(witness)
    return error.value.kind, error.value.message, error.value.raised


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


PLAIN: dict[str, tuple[Any, Any]] = {
    "none": (None, None),
    "bool": (True, True),
    "int": (2**80, 2**80),
    "float": (0.1, 0.1),
    "text": ("Käse \ud83e\uddc0"[:4], "Käse"),
    "infinity": (-math.inf, -math.inf),
    "numpy-int": (np.int64(5), 5),
    "numpy-float32": (np.float32(0.5), 0.5),
    "numpy-float64": (np.float64(0.1), 0.1),
    "numpy-bool": (np.bool_(True), True),
    "numpy-str": (np.str_("a"), "a"),
    "numpy-array": (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "numpy-zero-dimensions": (np.array(7.5), 7.5),
    "numpy-scalars-inside": ({"a": [np.int32(1), (np.float64(2.0),)]}, {"a": [1, [2.0]]}),
    "series": (pd.Series([1.5, 2.5], index=["a", "b"]), [1.5, 2.5]),
    "frame": (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    "empty-frame": (pd.DataFrame(), []),
    "index": (pd.Index(["a", "b"]), ["a", "b"]),
    "tuple": ((1, (2,)), [1, [2]]),
    "set": ({5}, [5]),
    "frozenset": (frozenset({"a"}), ["a"]),
    "keys-that-are-no-texts": ({1: "a", None: "b", (2, 3): "c"}, {"1": "a", "None": "b", "(2, 3)": "c"}),
    "16-levels": (nested(16), nested(16)),
}


@pytest.mark.parametrize(("value", "plain"), PLAIN.values(), ids=PLAIN)
def test_value_arrives_as_plain_data(value: Any, plain: Any) -> None:
    """Numbers, texts, lists and dicts arrive as themselves; numpy's and pandas' things as what they hold."""
    found = answer(value)
    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize("value", [math.nan, np.nan, np.float32("nan"), pd.Series([np.nan])], ids=repr)
def test_nan_arrives_as_nan(value: Any) -> None:
    """NaN is no error of the transport: it arrives, and equals nothing."""
    found = answer(value)
    found = found[0] if isinstance(found, list) else found
    assert isinstance(found, float)
    assert math.isnan(found)


class Colour(enum.IntEnum):
    """A number by another name."""

    RED = 1


@dataclasses.dataclass
class Point:
    """A class of the notebook's own."""

    x: int


class Text(str):
    """A text that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Liar:
    """An object that equals everything and knows nothing."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Endless:
    """An object whose `tolist` gives another of its kind."""

    def tolist(self) -> Endless:
        return Endless()


class Bomb:
    """An object that raises when it is looked at."""

    def __getattr__(self, name: str) -> Any:
        raise SystemExit(3)


class BadKey:
    """A key whose text is an error."""

    def __str__(self) -> str:
        raise ValueError("no text")


def _itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


UNSENDABLE: dict[str, tuple[Any, str, str]] = {
    "object": (Liar(), "Liar", "a Liar can't be sent as plain JSON"),
    "dataclass": (Point(1), "Point", "a Point can't be sent as plain JSON"),
    "int-enum": (Colour.RED, "Colour", "a Colour can't be sent as plain JSON"),
    "text-that-equals-everything": (Text("a"), "Text", "a Text can't be sent as plain JSON"),
    "liar-inside": ([1, {"a": Liar()}], "list", "a Liar can't be sent as plain JSON"),
    "bytes": (b"abc", "bytes", "a bytes can't be sent as plain JSON"),
    "complex": (1j, "complex", "a complex can't be sent as plain JSON"),
    "function": (len, "builtin_function_or_method", "a builtin_function_or_method can't be sent as plain JSON"),
    "module": (math, "module", "a module can't be sent as plain JSON"),
    "timestamp": (pd.Timestamp("2026-01-01"), "Timestamp", "a Timestamp can't be sent as plain JSON"),
    "numpy-complex": (np.array([1j]), "ndarray", "a complex can't be sent as plain JSON"),
    "17-levels": (nested(17), "list", "nested deeper than 16 levels"),
    "holds-itself": (_itself(), "list", "nested deeper than 16 levels"),
    "endless": (Endless(), "Endless", "nested deeper than 16 levels"),
    "bomb": (Bomb(), "Bomb", "3"),
    "key-without-a-text": ({BadKey(): 1}, "dict", "no text"),
    "number-of-5000-digits": (
        10**5_000, "int", "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() "
        "to increase the limit",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "detail"), UNSENDABLE.values(), ids=UNSENDABLE)
def test_value_that_is_no_plain_data(value: Any, kind: str, detail: str) -> None:
    """What isn't plain data is an answer that says so, with the type, and never an error of ours."""
    message = f"x gives a {kind}, which is no plain value: {detail}"
    assert refusal(InProcess(x=value), lambda w: w.value("x")) == ("unsendable", message, "")


def test_undefined_name() -> None:
    """A name that the notebook doesn't have is said by name; Python's built-ins are none of the notebook's."""
    assert refusal(InProcess(), lambda w: w.value("x")) == ("undefined", "the notebook defines no 'x'", "")
    assert refusal(InProcess(), lambda w: w.call("len", [1])) == ("undefined", "the notebook defines no 'len'", "")


def test_answer_at_the_cap_and_above() -> None:
    """An answer is sent up to the cap to the byte; a larger one says how large it is."""
    question = {"kind": "value", "name": "x"}
    assert reply({"x": "a" * 98}, question, cap=100) == {"value": '"' + "a" * 98 + '"'}
    assert reply({"x": "a" * 99}, question, cap=100) == {"error": "too_large", "message": "101"}


def test_too_large_answer_is_told_with_its_size() -> None:
    """The learner reads how much was too much."""
    message = "x gives 4194305 bytes of JSON, more than 4194304"
    assert refusal(InProcess(x="a" * (4 * 2**20 - 1)), lambda w: w.value("x")) == ("too_large", message, "")


def _raises(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


RAISED: dict[str, tuple[Callable[..., Any], str, str]] = {
    "value-error": (_raises(ValueError("no")), "f raised ValueError: no", "ValueError"),
    "system-exit": (_raises(SystemExit(0)), "f raised SystemExit: 0", "SystemExit"),
    "keyboard-interrupt": (_raises(KeyboardInterrupt()), "f raised KeyboardInterrupt: ", "KeyboardInterrupt"),
    "generator-exit": (_raises(GeneratorExit()), "f raised GeneratorExit: ", "GeneratorExit"),
    "long-message": (_raises(ValueError("x" * 9_999)), f"f raised ValueError: {'x' * 300}", "ValueError"),
    "wrong-arguments": (lambda a: a, "f raised TypeError: <lambda>() missing 1 required positional argument: 'a'", "TypeError"),
}  # fmt: skip


@pytest.mark.parametrize(("function", "message", "kind"), RAISED.values(), ids=RAISED)
def test_function_that_raises(function: Callable[..., Any], message: str, kind: str) -> None:
    """Whatever a function raises is an answer, cut to size; nothing of it reaches the grader as an exception."""
    assert refusal(InProcess(f=function), lambda w: w.call("f")) == ("raised", message, kind)


def test_name_that_is_no_function() -> None:
    """Calling a number is the student's TypeError."""
    expected = ("raised", "f raised TypeError: 'int' object is not callable", "TypeError")
    assert refusal(InProcess(f=5), lambda w: w.call("f")) == expected


def test_arguments_arrive_as_sent() -> None:
    """Positional and named arguments arrive as the plain data that they are."""
    assert InProcess(f=lambda *a, **k: [a, k]).call("f", 1, [2.5, None], key={"a": True}) == [
        [1, [2.5, None]], {"key": {"a": True}},
    ]  # fmt: skip


def test_csv_arrives_as_a_frame() -> None:
    """A table is a DataFrame in the kernel, wherever it stands among the arguments."""
    witness = InProcess(f=lambda a, b: [type(a).__name__, a["n"].sum(), b["n"].tolist()])
    assert witness.call("f", Csv("n\n1\n2\n"), b=Csv("n\n3\n")) == ["DataFrame", 3, [3]]


def test_notebook_keeps_its_names() -> None:
    """A question leaves nothing behind in the notebook's globals."""
    namespace = {"x": 1, "f": abs}
    for question in ({"kind": "value", "name": "x"}, {"kind": "call", "name": "f", "args": [-1], "kwargs": {}}):
        reply(namespace, question)
    assert namespace == {"x": 1, "f": abs}


LIES: dict[str, tuple[Any, Any]] = {
    "text-of-another-value": ('{"passed": true}', {"passed": True}),
    "no-json": ("True", "the kernel's reply is not plain JSON (is something in it replaced?)"),
    "python": ("__import__('os')", "the kernel's reply is not plain JSON (is something in it replaced?)"),
    "deep": ("[" * 100_000, "the kernel's reply is not plain JSON (is something in it replaced?)"),
    "number-of-5000-digits": ("9" * 5_000, "the kernel's reply is not plain JSON (is something in it replaced?)"),
    "object-in-place-of-text": ({"a": 1}, "the kernel's reply is not an answer (is something in it replaced?)"),
    "too-long": ("1" * (4 * 2**20 + 1), "the kernel's reply is not an answer (is something in it replaced?)"),
}


class Sized(dict[str, int]):
    """A dict that says it is small."""

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(("said", "accepted"), LIES.values(), ids=LIES)
def test_replaced_json_module(monkeypatch: pytest.MonkeyPatch, said: Any, accepted: Any) -> None:
    """A notebook that replaces `json` says other plain data, or nothing that is accepted: it never gets past the parser."""

    class Small(str):
        def __len__(self) -> int:
            return 1

    forged = Small(said) if isinstance(said, str) else Sized(said)
    fake = SimpleNamespace(dumps=lambda value: forged, loads=json.loads)
    question = {"kind": "value", "name": "x", "mime": "m", "cap": 100}
    from grader.run import questions

    names: dict[str, Any] = {"question": question, "namespace": {"x": 1}}
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "json", fake)
        exec(questions._source(), names)
    sent = json.loads(json.dumps(names["answer"]._repr_mimebundle_()))["m"]["value"]  # what a message can carry
    if isinstance(accepted, str):
        with pytest.raises(NoAnswer) as error:
            questions._parse(sent)
        assert (error.value.kind, error.value.message) == ("garbled", accepted)
    else:
        assert questions._parse(sent) == accepted
