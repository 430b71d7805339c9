"""Read a size from untrusted JSON: an integer, or text in a small grammar parsed here and never evaluated.

    sum     = product (("+" | "-") product)*
    product = unary (("*" | "/") unary)*
    unary   = ("+" | "-") unary | power
    power   = primary ["**" unary]
    primary = integer | name | ("floor" | "ceiling" | "min" | "max") "(" sum ("," sum)* ")" | "(" sum ")"

Names are ASCII letters, digits and underscore, starting with a letter; each stands for a positive integer.
"""

import re
from functools import lru_cache
from typing import Final

from app.shapes.errors import SizeError
from app.shapes.sizes.bounds import upper_bound
from app.shapes.sizes.division import divide
from app.shapes.sizes.limits import LARGEST, MAX_DEPTH, MAX_TEXT, bounded_work
from app.shapes.sizes.polynomial import Expression, Size, symbol
from app.shapes.sizes.rounding import ceiling, floor, maximum, minimum, raise_to
from app.shapes.sizes.substitution import broken_at, is_whole, substitute
from app.shapes.sizes.text import to_text

FUNCTIONS: Final = ("floor", "ceiling", "min", "max")
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<integer>[0-9]+)|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<sign>\*\*|//|[-+*/(),^%]))"
)
_PARSE_WORK = 20_000
_MAX_NAME = 64


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Size:
    """Parse text of the grammar above into a size that is a whole number for all values of its symbols."""
    if len(text) > MAX_TEXT:
        raise SizeError(f"an expression of {len(text)} characters; at most {MAX_TEXT} are read")
    with bounded_work(_PARSE_WORK):
        size = _Parser(text).parse()
        if is_whole(size) is False:
            values = broken_at(size) or {}
            where = " and ".join(f"{name} = {value}" for name, value in values.items())
            at = f" (it is {to_text(substitute(size, values))} for {where})" if values else ""
            raise SizeError(
                f"{text.strip()} is not a whole number{at}; wrap divisions in floor() or ceiling()"
            )
    if isinstance(size, int) and abs(size) > LARGEST:
        raise SizeError(f"{text.strip()} is larger than {LARGEST}, the largest size PyTorch can hold")
    return size


def parse_size(raw: object, minimum_value: int = 1) -> Size:
    """A size from JSON, an int or an expression's text, or one made here; refuses booleans, floats, and
    what is always too small.
    """
    if isinstance(raw, str):
        size = parse_expression(raw)
    elif isinstance(raw, Expression) or (isinstance(raw, int) and not isinstance(raw, bool)):
        size = raw
    else:
        raise SizeError(f'expected an integer or an expression such as "2*NF", not {describe(raw)}')
    if isinstance(size, int):
        if size < minimum_value:
            raise SizeError(f"must be at least {minimum_value}, not {shorten(size)}")
        if size > LARGEST:
            raise SizeError(f"larger than {LARGEST}, the largest size PyTorch can hold")
    else:
        high = upper_bound(size)
        if high is not None and high < minimum_value:
            raise SizeError(f"{to_text(size)} is always below {minimum_value}")
    return size


def describe(raw: object) -> str:
    """A JSON value in a few words, for error messages."""
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return f'"{raw[:40]}…"' if len(raw) > 40 else f'"{raw}"'
    if isinstance(raw, (int, float)):
        return shorten(raw)
    return "an object" if isinstance(raw, dict) else "a list"


def shorten(number: float) -> str:
    """A number as text, cut when it has more than 30 digits."""
    if isinstance(number, int) and abs(number) >= 10**30:
        return "a number of more than 30 digits"
    return str(number)


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0

    def parse(self) -> Size:
        if not self.tokens:
            raise SizeError("an empty expression")
        size = self._sum()
        if self.position < len(self.tokens):
            raise SizeError(f"unexpected {self.tokens[self.position]!r} in an expression")
        return size

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _take(self, *expected: str) -> str:
        token = self._peek()
        if expected and token not in expected:
            raise SizeError(
                f"expected {expected[0]!r} but found {token!r}" if token else f"{expected[0]!r} is missing"
            )
        self.position += 1
        return token

    def _sum(self) -> Size:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SizeError(f"parentheses nest deeper than {MAX_DEPTH}")
        total = self._product()
        while (sign := self._peek()) in ("+", "-"):
            self._take()
            term = self._product()
            total = total + term if sign == "+" else total - term
        self.depth -= 1
        return total

    def _product(self) -> Size:
        total = self._unary()
        while (sign := self._peek()) in ("*", "/"):
            self._take()
            factor = self._unary()
            total = total * factor if sign == "*" else divide(total, factor)
        return total

    def _unary(self) -> Size:
        negative = False
        while (sign := self._peek()) in ("+", "-"):
            self._take()
            negative ^= sign == "-"
        size = self._power()
        return -size if negative else size

    def _power(self) -> Size:
        base = self._primary()
        if self._peek() != "**":
            return base
        self._take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SizeError(f"powers nest deeper than {MAX_DEPTH}")
        exponent = self._unary()
        self.depth -= 1
        return raise_to(base, exponent)

    def _primary(self) -> Size:
        token = self._take()
        if token == "(":
            size = self._sum()
            self._take(")")
            return size
        if token.isdigit():
            return _integer(token)
        if token in FUNCTIONS:
            return self._call(token)
        if token[:1].isalpha():
            if self._peek() == "(":
                raise SizeError(f"unknown function {token}; known are {', '.join(FUNCTIONS)}")
            return symbol(token)
        raise SizeError(
            f"unexpected {token!r} in an expression" if token else "the expression ends too early"
        )

    def _call(self, function: str) -> Size:
        if self._peek() != "(":
            raise SizeError(f"{function} is a function and cannot name a symbol: write {function}(…)")
        self._take("(")
        arguments = [self._sum()]
        while self._peek() == ",":
            self._take()
            arguments.append(self._sum())
        self._take(")")
        if function in ("floor", "ceiling"):
            if len(arguments) != 1:
                raise SizeError(f"{function} takes one argument, not {len(arguments)}")
            return floor(arguments[0]) if function == "floor" else ceiling(arguments[0])
        return minimum(*arguments) if function == "min" else maximum(*arguments)


def _integer(token: str) -> int:
    if len(token) > 19 or int(token) > LARGEST:
        raise SizeError(f"a number larger than {LARGEST}, the largest size PyTorch can hold")
    return int(token)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    stop = len(text.rstrip(" \t\r\n"))
    while position < stop:
        match = _TOKEN.match(text, position)
        if match is None:
            raise SizeError(f"unexpected character {text[position:].strip()[:1]!r} in an expression")
        token = match[match.lastgroup or 0]
        if token in _HINTS:
            raise SizeError(_HINTS[token])
        if len(token) > _MAX_NAME and not token.isdigit():
            raise SizeError(f"a symbol's name has more than {_MAX_NAME} characters")
        tokens.append(token)
        position = match.end()
    return tokens


_HINTS = {
    "//": "// is not part of the grammar: write floor(a/b)",
    "^": "^ is not part of the grammar: write a**b",
    "%": "% is not part of the grammar: write a - b*floor(a/b)",
}
