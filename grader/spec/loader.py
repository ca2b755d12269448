"""Reads a content file into its spec, or says which line is wrong and how to mend it."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from grader.errors import ContentError

SpecT = TypeVar("SpecT", bound=BaseModel)
Location = tuple[str | int, ...]


def load(path: Path, spec: type[SpecT]) -> SpecT:
    """Read `path` as a `spec`.

    Raises ContentError with a `path:line: message (fix)` for each problem: a file that is missing or no YAML, a key
    that is unknown or stands twice, a value that the schema refuses.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContentError([f"{path}:1: this file is missing (create it)"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([f"{path}:1: can't be read: {error} (save it as UTF-8 text)"]) from None
    return cast(SpecT, _loaded(path, text, spec))


@functools.lru_cache(maxsize=256)
def _loaded(path: Path, text: str, spec: type[BaseModel]) -> BaseModel:
    """The text as a spec: an object that nobody changes, so the same text is read once (a class asks for it all the time)."""
    lines, problems = _lines(path, text)
    if problems:
        raise ContentError(problems)
    try:
        return spec.model_validate(_values(path, text))
    except ValidationError as error:
        problems = [_describe(path, lines, problem, spec) for problem in error.errors() if not _echo(problem, error)]
        raise ContentError(problems) from None


def _lines(path: Path, text: str) -> tuple[dict[Location, int], list[str]]:
    """Line numbers by location in the document, and the problems of its YAML."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            return {}, [f"{path}:1: expected keys and values, starting with `schema: 1` (see the other files of its kind)"]
        found = list(_walk(root, ()))
    except yaml.YAMLError as error:
        return {}, [_broken(path, error)]
    except RecursionError:
        return {}, [f"{path}:1: nested too deeply, or an alias that holds itself (write it out flat)"]
    problems = [f"{path}:{line}: key {where[-1]!r} stands twice (keep one)" for where, line, twice in found if twice]
    return {location: line for location, line, _ in found}, problems


def _values(path: Path, text: str) -> Any:
    """The document as plain values. Raises ContentError for a tag or a date that YAML can't turn into one."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ContentError([_broken(path, error)]) from None
    except ValueError as error:
        raise ContentError([f"{path}:1: {error} (quote what is a text and looks like a date)"]) from None


def _broken(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or "not valid YAML"
    return f"{path}:{mark.line + 1 if mark else 1}: {reason} (check the indentation and quotes there)"


def _walk(node: yaml.Node, location: Location) -> Iterator[tuple[Location, int, bool]]:
    """Every value's location and line, and whether its key stands there a second time."""
    yield location, node.start_mark.line + 1, False
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield (*location, name), key.start_mark.line + 1, True
            seen.add(name)
            for inner, line, twice in _walk(value, (*location, name)):
                yield inner, key.start_mark.line + 1 if inner == (*location, name) else line, twice
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*location, index))


def _echo(problem: Any, error: ValidationError) -> bool:
    """Whether a list counts as too short only because an item of it is wrong, which is a problem of its own."""
    where = problem["loc"]
    inside = any(other["loc"][: len(where)] == where and other["loc"] != where for other in error.errors())
    return problem["type"] == "too_short" and inside


def _describe(path: Path, lines: dict[Location, int], problem: Any, spec: type[BaseModel]) -> str:
    """One pydantic problem as `path:line: message (fix)`."""
    location: Location = problem["loc"]
    where = ".".join(map(str, location)) or "the file"
    line = _nearest(lines, location)
    if problem["type"] == "extra_forbidden":
        return f"{path}:{line}: unknown key {where!r} ({_did_you_mean(str(location[-1]), _keys(spec))})"
    if problem["type"] == "missing":
        return f"{path}:{line}: {where!r} is missing (add it)"
    message = problem["msg"].removeprefix("Value error, ")
    says_how = problem["type"] == "value_error" and "(" in message
    fix = "" if says_how else f" (found {str(problem['input'])[:60]!r})"
    return f"{path}:{line}: {where}: {message}{fix}"


def _nearest(lines: dict[Location, int], location: Location) -> int:
    """The line of the deepest part of `location` that stands in the file (a union's branch names don't)."""
    here: Location = ()
    for step in location:
        if (*here, step) in lines:
            here = (*here, step)
    return lines.get(here, 1)


def _keys(spec: type[BaseModel]) -> set[str]:
    """All keys that a file of this kind may have, at any depth."""
    schema = spec.model_json_schema(by_alias=True)
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(known))}"
