"""Argument values out of Python source: literals, and arithmetic in names as size expressions; nothing is
run.
"""

import ast
import math
import warnings
from typing import Any, Literal

from app.shapes.errors import ShapeError
from app.shapes.sizes import LARGEST, parse_expression, to_json

MAX_TEXT = 200_000


class ImportRefused(ShapeError):
    """Text that is no printed module and no `nn.Sequential(…)` source that can be read without running it."""


def parse_source(text: str) -> ast.expr:
    """The one expression in a piece of Python source."""
    tree = _parsed(text.strip(), "eval")
    assert isinstance(tree, ast.Expression)
    return tree.body


def parse_module(text: str) -> ast.Module:
    """A piece of Python source as a whole."""
    tree = _parsed(text, "exec")
    assert isinstance(tree, ast.Module)
    return tree


def _parsed(text: str, mode: Literal["eval", "exec"]) -> ast.AST:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes and numbers, which are refused further on
            tree: ast.AST = ast.parse(text, mode=mode)
            return tree
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ImportRefused("this is no Python that can be read") from None


def shown(node: ast.AST) -> str:
    """The beginning of a piece of source, for a message."""
    try:
        return ast.unparse(node)[:60]
    except (RecursionError, ValueError):  # nested deep, or an integer of thousands of digits
        return "something too long to show"


def value_of(node: ast.expr) -> Any:
    """A literal as JSON, or arithmetic in names as the text of a size."""
    if isinstance(node, ast.Constant):
        if _plain(node.value):
            return node.value
        raise ImportRefused(f"{shown(node)} is no value that a layer takes")
    if isinstance(node, (ast.Tuple, ast.List)):
        return [value_of(item) for item in node.elts]
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        value = node.operand.value
        if isinstance(value, (int, float)) and not isinstance(value, bool) and _plain(value):
            return -value
    if isinstance(node, (ast.Name, ast.BinOp, ast.UnaryOp, ast.Call)):
        return to_json(parse_expression(_grammar(node)))
    raise ImportRefused(f"{shown(node)} cannot be read without running it")


def keywords_of(kind: str, call: ast.Call) -> dict[str, Any]:
    """The keyword arguments of a layer's call, each once."""
    keywords: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ImportRefused(f"{kind}(**…) cannot be read without running it")
        if keyword.arg in keywords:
            raise ImportRefused(f"{kind} has {keyword.arg[:40]} twice")
        keywords[keyword.arg] = value_of(keyword.value)
    return keywords


def _plain(value: object) -> bool:
    """Whether JSON can hold a literal, and PyTorch too."""
    if isinstance(value, int):
        return abs(value) <= LARGEST
    return value is None or isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}


def _grammar(node: ast.expr, depth: int = 0) -> str:
    """Arithmetic as text of the size grammar; `//` becomes a floor."""
    if depth > 40:
        raise ImportRefused("an expression nests too deep")
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return str(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"(-{_grammar(node.operand, depth + 1)})"
    if isinstance(node, ast.BinOp):
        left, right = _grammar(node.left, depth + 1), _grammar(node.right, depth + 1)
        if isinstance(node.op, ast.FloorDiv):
            return f"floor(({left})/({right}))"
        if type(node.op) in _OPERATORS:
            return f"({left}){_OPERATORS[type(node.op)]}({right})"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        return f"{node.func.id}({', '.join(_grammar(item, depth + 1) for item in node.args)})"
    raise ImportRefused(f"{shown(node)} cannot be read without running it")
