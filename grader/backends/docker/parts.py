"""A Dockerfile in parts: the engine's builder makes all of it but what RUN starts, and that runs in containers of ours.

Before each RUN the builder makes the image that it starts from; after it, its stage begins with what came out. To the reader
of the Dockerfile nothing changes: stages keep their names and numbers, and what an instruction means later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.backends.docker.dockerfile import BASES, Instruction, instructions, stage

LATER = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
"""How the finished image is run. A command that is run before must not have it, so it is said again after each."""
_NAME = re.compile(r"(?:^|\s)([A-Za-z_]\w*)(?==|\s|$)")
ASKED = "mlops-course.argument."
"""Labels under which the builder tells the values of a stage's arguments."""


@dataclass(frozen=True)
class Part:
    """A Dockerfile for the engine's builder, and the line of the whole one that each of its lines is from."""

    text: str
    origin: Sequence[int]

    def told(self, words: str) -> str:
        """The engine's words on it, line numbers as in the whole Dockerfile."""
        return re.sub(r"\bline (\d+)", lambda found: f"line {self._line(int(found[1]))}", words)

    def _line(self, number: int) -> int:
        return self.origin[number - 1] if 0 < number <= len(self.origin) else number


class Parts:
    """What is left to do of a Dockerfile in which `problem` found none."""

    def __init__(self, text: str) -> None:
        self._all = instructions(text)

    def command(self) -> Instruction | None:
        """The next RUN."""
        return next((one for one in self._all if one.word == "RUN"), None)

    def before(self, name: str) -> Part:
        """What comes before it, as a stage of this name, whose last layer tells the values of its arguments. What follows is
        there to be parsed: who misspelt something further down is told at once."""
        begins, at = self._where()
        first, *others = self._all[begins:at]
        base, _ = stage(first)
        until = [replace(first, rest=f"{base} AS {name}"), *(one for one in others if one.word not in LATER)]
        asked = " ".join(f'{ASKED}{argument}="${{{argument}}}"' for argument in _arguments(others))
        until += [replace(until[-1], word="LABEL", rest=asked)] if asked else []
        after = [Instruction(self._all[at].line, "FROM", BASES[0]), *(one for one in others if one.word in LATER)]
        return _part([*self._all[:begins], *until, *after, *self._all[at:]])

    def ran(self, image: str, arguments: Mapping[str, str]) -> None:
        """The RUN has been done, and made this image; the stage's arguments had these values, and keep them."""
        begins, at = self._where()
        first, *others = self._all[begins:at]
        _, name = stage(first)
        goes_on = replace(first, rest=f"{image} AS {name}" if name else image)
        values = [replace(first, word="ARG", rest=f"{name}={_quoted(value)}") for name, value in sorted(arguments.items())]
        self._all[begins : at + 1] = [goes_on, *values, *(one for one in others if one.word in LATER)]

    def whole(self) -> Part:
        """All of it, when no RUN is left."""
        return _part(self._all)

    def _where(self) -> tuple[int, int]:
        """Of the next RUN's stage the first, and the RUN itself."""
        at = next(number for number, one in enumerate(self._all) if one.word == "RUN")
        return max(number for number, one in enumerate(self._all[:at]) if one.word == "FROM"), at


def _part(found: Sequence[Instruction]) -> Part:
    return Part("".join(f"{one.text}\n" for one in found), [one.line for one in found])


def _arguments(found: Iterable[Instruction]) -> list[str]:
    return sorted({name for one in found if one.word == "ARG" for name in _NAME.findall(one.rest)})


def _quoted(value: str) -> str:
    escaped = re.sub(r'(["\\$])', r"\\\1", value).replace("\n", " ")  # the builder is given the values of such, and takes those
    return f'"{escaped}"'
