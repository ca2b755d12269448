"""Tables of a TOML file that somebody else wrote: what is not there, or is something else, is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def below(content: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The table below these names; empty where there is none."""
    found: Any = content
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def tables(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The tables in the array of this name, without what is none."""
    return [one for one in array(content, name) if isinstance(one, Mapping)]


def array(content: Mapping[str, Any], name: str) -> list[Any]:
    """The array of this name; empty where there is none."""
    found = content.get(name)
    return found if isinstance(found, list) else []
