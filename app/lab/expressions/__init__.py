"""Expressions of x and y from text, with exact gradients; parsed by their own grammar, never run as code."""

from app.lab.expressions.nodes import Dual, Node
from app.lab.expressions.parsing import ExpressionError, parse

__all__ = ["Dual", "ExpressionError", "Node", "parse"]
