"""Puts one question at a time to the student's kernel and takes back size-capped plain JSON: a witness's word."""

from __future__ import annotations

import contextlib
import functools
import json
import secrets
import time
from dataclasses import dataclass
from importlib import resources
from queue import Empty
from typing import Any

from jupyter_core.utils import run_sync

from grader.errors import OurFault
from grader.run.kernel import Kernel

MAX_ANSWER = 4 * 2**20
"""An answer is at most 4 MiB of JSON."""
GRACE_SECONDS = 5.0
"""How long an interrupted question may take to end."""
PATIENCE, IMPATIENCE = 2, 8
"""After questions have hung for PATIENCE times the limit in all, each later one gets the IMPATIENCE-th part of it."""
MOST_DRAINED = 1000
MAX_DEPTH = 32


class NoAnswer(Exception):
    """The kernel's answer is an error of the student's code: `kind` says which, `message` is for the student, `raised` is
    the exception's type where there was one."""

    def __init__(self, kind: str, message: str, raised: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.raised = kind, message, raised


@dataclass(frozen=True)
class Csv:
    """An argument that arrives in the kernel as a pandas DataFrame read from this text."""

    text: str


class Witness:
    """The student's kernel after its cells have run."""

    def __init__(self, kernel: Kernel, seconds: float) -> None:
        self._kernel = kernel
        self._seconds = seconds
        self._lost = 0.0
        """Seconds waited in vain."""
        self._stuck = False
        """Whether a question ignored its interruption: the kernel takes no other until that one ends."""

    def value(self, name: str) -> Any:
        """The notebook's global variable `name` as plain JSON. Raises NoAnswer."""
        return self._ask({"kind": "value", "name": name})

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """What the notebook's function `name` returns for these arguments (plain JSON or Csv). Raises NoAnswer."""
        encoded = [_encode(a) for a in args], {k: _encode(v) for k, v in kwargs.items()}
        return self._ask({"kind": "call", "name": name, "args": encoded[0], "kwargs": encoded[1]})

    def file(self, path: str, cap: int) -> bytes:
        """A regular file of the work folder, of at most `cap` bytes. Raises NoAnswer."""
        try:
            return self._kernel.sandbox.read(path, cap)
        except FileNotFoundError:
            raise NoAnswer("missing", f"there is no file {path}") from None
        except ValueError as error:
            raise NoAnswer("unreadable", str(error)) from None

    def define(self, source: str) -> None:
        """Run the author's own code in this kernel, so that its functions can be called. Raises OurFault."""
        problem = self.tried(source)
        if problem:
            raise OurFault(f"the lab's examiner.py broke in its sandbox: {problem}")

    def tried(self, source: str) -> str:
        """Run code in this kernel: "" when it came to its end, else what it raised, or that time was up."""
        reply = run_sync(self._execute)(source)
        return "" if reply.get("status") == "ok" else f"{reply.get('ename')}: {reply.get('evalue')}"

    async def _execute(self, source: str) -> dict[str, Any]:
        client = self._kernel.client
        message = client.execute(source, silent=True, store_history=False, allow_stdin=False)
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline and self._kernel.sandbox.poll() is None:
            await self._drain()
            with contextlib.suppress(Empty):
                reply = await client.shell_channel.get_msg(timeout=0.25)
                if reply["parent_header"].get("msg_id") == message:
                    content: dict[str, Any] = reply["content"]
                    return content
        return {"ename": "TimeoutError", "evalue": f"no reply within {self._seconds:g} s"}

    def _ask(self, question: dict[str, Any]) -> Any:
        ended = self._kernel.sandbox.poll()
        if ended is not None:
            raise NoAnswer("gone", f"the kernel is no more: {ended.detail}")
        if self._stuck:
            raise NoAnswer("hangs", "the kernel still hangs in an earlier cell or question, and can't be interrupted")
        mime = f"application/x-answer-{secrets.token_hex(8)}"
        seconds = self._seconds if self._lost < PATIENCE * self._seconds else self._seconds / IMPATIENCE
        content = run_sync(self._exchange)({**question, "mime": mime, "cap": MAX_ANSWER}, mime, seconds)
        if not isinstance(content, dict):
            raise NoAnswer("garbled", "the kernel's reply is not an answer (is something in it replaced?)")
        if "value" in content:
            return _parse(content["value"])
        raise _problem(content, question["name"], seconds)

    async def _exchange(self, question: dict[str, Any], mime: str, seconds: float) -> Any:
        """Send, and wait for the reply to this very message; what the kernel prints meanwhile is thrown away."""
        client = self._kernel.client
        message = client.execute(
            "", silent=True, store_history=False, allow_stdin=False, user_expressions={"answer": _expression(question)}
        )
        deadline, interrupted = time.monotonic() + seconds, False
        while True:
            await self._drain()
            try:
                reply = await client.shell_channel.get_msg(timeout=min(0.25, max(0.01, deadline - time.monotonic())))
            except Empty:
                if self._kernel.sandbox.poll() is not None:
                    return {"error": "gone"}
                if time.monotonic() < deadline:
                    continue
                if interrupted:
                    self._stuck = True
                    return {"error": "hangs"}
                self._lost += seconds
                self._kernel.sandbox.interrupt()
                deadline, interrupted = time.monotonic() + GRACE_SECONDS, True
                continue
            if reply["parent_header"].get("msg_id") != message:
                continue
            if interrupted:
                return {"error": "hangs"}
            return _nested(reply, "content", "user_expressions", "answer", "data", mime)

    async def _drain(self) -> None:
        """Throw away what was printed; not all of it at once, for it may come faster than it is read."""
        with contextlib.suppress(Empty):
            for _ in range(MOST_DRAINED):
                await self._kernel.client.iopub_channel.get_msg(timeout=0)


def _nested(reply: Any, *keys: str) -> Any:
    """The value below these keys, or None where the kernel sent something else in their place."""
    for key in keys:
        reply = reply.get(key) if isinstance(reply, dict) else None
    return reply


def _expression(question: dict[str, Any]) -> str:
    """A Python expression that answers the question without touching the notebook's own names."""
    names = f"{{'question': __import__('json').loads({json.dumps(question)!r}), 'namespace': globals()}}"
    return f"(lambda names: (exec({_source()!r}, names), names['answer'])[1])({names})"


@functools.cache
def _source() -> str:
    return resources.files("grader.run").joinpath("answer.py").read_text(encoding="utf-8")


def _encode(argument: Any) -> Any:
    return {"csv": argument.text} if isinstance(argument, Csv) else argument


def _parse(text: Any) -> Any:
    if not isinstance(text, str) or len(text) > MAX_ANSWER:
        raise NoAnswer("garbled", "the kernel's reply is not an answer (is something in it replaced?)")
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text that anyone could send on
    except (ValueError, RecursionError):
        raise NoAnswer("garbled", "the kernel's reply is not plain JSON (is something in it replaced?)") from None
    if _depth(value) > MAX_DEPTH:
        raise NoAnswer("garbled", f"the kernel's reply is nested deeper than {MAX_DEPTH} levels")
    return value


def _depth(value: Any) -> int:
    """Levels of lists and dicts; walked without recursion, one level at a time."""
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _problem(content: dict[str, Any], name: str, seconds: float) -> NoAnswer:
    """The kernel's error as a sentence about the student's code. Every text in it is cut to size: it is their word."""
    kind, detail = str(content.get("error"))[:20], str(content.get("message", ""))[:300]
    raised = f"{str(content.get('type'))[:60]}: {detail}"
    line = content.get("line")
    at = f" (line {line} of its cell)" if isinstance(line, int) and line else ""
    texts = {
        "undefined": f"the notebook defines no {name!r}",
        "raised": f"{name} raised {raised}{at}",
        "unsendable": f"{name} gives a {str(content.get('type'))[:60]}, which is no plain value: {detail}",
        "too_large": f"{name} gives {detail} bytes of JSON, more than {MAX_ANSWER}",
        "hangs": f"{name} gave no answer within {seconds:g} s",
        "gone": f"{name} ended the kernel",
    }
    message = texts.get(kind, f"{name} gave no answer that can be read")
    return NoAnswer(kind if kind in texts else "garbled", message, str(content.get("type"))[:60] if kind == "raised" else "")
