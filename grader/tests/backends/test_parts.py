"""A Dockerfile in parts: what the engine's builder is given around each command. (What comes of it: test_building.py.)"""

from __future__ import annotations

from typing import Any, cast

import pytest

from grader.backends.docker.building import _Build
from grader.backends.docker.parts import Parts
from grader.errors import OurFault

BASE = "python:3.11-slim-bookworm"
TEXT = f"""\
FROM {BASE} AS build
ARG A=1

CMD ["late"]
RUN one \\
  two
COPY x /x
RUN three
FROM build
RUN four
"""


def test_before_a_command() -> None:
    """What it starts from is a stage of its own, which ends with the values of the arguments; what follows is only parsed."""
    parts = Parts(TEXT)
    first = parts.before("part")
    assert first.text == (
        f'FROM {BASE} AS part\nARG A=1\nLABEL mlops-course.argument.A="${{A}}"\n'
        f'FROM {BASE}\nCMD ["late"]\nRUN one   two\nCOPY x /x\nRUN three\nFROM build\nRUN four\n'
    )
    assert first.told("error on line 6, line 9 and line 99") == "error on line 5, line 9 and line 99"


def test_after_a_command() -> None:
    """Its stage goes on from the image that it made, under its old name, with the values that the arguments had."""
    parts = Parts(TEXT)
    parts.ran("sha256:1", {"A": 'say "$1"'})
    assert parts.before("part").text == (
        'FROM sha256:1 AS part\nARG A="say \\"\\$1\\""\nCOPY x /x\nLABEL mlops-course.argument.A="${A}"\n'
        f'FROM {BASE}\nCMD ["late"]\nRUN three\nFROM build\nRUN four\n'
    )
    parts.ran("sha256:2", {"A": ""})
    assert parts.before("part").text == (
        f'FROM sha256:2 AS build\nARG A=""\nCMD ["late"]\nFROM build AS part\nFROM {BASE}\nRUN four\n'
    )
    parts.ran("sha256:3", {})
    assert parts.command() is None
    assert parts.whole().text == 'FROM sha256:2 AS build\nARG A=""\nCMD ["late"]\nFROM sha256:3\n'


def test_a_command_that_only_the_builder_sees() -> None:
    """Is not waited for: the step is told before it runs, and the build ends there."""
    with pytest.raises(OurFault, match="reads a command where we read none: Step 2/3 : run evil"):
        _Build(cast("Any", None)).hear("Step 2/3 : run evil\n")
