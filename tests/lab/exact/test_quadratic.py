"""a + b sqrt(m) against sympy."""

import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab.exact import Quadratic, root

small = st.fractions(-20, 20, max_denominator=15)


def in_sympy(number: Quadratic) -> sympy.Expr:
    a, b = (sympy.Rational(part.numerator, part.denominator) for part in (number.a, number.b))
    return a + b * sympy.sqrt(number.m)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Quadratic, Quadratic]:
    m = draw(st.sampled_from([2, 3, 6, 10, 41]))
    return Quadratic(draw(small), draw(small), m), Quadratic(draw(small), draw(small), m)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_arithmetic(pair: tuple[Quadratic, Quadratic]) -> None:
    left, right = pair
    a, b = in_sympy(left), in_sympy(right)
    assert sympy.expand(in_sympy(left + right) - (a + b)) == 0
    assert sympy.expand(in_sympy(left - right) - (a - b)) == 0
    assert sympy.expand(in_sympy(left * right) - a * b) == 0
    if right.sign:
        assert sympy.expand(in_sympy(left / right) * b - a) == 0
    else:
        with pytest.raises(ZeroDivisionError):
            left / right


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_sign_float_and_text(pair: tuple[Quadratic, Quadratic]) -> None:
    number = pair[0]
    exact = in_sympy(number)
    assert number.sign == sympy.sign(exact)
    assert float(number) == pytest.approx(float(exact.evalf(40)), rel=1e-15, abs=0)
    assert sympy.sympify(str(number), rational=True) - exact == 0


@given(st.fractions(0, 10**6, max_denominator=10**4))
def test_root_squares_to_its_argument(value: Fraction) -> None:
    found = root(value)
    square = found * found
    assert square == Quadratic(value)
    assert float(found) == pytest.approx(math.sqrt(value), rel=1e-14)


def test_nearly_cancelling_parts_keep_their_digits() -> None:
    # sqrt(2) to 30 digits, taken from sqrt(2)
    near = Quadratic(Fraction(-141421356237309504880168872420, 10**29), Fraction(1), 2)
    assert float(near) == pytest.approx(9.6980785696718753769e-30, rel=1e-12)


def test_roots_of_different_numbers_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        root(Fraction(2)) + root(Fraction(3))
    with pytest.raises(ValueError, match="negative"):
        root(Fraction(-1))
