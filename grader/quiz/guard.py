"""What a mended line may not use when it counts for marks: the ways into the interpreter by which a test can be made to pass.

The line runs in a sandbox, together with its test, so what is kept from it here is not the machine but the verdict. It is a
net, and no proof: a mended line earns one point of a quiz, and whoever teaches can read it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.spec.quiz import FixQuestion

NAMES = frozenset({
    "eval", "exec", "compile", "getattr", "setattr", "delattr", "globals", "locals", "vars", "open", "input", "breakpoint",
    "get_ipython", "exit", "quit", "type", "object", "super", "sys", "os", "builtins", "gc", "inspect",
})  # fmt: skip
FRAMES = ("f_", "tb_", "gi_", "cr_", "ag_", "co_")
"""How attributes begin that lead from an object to the frames and code around it."""


def breach(code: str, question: FixQuestion) -> str:
    """ "" or what the mended code uses of it that neither the given code nor the author's own mending does."""
    own = {what for text in (question.code, question.test) for what in _uses(text)}
    lines = question.code.splitlines()
    lines[question.line - 1] = question.fixed
    own |= set(_uses("\n".join(lines)))
    return next((what for what in _uses(code) if what not in own), "")


def _uses(code: str) -> Iterator[str]:
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # it won't run either
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield "an import"
        elif isinstance(node, ast.Name) and (node.id in NAMES or node.id.startswith("__")):
            yield node.id
        elif isinstance(node, ast.Attribute) and (node.attr in NAMES or node.attr.startswith(("__", *FRAMES))):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "__" in node.value:
            yield "a text with __ in it"
