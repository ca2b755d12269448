"""Where two pieces of plain data differ: the places alone, when the whole would be too much to read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

SHOWN_PLACES = 3
READABLE = 60
"""Data whose text is no longer than this is shown whole."""
_NOTHING = object()


def smallest(found: Any, wanted: Any) -> tuple[str, str] | None:
    """What is wanted and what is found at the first places that differ; None where the whole is read more easily."""
    if type(found) is not type(wanted) or not isinstance(wanted, dict | list) or not found or not wanted:
        return None
    if max(len(repr(found)), len(repr(wanted))) <= READABLE:
        return None
    places = list(islice(_places("", found, wanted), SHOWN_PLACES + 1))
    shown, more = places[:SHOWN_PLACES], places[SHOWN_PLACES:]
    expected = "; ".join(f"{path} {_text(there)}" for path, _, there in shown)
    return expected, "; ".join(f"{path} {_text(here)}" for path, here, _ in shown) + ("; and more differs" if more else "")


def _places(path: str, found: Any, wanted: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            yield from _places(f"{path}[{key!r}]", found.get(key, _NOTHING), wanted.get(key, _NOTHING))
    elif isinstance(found, list) and isinstance(wanted, list):
        for number, (a, b) in enumerate(zip_longest(found, wanted, fillvalue=_NOTHING)):
            yield from _places(f"{path}[{number}]", a, b)
    elif type(found) is not type(wanted) or found != wanted:
        yield path, found, wanted


def _text(value: Any) -> str:
    if value is _NOTHING:
        return "is not there"
    text = repr(value)
    return "is " + (text if len(text) <= READABLE else text[: READABLE - 1] + "…")
