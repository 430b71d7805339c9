"""Symbolic arithmetic against SymPy: same values, same expansion, same text."""

import math
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shapes.sizes import (
    Expression,
    Size,
    divide,
    floor,
    floor_ratio,
    fraction,
    maximum,
    minimum,
    parse_expression,
    substitute,
    symbol,
    symbols_of,
    to_text,
)
from app.shapes.sizes.limits import MAX_TEXT
from app.shapes.sizes.rounding import raise_to

NAMES = ("k", "NF", "S", "beta", "x1")
SYMBOLS = {name: sympy.Symbol(name, positive=True, integer=True) for name in NAMES}

polynomials = st.recursive(
    st.one_of(st.integers(-9, 9).map(str), st.sampled_from(NAMES)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda t: f"({t[0]})**{t[1]}"),
    ),
    max_leaves=8,
)
expressions = st.recursive(
    polynomials,
    lambda inner: st.one_of(
        st.tuples(inner, st.integers(1, 6)).map(lambda t: f"floor(({t[0]})/{t[1]})"),
        st.tuples(inner, st.integers(1, 6)).map(lambda t: f"ceiling(({t[0]})/{t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    ),
    max_leaves=6,
)
values = st.fixed_dictionaries({name: st.integers(1, 40) for name in NAMES})


def value_of(text: str, at: dict[str, int]) -> int:
    """Python's own exact value of an expression's text."""
    names: dict[str, Any] = {name: Fraction(value) for name, value in at.items()}
    functions = {"floor": math.floor, "ceiling": math.ceil, "min": min, "max": max, "__builtins__": {}}
    found = Fraction(eval(text, functions, names))
    assert found.denominator == 1
    return found.numerator


@settings(max_examples=150, deadline=None, derandomize=True)
@given(polynomials)
def test_polynomials_print_as_sympy_expands_them(text: str) -> None:
    expected = sympy.expand(sympy.sympify(text, locals=SYMBOLS))
    assert to_text(parse_expression(text)) == str(expected)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(expressions, values)
def test_values_survive_every_simplification(text: str, at: dict[str, int]) -> None:
    size = parse_expression(text)
    assert substitute(size, at) == value_of(text, at)
    shown = to_text(size)
    assert value_of(shown, at) == value_of(text, at)
    if len(shown) <= MAX_TEXT:
        assert parse_expression(shown) == size


@settings(max_examples=150, deadline=None, derandomize=True)
@given(polynomials, polynomials)
def test_equal_expressions_are_equal_objects(left: str, right: str) -> None:
    one, other = parse_expression(left), parse_expression(right)
    same = sympy.expand(sympy.sympify(f"({left}) - ({right})", locals=SYMBOLS)) == 0
    assert (one == other) == same
    if same:
        assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("floor((H - 1)/2) + 1", "floor((H - 1)/2) + 1"),
        ("floor((H + 1)/2)", "floor((H - 1)/2) + 1"),
        ("ceiling(H/2)", "floor((H - 1)/2) + 1"),
        ("floor(floor(H/2)/2)", "floor(H/4)"),
        ("floor((3*H - 1)/(2*s))", "floor((3*H - 1)/(2*s))"),
        ("floor(H/2 + W)", "W + floor(H/2)"),
        ("floor((s - 1)/s)", "0"),
        ("min(H, H + 1)", "H"),
        ("max(floor(H/2), floor((H + 1)/2), 1)", "floor((H - 1)/2) + 1"),
        ("min(a, min(c, b), a)", "min(a, b, c)"),
        ("C*F/g*g", "C*F"),
        ("(a**2 - b**2)/(a + b)", "a - b"),
        ("n*(n + 1)/2", "(n**2 + n)/2"),
        ("2**n*2**(n + 1)", "2*2**(2*n)"),
        ("4**n", "2**(2*n)"),
        ("k**n*k**m", "k**m*k**n"),
        ("40 - H", "40 - H"),
        ("(H + H) * 1 - 2*H + 7", "7"),
        ("32", "32"),
        (" + - + 3 + 4", "1"),
        ("2**3**2", "512"),
        ("-2**2 + 5", "1"),
    ],
)
def test_canonical_forms(text: str, plain: str) -> None:
    assert to_text(parse_expression(text)) == plain


def test_a_number_is_an_int() -> None:
    assert type(parse_expression("2*NF - NF - NF + 5")) is int
    assert type(substitute(parse_expression("2*NF"), {"NF": 3})) is int


def test_substitution_may_leave_a_fraction() -> None:
    size = substitute(divide(symbol("C"), symbol("g")), {"C": 3, "g": 2})
    assert isinstance(size, Expression) and size == fraction(3, 2)


def test_symbols_are_found_inside_calls() -> None:
    assert symbols_of(parse_expression("a + floor((b - 1)/2)*min(c, d)**2")) == {"a", "b", "c", "d"}


@given(st.integers(-50, 50), st.integers(1, 9))
def test_integers_stay_with_python(numerator: int, denominator: int) -> None:
    assert floor_ratio(numerator, denominator) == numerator // denominator
    assert floor(numerator) == numerator
    assert minimum(numerator, denominator) == min(numerator, denominator)
    assert maximum(numerator, denominator) == max(numerator, denominator)


def test_powers_with_symbols_above() -> None:
    size = raise_to(symbol("a") * 1, symbol("n"))
    assert substitute(size, {"a": 3, "n": 4}) == 81
    assert substitute(parse_expression("6**n"), {"n": 3}) == 216


def test_sizes_are_hashable_and_shown() -> None:
    size: Size = symbol("H") + 1
    assert {size: 1}[symbol("H") + 1] == 1
    assert "H" in repr(size)
