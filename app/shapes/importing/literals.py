"""Argument values out of Python source: literals, and arithmetic in names as size expressions; nothing is
run.
"""

import ast
import warnings
from typing import Any

from app.shapes.errors import ShapeError
from app.shapes.sizes import parse_expression, to_json

MAX_TEXT = 200_000


class ImportRefused(ShapeError):
    """Text that is no printed module and no `nn.Sequential(…)` source that can be read without running it."""


def parse_source(text: str) -> ast.expr:
    """The one expression in a piece of Python source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes and numbers, which are refused further on
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ImportRefused("this is no Python expression that can be read") from None


def value_of(node: ast.expr) -> Any:
    """A literal as JSON, or arithmetic in names as the text of a size."""
    if isinstance(node, ast.Constant):
        if node.value is None or isinstance(node.value, (bool, int, float, str)):
            return node.value
        raise ImportRefused(f"{ast.unparse(node)[:60]} is no value that a layer takes")
    if isinstance(node, (ast.Tuple, ast.List)):
        return [value_of(item) for item in node.elts]
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        value = node.operand.value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return -value
    if isinstance(node, (ast.Name, ast.BinOp, ast.UnaryOp, ast.Call)):
        return to_json(parse_expression(_grammar(node)))
    raise ImportRefused(f"{ast.unparse(node)[:60]} cannot be read without running it")


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
    raise ImportRefused(f"{ast.unparse(node)[:60]} cannot be read without running it")
