"""Read an expression of x and y from untrusted text.

sum     = product (("+" | "-") product)*
product = sign (("*" | "/") sign)*
sign    = ("+" | "-") sign | power
power   = primary ["**" sign]
primary = number | "x" | "y" | "pi" | "e" | function "(" sum ")" | "(" sum ")"
"""

import math
import re
from functools import lru_cache

from app.lab.expressions.nodes import FUNCTIONS, Binary, Call, Constant, Negative, Node, Variable

MAX_TEXT = 300
MAX_DEPTH = 80
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\*\*|[-+*/(),^]))"
)
_CONSTANTS = {"pi": Constant(math.pi, r"\pi"), "e": Constant(math.e, "e")}


class ExpressionError(ValueError):
    """Text that is not an expression of x and y; the message says where and why."""


@lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """The expression's tree; raises ExpressionError."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"an expression of {len(text)} characters; at most {MAX_TEXT} are read")
    parser = _Parser(_tokens(text))
    node = parser.sum()
    if parser.peek():
        raise ExpressionError(f"unexpected {parser.peek()!r}{parser.hint()}")
    return node


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"unexpected character {text[position:].strip()[:1]!r}")
        tokens.append(match[match.lastgroup or 0])
        position = match.end()
    if not tokens:
        raise ExpressionError("an empty expression")
    return tokens


class _Parser:
    """Recursive descent, one method a rule."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.position, self.depth = tokens, 0, 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def hint(self) -> str:
        token = self.peek()
        if token == "^":
            return ": write a**b for a power"
        return ": write * between factors" if token[:1].isalnum() or token == "(" else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def sum(self) -> Node:
        self._deeper()
        node = self._product()
        while (sign := self.peek()) in ("+", "-"):
            self.take()
            node = Binary(sign, node, self._product())
        self.depth -= 1
        return node

    def _product(self) -> Node:
        node = self._sign()
        while (sign := self.peek()) in ("*", "/"):
            self.take()
            node = Binary(sign, node, self._sign())
        return node

    def _sign(self) -> Node:
        self._deeper()
        if self.peek() in ("+", "-"):
            negative = self.take() == "-"
            inner = self._sign()
            node: Node = Negative(inner) if negative else inner
        else:
            node = self._power()
        self.depth -= 1
        return node

    def _power(self) -> Node:
        base = self._primary()
        if self.peek() != "**":
            return base
        self.take()
        return Binary("**", base, self._sign())

    def _primary(self) -> Node:
        token = self.take()
        if not token:
            raise ExpressionError("the expression ends too early")
        if token == "(":
            return self._closed()
        if token in ("x", "y"):
            return Variable(token)
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if token in FUNCTIONS:
            if self.take() != "(":
                raise ExpressionError(f"{token} is a function: write {token}(…)")
            return Call(token, self._closed())
        if token[0].isdigit() or token[0] == ".":
            return self._number(token)
        if token[0].isalpha() or token[0] == "_":
            known = ", ".join(["x", "y", *_CONSTANTS, *FUNCTIONS])
            raise ExpressionError(f"unknown name {token[:30]!r}; known are {known}")
        raise ExpressionError(f"unexpected {token!r}")

    def _closed(self) -> Node:
        node = self.sum()
        if (token := self.take()) != ")":
            raise ExpressionError(f"expected ')' but found {token!r}" if token else "')' is missing")
        return node

    def _number(self, token: str) -> Node:
        value = float(token)
        if not math.isfinite(value):
            raise ExpressionError(f"{token} is larger than any number that can be held")
        return Constant(value)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("parentheses, signs or powers nest too deeply")
