"""Exact numbers a + b sqrt(m) with fractions a and b and one whole m: the field Q(sqrt m)."""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

_SMALL = 1000
"""Square factors of m up to this one's square are taken out of the root for reading."""


def root(value: Fraction) -> "Quadratic":
    """sqrt(value), exactly; value must not be negative."""
    if value < 0:
        raise ValueError("the root of a negative number")
    # sqrt(p/q) = sqrt(p q) / q
    m, b = value.numerator * value.denominator, Fraction(1, value.denominator)
    whole = isqrt(m)
    if whole * whole == m:
        return Quadratic(whole * b)
    for factor in range(2, _SMALL + 1):
        while m % (factor * factor) == 0:
            m //= factor * factor
            b *= factor
    return Quadratic(Fraction(0), b, m)


@dataclass(frozen=True, slots=True)
class Quadratic:
    """a + b sqrt(m), m no square. Numbers with different roots do not mix; b = 0 goes with any."""

    a: Fraction
    b: Fraction = Fraction(0)
    m: int = 1

    def _with(self, other: "Quadratic | Fraction | int") -> "tuple[Quadratic, int]":
        number = other if isinstance(other, Quadratic) else Quadratic(Fraction(other))
        if self.b and number.b and self.m != number.m:
            raise ValueError(f"sqrt({self.m}) and sqrt({number.m}) do not mix")
        return number, self.m if self.b else number.m

    def __add__(self, other: "Quadratic | Fraction | int") -> "Quadratic":
        number, m = self._with(other)
        return _made(self.a + number.a, self.b + number.b, m)

    def __neg__(self) -> "Quadratic":
        return Quadratic(-self.a, -self.b, self.m)

    def __sub__(self, other: "Quadratic | Fraction | int") -> "Quadratic":
        return self + (-other)

    def __mul__(self, other: "Quadratic | Fraction | int") -> "Quadratic":
        number, m = self._with(other)
        return _made(self.a * number.a + self.b * number.b * m, self.a * number.b + self.b * number.a, m)

    def __truediv__(self, other: "Quadratic | Fraction | int") -> "Quadratic":
        number, m = self._with(other)
        norm = number.a**2 - number.b**2 * m  # zero for zero alone, since m is no square
        if norm == 0:
            raise ZeroDivisionError("division by zero")
        return self * _made(number.a / norm, -number.b / norm, m)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        signs = (self.a > 0) - (self.a < 0), (self.b > 0) - (self.b < 0)
        if signs[0] * signs[1] >= 0:
            return signs[0] or signs[1]
        return signs[0] if self.a**2 > self.b**2 * self.m else signs[1]

    def __float__(self) -> float:
        if not self.b:
            return float(self.a)
        # a + b sqrt(m) can cancel: take the root to enough digits for what is left to be right.
        scale = 10**60
        root_m = Fraction(isqrt(self.m * scale * scale), scale)
        return float(self.a + self.b * root_m)

    def __str__(self) -> str:
        if not self.b:
            return str(self.a)
        size = "" if abs(self.b) == 1 else f"{abs(self.b)}*"
        term = f"{size}sqrt({self.m})"
        if not self.a:
            return f"-{term}" if self.b < 0 else term
        return f"{self.a} {'-' if self.b < 0 else '+'} {term}"


def _made(a: Fraction, b: Fraction, m: int) -> Quadratic:
    return Quadratic(a, b, m) if b else Quadratic(a)
