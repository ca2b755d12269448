"""What a submitted Dockerfile may not say."""

from __future__ import annotations

import pytest

from grader.backends.docker.dockerfile import problem

BASE = "python:3.11-slim-bookworm"
ALLOWED = {
    "one stage": f"FROM {BASE}\nRUN true\n",
    "two stages": f"FROM {BASE} AS build\nRUN true\nFROM {BASE}\nCOPY --from=build /a /a\n",
    "a stage on a stage": f"from {BASE} as Build\nFROM build\nCOPY --from=0 /a /a\n",
    "comments between continued lines": f"# syntax is fine\nFROM {BASE}\nRUN a \\\n  # ADD http://x /\n\n  && b\n",
    "words inside a command": f"FROM {BASE}\nRUN echo ADD http://x / && echo FROM evil\n",
}
REFUSED = {
    "nothing": ("", "line 1: it holds no instruction"),
    "nothing but a comment": ("# later\n", "line 1: it holds no instruction"),
    "no stage": ("ARG A=1\nRUN true\n", "line 2: RUN comes before any FROM"),
    "a mount": (
        f"FROM {BASE}\nRUN --mount=type=cache,target=/c true\n",
        "line 2: RUN --mount=type=cache,target=/c is BuildKit's",
    ),
    "no such base": ("FROM debian\n", "line 1: FROM debian"),
    "a base with a digest": (f"FROM {BASE}@sha256:{'0' * 64}\n", "line 1: FROM"),
    "a platform": (f"FROM --platform=linux/arm64 {BASE}\n", "line 1: FROM"),
    "a base from an argument": (f"ARG X=debian\nFROM $X\nFROM {BASE}\n", "line 2: FROM $X"),
    "a stage further down": (f"FROM later\nFROM {BASE} AS later\n", "line 1: FROM later"),
    "a download": (f"FROM {BASE}\nADD https://example.org/x /x\n", "line 2: ADD"),
    "a download behind a tab": (f"FROM {BASE}\n\tADD\thttps://example.org/x /x\n", "line 2: ADD"),
    "a download put off": (f"FROM {BASE}\nONBUILD ADD https://example.org/x /x\n", "line 2: ONBUILD"),
    "a text in the Dockerfile": (f"FROM {BASE}\nCOPY <<X /x\nRUN true\nX\n", "line 2: COPY << is BuildKit's"),
    "a folder of the machine": (f"FROM {BASE}\nVOLUME /srv\n", "line 2: VOLUME"),
    "a copy from an image": (f"FROM {BASE}\nCOPY --chown=1 --from=debian /a /a\n", "line 2: COPY --from=debian"),
    "a copy from an argument": (f"FROM {BASE}\nARG X=debian\nCOPY --from=$X /a /a\n", "line 3: COPY --from=$X"),
    "another escape": (f"# escape=`\nFROM {BASE}\n", "line 1: the directive"),
    "another frontend": (f"#syntax=somebody/frontend\nFROM {BASE}\n", "line 1: the directive"),
    "a line end of another kind": (f"FROM {BASE}\nCOPY a b \\\x0b\nADD https://x /x\n", "line 1: it holds characters"),
    "a hidden character": (f"FROM {BASE}\n\u200bADD https://example.org/x /x\n", "line 1: it holds characters"),
    "continued": (f"FROM {BASE}\nAD\\\nD https://example.org/x /x\n", "line 2: "),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(name: str) -> None:
    """What only uses this machine's base and the build's own stages."""
    assert problem(ALLOWED[name]) == ""


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Whatever makes the engine fetch, write without a limit, or might hide that, with its line."""
    text, beginning = REFUSED[name]
    assert problem(text).startswith(beginning)
