"""The part of a page that a bench writes: between two comments."""

from __future__ import annotations


def between(page: str, begin: str, end: str, made: str) -> str:
    """The page with `made` between these marks, whatever was there. Raises ValueError without them."""
    start = page.index(begin) + len(begin)
    return page[:start] + made + page[page.index(end, start) :]
