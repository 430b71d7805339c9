"""Grids as text, in fields and in links."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.convolve.grids import flipped, form_grid, integers, read_cell, read_grid, shown
from app.shapes import ShapeError

fractions = st.builds(Fraction, st.integers(-999, 999), st.integers(1, 99))
grids = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(fractions, min_size=width, max_size=width).map(tuple), min_size=1, max_size=5
    )
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        (" -3 ", -3),
        ("\N{MINUS SIGN}3", -3),
        ("+2", 2),
        ("0.25", Fraction(1, 4)),
        (".5", Fraction(1, 2)),
        ("7.", 7),
        ("-1/9", Fraction(-1, 9)),
        ("", 0),
        ("999999999", 999_999_999),
    ],
)
def test_cells_hold_integers_decimals_and_fractions(text: str, number: Fraction) -> None:
    assert read_cell(text, "") == number


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1e5",
        "1/0",
        "1/",
        "/2",
        "--1",
        "1 2",
        "NaN",
        "inf",
        "1_0",
        "\u0661",
        "9" * 10,
        "1/2/3",
        "0x10",
        ".",
    ],
)
def test_anything_else_is_refused_and_named(text: str) -> None:
    with pytest.raises(ShapeError, match=r"^kernel: row 1, column 0"):
        read_grid(f"1,2;{text},3", "kernel", 9)


@pytest.mark.parametrize(
    ("text", "why"),
    [("1,2;3", "as many numbers"), (",".join("0" * 10), "at most 9"), (";".join("0" * 10), "at most 9")],
)
def test_grids_have_one_width_and_a_largest_size(text: str, why: str) -> None:
    with pytest.raises(ShapeError, match=why):
        read_grid(text, "image", 9)


@given(grids)
def test_integers_are_the_grid_many_times(rows: list[tuple[Fraction, ...]]) -> None:
    grid = tuple(rows)
    whole, scale = integers(grid)
    assert tuple(tuple(Fraction(cell, scale) for cell in row) for row in whole) == grid
    assert read_grid(";".join(",".join(map(str, row)) for row in grid), "image", 5) == grid
    assert flipped(flipped(grid)) == grid and flipped(grid)[0][0] == grid[-1][-1]


def test_forms_hold_cells_and_a_size() -> None:
    cells = {"i.0.0": "1", "i.0.1": " 2 ", "i.1.0": "", "i.1.1": "0,5", "k.0.0": "9", "other": "7"}
    assert form_grid(cells, "i", 16) == "1,2;0,0.5"
    assert form_grid({**cells, "i.rows": "3", "i.columns": "1"}, "i", 16) == "1;0;0"
    assert form_grid({**cells, "i.rows": "99", "i.columns": "-1"}, "i", 3) == "1,2;0,0.5;0,0"
    assert form_grid({}, "i", 16) == "0"
    assert form_grid({"i.99.99": "1", "i.rows": "2", "i.columns": "2"}, "i", 16) == "0,0;0,0"


@pytest.mark.parametrize(
    ("number", "plain", "fraction"),
    [
        (Fraction(-3), "\N{MINUS SIGN}3", "\N{MINUS SIGN}3"),
        (Fraction(1, 2), "0.5", "1/2"),
        (Fraction(-5, 16), "\N{MINUS SIGN}0.312", "\N{MINUS SIGN}5/16"),
        (Fraction(1, 3), "0.333", "1/3"),
        (Fraction(1, 100_000), "0", "0"),
        (Fraction(12345, 1001), "12.333", "12.333"),
    ],
)
def test_numbers_are_shown_short(number: Fraction, plain: str, fraction: str) -> None:
    assert (shown(number), shown(number, True)) == (plain, fraction)
