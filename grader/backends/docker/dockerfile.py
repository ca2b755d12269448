"""What somebody's Dockerfile may say: nothing that makes the engine itself fetch something, since no network holds that, or
write where no limit holds.

A build's own commands run without a way out. But `FROM` and `COPY --from` make the engine pull, `ADD` makes it download,
`VOLUME` is a folder of its disk, `ONBUILD` and `COPY <<` hide instructions from a reader, and an `escape` directive changes
what a line is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BASES = ("python:3.11-slim-bookworm",)
"""Images that a build may start from: those that this machine has anyway."""
_STAGE = re.compile(r"(?P<base>\S+)(?:\s+AS\s+(?P<name>[\w.-]+))?", re.IGNORECASE)
_FROM = re.compile(r"--from=(\S+)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*(escape|syntax)\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class Instruction:
    """One of a Dockerfile's, continued lines joined: where it begins, its first word as the engine reads it, and the rest."""

    line: int
    word: str
    rest: str

    @property
    def text(self) -> str:
        """As one line."""
        return f"{self.word} {self.rest}".strip()


def instructions(text: str) -> list[Instruction]:
    """All but the comments."""
    return [one for one in _read(text) if not one.word.startswith("#")]


def stage(instruction: Instruction) -> tuple[str, str]:
    """Of a FROM: what it starts from, and its own name, "" where it has none."""
    found = _STAGE.fullmatch(instruction.rest)
    return (found["base"], found["name"] or "") if found else (instruction.rest, "")


def problem(text: str) -> str:
    """What a build may not do of all that this Dockerfile says; "" when there is nothing."""
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return "line 1: it holds characters that can't be seen (write plain text, lines ended by a line feed alone)"
    if not instructions(text):
        return f"line 1: it holds no instruction: begin with FROM {BASES[0]}"
    stages: list[str] = []
    for one in _read(text):
        found = _of(one.word, one.rest, stages)
        if found:
            return f"line {one.line}: {found}"
    return ""


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
        named = _STAGE.fullmatch(rest)
        if named is None or named["base"].lower() not in (*BASES, *stages):
            return f"FROM {rest}: start from {BASES[0]}, or from a stage above"
        stages.append((named["name"] or f"{len(stages)}").lower())
    if word == "RUN" and not stages:
        return f"RUN comes before any FROM: begin with FROM {BASES[0]}"
    if word == "RUN" and rest.startswith("--"):
        return f"RUN {rest.split()[0]} is BuildKit's: leave it out"
    if word == "COPY" and "<<" in rest:
        return "COPY << is BuildKit's, and may hide what follows: copy a file"
    for source in _FROM.findall(rest) if word == "COPY" else ():
        if source.lower() not in (*BASES, *stages, *map(str, range(len(stages)))):
            return f"COPY --from={source}: there is no stage of that name above"
    return ""


def _read(text: str) -> list[Instruction]:
    """Each instruction and each comment, continued lines joined as the engine does: with nothing between, comments and empty
    lines among them left out."""
    found: list[Instruction] = []
    start, begun = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or (start and stripped.startswith("#")):
            continue
        start, begun = start or number, begun + line
        if stripped.endswith("\\") and not stripped.startswith("#"):
            begun = begun.rstrip()[:-1]
            continue
        found.append(_split(start, begun))
        start, begun = 0, ""
    return [*found, _split(start, begun)] if begun.strip() else found


def _split(line: int, text: str) -> Instruction:
    word, rest = (*text.strip().split(maxsplit=1), "")[:2]
    return Instruction(line, word.upper(), rest.strip())
