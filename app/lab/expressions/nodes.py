"""The tree of an expression: its value, its gradient in forward mode, and its LaTeX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Dual(NamedTuple):
    """A value with its derivatives by x and by y; arrays of one shape."""

    value: Array
    x: Array
    y: Array


class Node(Protocol):
    """Part of an expression. Where a value is not defined it is NaN."""

    def at(self, x: Array, y: Array) -> Dual:
        """Value and gradient at points."""
        ...

    def latex(self) -> str:
        """LaTeX of the part."""
        ...

    @property
    def binds(self) -> int:
        """How tightly it holds together: 0 sum, 1 product, 2 sign, 3 power, 4 whole."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A number; pi and e have names."""

    value: float
    name: str = ""

    def at(self, x: Array, y: Array) -> Dual:
        """The same everywhere."""
        zero = np.zeros_like(x)
        return Dual(np.full_like(x, self.value), zero, zero)

    def latex(self) -> str:
        """Its name or digits."""
        return self.name or f"{self.value:.12g}"

    @property
    def binds(self) -> int:
        """Whole."""
        return 4


@dataclass(frozen=True, slots=True)
class Variable:
    """x or y."""

    name: str

    def at(self, x: Array, y: Array) -> Dual:
        """Itself, with derivative 1 by itself."""
        one, zero = np.ones_like(x), np.zeros_like(x)
        return Dual(x, one, zero) if self.name == "x" else Dual(y, zero, one)

    def latex(self) -> str:
        """Its name."""
        return self.name

    @property
    def binds(self) -> int:
        """Whole."""
        return 4


@dataclass(frozen=True, slots=True)
class Negative:
    """-a."""

    inner: Node

    def at(self, x: Array, y: Array) -> Dual:
        """All signs turned."""
        value, dx, dy = self.inner.at(x, y)
        return Dual(-value, -dx, -dy)

    def latex(self) -> str:
        """A minus before it."""
        return f"-{_wrapped(self.inner, 2)}"

    @property
    def binds(self) -> int:
        """As a sign."""
        return 2


@dataclass(frozen=True, slots=True)
class Binary:
    """a + b, a - b, a * b, a / b or a ** b."""

    sign: str
    left: Node
    right: Node

    def at(self, x: Array, y: Array) -> Dual:
        """By the rules of differentiation."""
        return _RULES[self.sign](self.left.at(x, y), self.right.at(x, y))

    def latex(self) -> str:
        """A fraction, a power, or the sign between."""
        if self.sign == "/":
            return rf"\frac{{{self.left.latex()}}}{{{self.right.latex()}}}"
        if self.sign == "**":
            return f"{_wrapped(self.left, 4)}^{{{self.right.latex()}}}"
        if self.sign == "*":
            # A digit after the sign needs the dot: 2 3 would read as 23.
            left, right = _wrapped(self.left, 1), _wrapped(self.right, 2)
            return rf"{left} \cdot {right}" if right[:1].isdigit() else rf"{left}\,{right}"
        return f"{self.left.latex()} {self.sign} {_wrapped(self.right, 1)}"

    @property
    def binds(self) -> int:
        """By the sign."""
        return {"+": 0, "-": 0, "*": 1, "/": 3, "**": 3}[self.sign]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument."""

    name: str
    inner: Node

    def at(self, x: Array, y: Array) -> Dual:
        """By the chain rule."""
        value, dx, dy = self.inner.at(x, y)
        function, derivative, _ = FUNCTIONS[self.name]
        slope = derivative(value)
        return Dual(function(value), _chain(slope, dx), _chain(slope, dy))

    def latex(self) -> str:
        """Its usual notation."""
        return FUNCTIONS[self.name][2] % self.inner.latex()

    @property
    def binds(self) -> int:
        """Whole."""
        return 4


def _wrapped(node: Node, least: int) -> str:
    text = node.latex()
    return text if node.binds >= least else rf"\left({text}\right)"


def _power(a: Dual, b: Dual) -> Dual:
    value = np.power(a.value, b.value)
    slope = np.where(b.value == 0, 0.0, b.value * np.power(a.value, b.value - 1))
    if not (b.x.any() or b.y.any()):
        return Dual(value, _chain(slope, a.x), _chain(slope, a.y))
    growth = value * np.log(a.value)
    dx = _chain(slope, a.x) + _chain(growth, b.x)
    return Dual(value, dx, _chain(slope, a.y) + _chain(growth, b.y))


def _chain(slope: Array, inner: Array) -> Array:
    """slope * inner, and 0 where the inside does not change, however steep the outside is."""
    return np.where(inner == 0, 0.0, slope * inner)


_RULES: Mapping[str, Callable[[Dual, Dual], Dual]] = {
    "+": lambda a, b: Dual(a.value + b.value, a.x + b.x, a.y + b.y),
    "-": lambda a, b: Dual(a.value - b.value, a.x - b.x, a.y - b.y),
    "*": lambda a, b: Dual(a.value * b.value, a.x * b.value + a.value * b.x, a.y * b.value + a.value * b.y),
    "/": lambda a, b: Dual(
        a.value / b.value,
        (a.x - a.value / b.value * b.x) / b.value,
        (a.y - a.value / b.value * b.y) / b.value,
    ),
    "**": _power,
}

_Function = Callable[[Array], Array]
FUNCTIONS: Mapping[str, tuple[_Function, _Function, str]] = {
    "sin": (np.sin, np.cos, r"\sin\left(%s\right)"),
    "cos": (np.cos, lambda v: -np.sin(v), r"\cos\left(%s\right)"),
    "tan": (np.tan, lambda v: 1 / np.cos(v) ** 2, r"\tan\left(%s\right)"),
    "tanh": (np.tanh, lambda v: 1 - np.tanh(v) ** 2, r"\tanh\left(%s\right)"),
    "exp": (np.exp, np.exp, r"\exp\left(%s\right)"),
    "log": (np.log, lambda v: 1 / v, r"\ln\left(%s\right)"),
    "sqrt": (np.sqrt, lambda v: 0.5 / np.sqrt(v), r"\sqrt{%s}"),
    "abs": (np.abs, np.sign, r"\left|%s\right|"),
}
"""Each function's value, derivative and LaTeX."""
