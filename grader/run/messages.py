"""What a kernel says, reduced to what an honest kernel says: any other message is thrown away as if it never came.

A student's code holds the kernel's sockets and its signing key, so it can send whatever it likes. What nbclient, papermill
and nbformat then make of it must never be an error of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DEEPEST = 64
"""Levels of nesting in a message or an answer; encoders and printers give up at some hundreds."""
BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What decoding a forged message may raise: a wrong signature, missing frames, no JSON, missing keys."""


def taken(session: Any, frames: list[bytes]) -> dict[str, Any] | None:
    """The message in these frames, or None when no honest kernel sends it."""
    try:
        message: dict[str, Any] = session.deserialize(session.feed_identities(frames)[1])
        if not _is_honest(message):
            return None
        message["content"] = plain(message["content"])
    except BROKEN:
        return None
    return message


def plain(value: Any, depth: int = 0) -> Any:
    """The JSON value with each half of a surrogate pair, which no file can hold, as a question mark.

    Raises ValueError when it is nested too deeply.
    """
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {plain(key, depth): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    return value


def _is_honest(message: Mapping[str, Any]) -> bool:
    """Whether header, parent and content have the form that the protocol gives this type. Widgets' messages have no reader."""
    content, parent = message["content"], message["parent_header"]
    if not isinstance(content, dict) or not isinstance(parent, dict) or not isinstance(parent.get("msg_id", ""), str):
        return False
    fits = FORMS.get(message["msg_type"])
    return fits is not None and isinstance(content.get("execution_count"), int | None) and fits(content)


def _is_output(content: Mapping[str, Any]) -> bool:
    data, transient = content["data"], content.get("transient") or {}
    texts = all(isinstance(item, str) or kind.endswith("json") for kind, item in data.items())
    return texts and isinstance(content["metadata"], dict) and isinstance(transient.get("display_id", ""), str | None)


def _is_error(content: Mapping[str, Any]) -> bool:
    lines = content["traceback"]
    return isinstance(lines, list) and all(isinstance(text, str) for text in (content["ename"], content["evalue"], *lines))


FORMS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "execute_reply": lambda content: content["status"] in ("ok", "error", "aborted"),
    "kernel_info_reply": lambda _: True,
    "status": lambda content: isinstance(content["execution_state"], str),
    "execute_input": lambda content: isinstance(content["code"], str),
    "stream": lambda content: content["name"] in ("stdout", "stderr") and isinstance(content["text"], str),
    "clear_output": lambda _: True,
    "display_data": _is_output,
    "update_display_data": _is_output,
    "execute_result": _is_output,
    "error": _is_error,
}
