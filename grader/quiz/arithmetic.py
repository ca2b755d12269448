"""Arithmetic from a text: an author's answer over drawn names, or a learner's sum. Nothing else in it can run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

MAX_CHARACTERS = 200
OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.UAdd: operator.pos, ast.USub: operator.neg,
}  # fmt: skip
"""No powers: nine characters of them keep a processor busy for ever."""


def evaluate(expression: str, names: Mapping[str, Any]) -> float:
    """The value of numbers and names joined by + - * / and parentheses.

    Raises ValueError for anything else, a division by zero included; the message says what is allowed.
    """
    try:
        return float(_value(ast.parse(expression.strip()[:MAX_CHARACTERS], mode="eval").body, names))
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"{expression!r} has no value: {error}") from None


def _value(node: ast.expr, names: Mapping[str, Any]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if isinstance(names.get(name), int | float):
            return float(names[name])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(operand, names))
    known = f", and {', '.join(names)}" if names else ""
    raise ValueError(f"{ast.unparse(node)!r} is not allowed (numbers, + - * / and parentheses{known})")
