"""What a mended line may use when it counts for marks: the language, its plain functions and values, and what the question has.

The line runs in a sandbox, together with its test, so what is kept from it here is not the machine but the verdict: nothing by
which an assertion could be made to mean something else. What is not known to be harmless is refused, when it is handed in.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from grader.spec.quiz import FixQuestion

PLAIN = frozenset({
    "abs", "all", "any", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate", "filter", "float", "format",
    "frozenset", "hash", "int", "isinstance", "iter", "len", "list", "map", "max", "min", "next", "ord", "pow", "print",
    "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "zip",
    "True", "False", "None", "NotImplemented", "Ellipsis",
})  # fmt: skip
"""Built-in names that lead nowhere."""
BUILT_IN = frozenset(dir(builtins)) | {"get_ipython", "display", "exit", "quit", "In", "Out"}
"""Those of Python, and those that a kernel adds."""
VALUES = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset, range)
METHODS = frozenset(name for kind in VALUES for name in dir(kind) if not name.startswith("_"))
TABLES = frozenset({
    "all", "any", "at", "dropna", "drop_duplicates", "duplicated", "eq", "fillna", "ge", "gt", "head", "iat", "iloc", "isin",
    "isna", "le", "loc", "lt", "max", "mean", "median", "min", "ne", "notna", "nunique", "shape", "size", "sort_values",
    "std", "sum", "tail", "unique",
})  # fmt: skip
"""Of pandas and numpy, what computes and evaluates no text (`query` and `eval` do)."""


def breach(code: str, question: FixQuestion) -> str:
    """ "" or what the mended code uses of it that neither the given code, its test nor the author's own mending does."""
    own = {what for text in (question.code, question.test) for what in _uses(text)}
    lines = question.code.splitlines()
    lines[question.line - 1] = question.fixed
    own |= set(_uses("\n".join(lines)))
    return next((what for what in _uses(code) if what not in own), "")


def _uses(code: str) -> Iterator[str]:
    """What might lead out of the question, in words that a learner can find in their line. Nothing of what is no Python: it is
    run as Python, so it fails."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        yield from (name for name in _identifiers(node) if name.startswith("__"))
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield "an import"
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield "global or nonlocal"
        elif isinstance(node, ast.Name) and not _harmless(node):
            yield node.id
        elif isinstance(node, ast.Attribute) and node.attr not in METHODS | TABLES:
            yield f".{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and "__" in str(node.value):
            yield "a text with __ in it"


def _harmless(name: ast.Name) -> bool:
    """A built-in name may be read if it is plain, and never be given another meaning; other names are the code's own."""
    if name.id not in BUILT_IN:
        return True
    kind = getattr(builtins, name.id, None)
    exception = isinstance(kind, type) and issubclass(kind, Exception)
    return isinstance(name.ctx, ast.Load) and (name.id in PLAIN or exception)


def _identifiers(node: ast.AST) -> Iterator[str]:
    """The names that a node gives or takes, other than a constant's text: of functions, classes, arguments, patterns."""
    for field, value in ast.iter_fields(node):
        if field not in ("value", "kind", "type_comment"):
            yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
