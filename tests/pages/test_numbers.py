"""Numbers and moments as people read them."""

from typing import Any

import pytest

from app.lab.shown import Check
from app.pages.numbers import bound, figure_title, lasted, moment, power_of_ten, scientific


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),  # noqa: RUF001
        (True, "yes"),
        (0, "0"),
        (0.0, "0"),
        (-12, "−12"),  # noqa: RUF001
        (1234567, "1,234,567"),
        (0.25, "0.25"),
        (-0.5, "−0.5"),  # noqa: RUF001
        (3.14159265, "3.142"),
        (12345.678, "12,346"),
        (1e-12, "10⁻¹²"),
        (1.708e-15, "1.708\u202f×\u202f10⁻¹⁵"),  # noqa: RUF001
        (-2.5e9, "−2.5\u202f×\u202f10⁹"),  # noqa: RUF001
        (float("inf"), "inf"),
        ("80/91", "80/91"),
    ],
)
def test_scientific(value: Any, text: str) -> None:
    assert scientific(value) == text


def test_power_of_ten() -> None:
    assert power_of_ten("1", 3) == "10³"


@pytest.mark.parametrize(
    ("check", "start"),
    [
        (Check.at_most("", 1.0, 2.0), "≤"),
        (Check.at_least("", 3.0, 2.0), "≥"),
        (Check.equal("", 2.0, 2.0), "="),
        (Check.at_most("", 3.0, 2.0), "2"),
        (Check.equal("", "a", "a"), "a"),
        (Check.equal("", True, True), "yes"),
    ],
)
def test_bound_says_no_more_than_is_known(check: Check, start: str) -> None:
    assert bound(check).startswith(start)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0321, "32 ms"), (1.25, "1.2 s"), (61.0, "1 min 1 s"), (7322.0, "2 h 2 min")]
)
def test_lasted(seconds: float, text: str) -> None:
    assert lasted(100.0, 100.0 + seconds) == text
    assert lasted(None, 1.0) == lasted(1.0, None) == scientific(None)


def test_moment() -> None:
    assert moment(0) == "1970-01-01 00:00:00 UTC" and moment(None) == ""


def test_figure_title() -> None:
    assert figure_title("relief") == "In three dimensions"
    assert figure_title("somebody-elses") == "Somebody elses"
