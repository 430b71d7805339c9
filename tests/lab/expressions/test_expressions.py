"""The grammar against Python's and sympy's own, gradients against sympy's, and text that is refused."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from latex2mathml.converter import convert

from app.lab.expressions import ExpressionError, parse
from app.lab.expressions.nodes import FUNCTIONS
from app.lab.surfaces import SURFACES

X, Y = sympy.symbols("x y", real=True)
NAMES = {"x": X, "y": Y, "pi": sympy.pi, "e": sympy.E, "abs": sympy.Abs}


def texts() -> st.SearchStrategy[str]:
    """Expressions of the grammar; powers small and whole so that values stay finite."""
    leaves = st.one_of(st.sampled_from(["x", "y", "pi", "e"]), st.integers(0, 9).map(str), st.just("0.5"))

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
            inner.map(lambda text: f"({text})"),
            inner.map(lambda text: f"-{text}"),
            st.tuples(inner, st.integers(1, 3)).map(lambda pair: f"({pair[0]})**{pair[1]}"),
            st.tuples(st.sampled_from(["sin", "cos", "tanh", "abs"]), inner).map(
                lambda pair: f"{pair[0]}({pair[1]})"
            ),
        )

    return st.recursive(leaves, extend, max_leaves=8)


PLACES = st.floats(-2, 2).map(lambda value: round(value, 3))
"""Nearer to 0 the oracle's forty digits cancel: 1/sin(y) - y cos(y)/sin(y)**2 at y = 1e-60 is 0 to it."""


@settings(max_examples=150, deadline=None)
@given(texts(), PLACES, PLACES)
def test_values_and_gradients_against_sympy(text: str, x: float, y: float) -> None:
    exact = sympy.sympify(text, locals=NAMES)
    at = {X: sympy.Float(x, 40), Y: sympy.Float(y, 40)}
    with np.errstate(all="ignore"):
        found = parse(text).at(np.array([x]), np.array([y]))
    expected = [exact, sympy.diff(exact, X), sympy.diff(exact, Y)]
    for value, formula in zip(found, expected, strict=True):
        wanted = sympy.N(formula.subs(at), 30)
        if not wanted.is_real or not wanted.is_finite or abs(wanted) > 1e8 or formula.has(sympy.sign):
            continue  # not defined there, or at a kink of abs
        if not math.isfinite(float(value[0])):
            continue  # rounding put a zero into a denominator
        scale = 1e-9 * (1 + abs(float(wanted)))
        if _steep(exact, at):
            continue
        assert abs(float(value[0]) - float(wanted)) <= scale, (text, formula)


def _steep(exact: sympy.Expr, at: dict[sympy.Symbol, sympy.Float]) -> bool:
    """Whether a tiny change of the point changes the value by far: rounding is then no fault of ours."""
    value = sympy.N(exact.subs(at), 30)
    moved = sympy.N(exact.subs({symbol: number * (1 + 1e-12) + 1e-14 for symbol, number in at.items()}), 30)
    return not moved.is_real or abs(moved - value) > 1e-6 * (1 + abs(value))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_against_finite_differences(name: str) -> None:
    x, y = np.array([0.3, 0.9, 1.7]), np.array([0.2, -0.1, 0.4])
    node, width = parse(f"{name}(x + 2*y*y)"), 1e-6
    found = node.at(x, y)
    slope_x = (node.at(x + width, y).value - node.at(x - width, y).value) / (2 * width)
    slope_y = (node.at(x, y + width).value - node.at(x, y - width).value) / (2 * width)
    np.testing.assert_allclose(found.x, slope_x, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.y, slope_y, rtol=1e-8, atol=1e-9)


def test_a_power_with_a_variable_exponent() -> None:
    found = parse("x**(y*x)").at(np.array([1.5]), np.array([0.7]))
    exact = X ** (Y * X)
    for value, formula in zip(found, (exact, sympy.diff(exact, X), sympy.diff(exact, Y)), strict=True):
        assert value[0] == pytest.approx(float(formula.subs({X: 1.5, Y: 0.7})), rel=1e-13)


def test_a_steep_part_does_not_spoil_the_other_axis() -> None:
    with np.errstate(all="ignore"):
        found = parse("sqrt(x) + y**2").at(np.array([0.0]), np.array([3.0]))
    assert found.y[0] == 6 and np.isinf(found.x[0])


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces_are_flat_at_their_known_minima_and_can_be_printed(name: str) -> None:
    surface = SURFACES[name]
    node = parse(surface.expression)
    assert "<math" in convert(node.latex())
    for x, y in surface.minima:
        value, dx, dy = node.at(np.array([x]), np.array([y]))
        assert abs(value[0]) < 1e-12 and np.hypot(dx, dy)[0] < 1e-10


@settings(max_examples=60, deadline=None)
@given(texts())
def test_latex_of_anything_can_be_shown(text: str) -> None:
    assert "<math" in convert(parse(text).latex())


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("2*3*x", r"2 \cdot 3\,x"),
        ("-(x+y)**2", r"-\left(x + y\right)^{2}"),
        ("(-x)**2", r"\left(-x\right)^{2}"),
        ("x - (y - 1)", r"x - \left(y - 1\right)"),
        ("x/(y/2)", r"\frac{x}{\frac{y}{2}}"),
        ("(x + y)*(x - y)", r"\left(x + y\right)\,\left(x - y\right)"),
    ],
)
def test_latex_keeps_the_meaning(text: str, latex: str) -> None:
    assert parse(text).latex() == latex


PRECEDENCE = {
    "-2**2": -4.0,
    "2**3**2": 512.0,
    "8/4/2": 1.0,
    "2 - 3 - 4": -5.0,
    "2**-1": 0.5,
    "--x": 1.0,
    "1e-3*1E3": 1.0,
    ".5 + 1.": 1.5,
}


@pytest.mark.parametrize("text", PRECEDENCE)
def test_precedence_is_mathematics_own(text: str) -> None:
    assert parse(text).at(np.array([1.0]), np.array([1.0])).value[0] == PRECEDENCE[text]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("2x", r"write \*"),
        ("x^2", r"a\*\*b"),
        ("(x", "missing"),
        ("x)", "unexpected"),
        ("x +", "too early"),
        ("sin x", r"sin\("),
        ("foo(x)", "unknown name"),
        ("__import__('os')", "unexpected character"),
        ("x.real", "unexpected"),
        ("x; y", "unexpected character"),
        ("lambda: 1", "unexpected character"),
        ("1e999", "larger than any number"),
        ("x,y", "unexpected"),
        ("(" * 60 + "x" + ")" * 60, "too deeply"),
        ("-" * 200 + "x", "too deeply"),
        ("x**" * 90 + "x", "too deeply"),
        ("x+" * 200 + "x", "characters"),
        ("\u0661 + x", "unexpected character"),
    ],
)
def test_anything_else_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        parse(text)
