"""Tables that a bench writes into README.md, between two marks."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).with_name("README.md")


def marks(name: str, command: str) -> tuple[str, str]:
    """The lines between which the table of this name stands; `command` is what writes it."""
    return f"<!-- {name}: written by `{command}` -->\n", f"<!-- end of {name} -->\n"


def rewritten(readme: str, between: tuple[str, str], made: str) -> str:
    """The README with this table between its marks. Raises ValueError without them."""
    begin = readme.index(between[0]) + len(between[0])
    return readme[:begin] + made + readme[readme.index(between[1], begin) :]
