"""Measures in words."""

import pytest

from app.pages.measures import KNOWN, Measure, measure


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.41349, "41.35 %"),
        ("cross_entropy", 1.58771, "1.5877"),
        ("pixels", 1024000.0, "1,024,000"),
        ("pooled_psnr", 22.704, "22.70"),
        ("something_new", 0.5, "0.5000"),
        ("note", "five seeds", "five seeds"),
    ],
)
def test_values(name: str, value: float | str, text: str) -> None:
    assert measure(name).show(value) == text


def test_an_unknown_measure_keeps_its_name() -> None:
    assert measure("something_new") == Measure("Something new", 4)


def test_losses_are_better_when_small() -> None:
    assert not KNOWN["cross_entropy"].higher_is_better
    assert KNOWN["accuracy"].higher_is_better
