"""Proven bounds hold for every value tried, and undecided questions say so."""

import pytest
from hypothesis import given, settings

from app.shapes.sizes import (
    known_at_least,
    known_equal,
    lower_bound,
    parse_expression,
    substitute,
    upper_bound,
)
from tests.shapes.sizes.test_polynomial import expressions, values


@settings(max_examples=300, deadline=None, derandomize=True)
@given(expressions, values)
def test_bounds_are_never_crossed(text: str, at: dict[str, int]) -> None:
    size = parse_expression(text)
    value = substitute(size, at)
    assert isinstance(value, int)
    low, high = lower_bound(size), upper_bound(size)
    assert low is None or low <= value
    assert high is None or value <= high


@settings(max_examples=200, deadline=None, derandomize=True)
@given(expressions, expressions, values)
def test_decided_comparisons_are_right(left: str, right: str, at: dict[str, int]) -> None:
    one, other = parse_expression(left), parse_expression(right)
    first, second = substitute(one, at), substitute(other, at)
    assert isinstance(first, int) and isinstance(second, int)
    assert known_at_least(one, other) in (None, first >= second)
    if known_equal(one, other) is not None:
        assert known_equal(one, other) == (first == second)


@pytest.mark.parametrize(
    ("left", "right", "known"),
    [
        ("H + 1", "H", True),
        ("H", "H + 1", False),
        ("2*H", "H + 1", True),
        ("k**2", "k", True),
        ("H*W", "H", True),
        ("floor(H/2)", "0", True),
        ("H", "2*floor(H/2)", True),
        ("2*floor((H + 1)/2)", "H", True),
        ("floor((H - 1)/2) + 1", "1", True),
        ("max(a, b)", "a", None),
        ("H", "2", None),
        ("a", "b", None),
        ("1 - H", "1", False),
    ],
)
def test_what_can_be_proved(left: str, right: str, known: bool | None) -> None:
    assert known_at_least(parse_expression(left), parse_expression(right)) is known
