from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lab.exact import parse_fraction


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2/7", Fraction(2, 7)),
        (" -3 / 6 ", Fraction(-1, 2)),
        (0.91, Fraction(91, 100)),
        ("0.2", Fraction(1, 5)),
        (".5", Fraction(1, 2)),
        ("1e-3", Fraction(1, 1000)),
        (1e-7, Fraction(1, 10**7)),
        ("1.5/3", Fraction(1, 2)),
        (12, Fraction(12)),
        ("+4", Fraction(4)),
    ],
)
def test_numbers_mean_what_is_written(raw: Any, expected: Fraction) -> None:
    assert parse_fraction(raw) == expected


@given(st.fractions(max_denominator=10**6).filter(lambda value: abs(value) < 10**12))
def test_every_fraction_comes_back_from_its_text(value: Fraction) -> None:
    assert parse_fraction(str(value)) == value


@pytest.mark.parametrize(
    "raw",
    ["", "1/0", "1/2/3", "one", "1e1000", "1_000", "0x10", "\u0661", "9" * 30, None, True, [1], float("inf")],
)
def test_anything_else_is_refused_at_once(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"number|divides"):
        parse_fraction(raw)
