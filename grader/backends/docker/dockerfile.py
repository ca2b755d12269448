"""What somebody's Dockerfile may say: nothing that makes the engine itself fetch something, since no network holds that, or
write where no limit holds.

A build's own commands run without a way out. But `FROM` and `COPY --from` make the engine pull, `ADD` makes it download,
`VOLUME` is a folder of its disk, `ONBUILD` hides instructions from a reader, and an `escape` directive changes what a line is.
"""

from __future__ import annotations

import re

BASES = ("python:3.11-slim-bookworm",)
"""Images that a build may start from: those that this machine has anyway."""
_STAGE = re.compile(r"(?P<base>\S+)(?:\s+AS\s+(?P<name>[\w.-]+))?", re.IGNORECASE)
_FROM = re.compile(r"--from=(\S+)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*(escape|syntax)\s*=", re.IGNORECASE)


def problem(text: str) -> str:
    """What a build may not do of all that this Dockerfile says; "" when there is nothing."""
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return "line 1: it holds characters that can't be seen (write plain text, lines ended by a line feed alone)"
    stages: list[str] = []
    for number, line in _instructions(text):
        word, rest = (*line.split(maxsplit=1), "")[:2]
        found = _of(word.upper(), rest.strip(), stages)
        if found:
            return f"line {number}: {found}"
    return ""


def most_steps(text: str) -> int:
    """How many steps a build of this Dockerfile has at most: an instruction each, and one for the labels it is given."""
    return len(_instructions(text)) + 1


def _of(word: str, rest: str, stages: list[str]) -> str:
    if word.startswith("#"):
        return f"the directive `{word} {rest}`: leave it out" if _DIRECTIVE.match(f"{word} {rest}") else ""
    if word == "ADD":
        return "ADD may fetch from anywhere: use COPY"
    if word == "VOLUME":
        return "VOLUME gives what runs a place on the machine's disk, without a limit: leave it out"
    if word == "ONBUILD":
        return "ONBUILD puts off what it does: write it where it happens"
    if word == "FROM":
        stage = _STAGE.fullmatch(rest)
        if stage is None or stage["base"].lower() not in (*BASES, *stages):
            return f"FROM {rest}: start from {BASES[0]}, or from a stage above"
        stages.append((stage["name"] or f"{len(stages)}").lower())
    for source in _FROM.findall(rest) if word == "COPY" else ():
        if source.lower() not in (*BASES, *stages, *map(str, range(len(stages)))):
            return f"COPY --from={source}: there is no stage of that name above"
    return ""


def _instructions(text: str) -> list[tuple[int, str]]:
    """Each instruction and each comment with the number of its first line, continued lines joined as the engine does:
    with nothing between, comments and empty lines among them left out."""
    found: list[tuple[int, str]] = []
    start, begun = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or (start and stripped.startswith("#")):
            continue
        start, begun = start or number, begun + line
        if stripped.endswith("\\") and not stripped.startswith("#"):
            begun = begun.rstrip()[:-1]
            continue
        found.append((start, begun.strip()))
        start, begun = 0, ""
    return [*found, (start, begun.strip())] if begun.strip() else found
