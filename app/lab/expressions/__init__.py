"""Expressions of x and y from text, with exact gradients; parsed by a grammar of its own, never evaluated as code."""

from app.lab.expressions.nodes import Dual, Node
from app.lab.expressions.parsing import ExpressionError, parse

__all__ = ["Dual", "ExpressionError", "Node", "parse"]
