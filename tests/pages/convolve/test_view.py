"""What the page shows of a convolution, against SciPy and against its own sums."""

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d, correlate2d  # type: ignore[import-untyped]

from app.pages.convolve.grids import Grid
from app.pages.convolve.presets import IMAGES, KERNELS
from app.pages.convolve.view import Asked, View, view

WRITE_UP = ["0 0 -1 -1 -1", "-1 -2 3 2 4", "4 2 1 2 -2", "-2 3 1 3 -1", "0 -2 4 -2 0"]


def asked(
    image: str = IMAGES["write-up"].grid, kernel: str = KERNELS["sharpen"].grid, **changes: str
) -> Asked:
    fields = {"mode": "convolution", "padding": "1", "stride": "1", "dilation": "1", **changes}
    return Asked(image, kernel, **fields)


def text(grid: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    return ";".join(",".join(map(str, row)) for row in grid.tolist())


def numbers(grid: Grid) -> list[list[float]]:
    return [[float(cell) for cell in row] for row in grid]


def number(text: str) -> Fraction:
    return Fraction(text.replace("\N{MINUS SIGN}", "-"))


def test_the_write_ups_filter() -> None:
    shown = view(asked())
    assert [" ".join(str(cell) for cell in row) for row in shown.output] == WRITE_UP
    assert shown.place == (2, 2) and shown.total == "1"


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_outputs_are_scipys(data: st.DataObject) -> None:
    cells = st.integers(-9, 9)
    sides = [data.draw(st.integers(1, 6)) for _ in range(2)], [data.draw(st.integers(1, 4)) for _ in range(2)]
    image, kernel = (
        np.array(data.draw(st.lists(cells, min_size=prod(side), max_size=prod(side)))).reshape(side)
        for side in sides
    )
    mode = data.draw(st.sampled_from(["convolution", "cross-correlation"]))
    shown = view(asked(text(image), text(kernel), mode=mode, padding="full"))
    oracle = convolve2d if mode == "convolution" else correlate2d
    assert numbers(shown.output) == oracle(image, kernel, mode="full").tolist()


def test_fractions_stay_exact_and_are_shown_as_they_were_typed() -> None:
    shown = view(asked(kernel="1/9,1/9,1/9;1/9,1/9,1/9;1/9,1/9,1/9", padding="same"))
    assert shown.output[2][2] == Fraction(8, 9)
    assert shown.results[2][2].text == "8/9"
    decimal = view(asked(kernel="0.5", padding="valid"))
    assert decimal.output[1][2] == Fraction(1, 2) and decimal.results[1][2].text == "0.5"
    assert decimal.body["kernel"] == [[0.5]] and decimal.body["image"][1] == [0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    "changes", [{}, {"padding": "full", "dilation": "2"}, {"mode": "cross-correlation"}, {"stride": "2"}]
)
def test_every_sum_adds_up_and_names_its_window(changes: dict[str, str]) -> None:
    kernel = KERNELS["emboss"].grid
    whole = view(asked(kernel=kernel, **changes))
    for row in range(len(whole.output)):
        for column in range(len(whole.output[0])):
            shown = view(asked(kernel=kernel, row=str(row), column=str(column), **changes))
            assert shown.place == (row, column)
            products = [number(term.image) * number(term.kernel) for term in shown.terms]
            assert sum(products) == shown.output[row][column] == number(shown.total)
            assert [term.zero for term in shown.terms] == [product == 0 for product in products]
            seen = [cell for line in shown.padded for cell in line if cell.weight]
            assert [cell.weight for cell in seen] == [term.kernel for term in shown.terms]
            assert [not cell.name for cell in seen] == [term.padding for term in shown.terms]


def walk(shown: View) -> list[tuple[int, int]]:
    places = [shown.place]
    while (link := shown.step(1)) is not None:
        query = dict(pair.split("=") for pair in link.partition("?")[2].split("&"))
        shown = view(asked(row=query["row"], column=query["column"]))
        places.append(shown.place)
    return places


def test_steps_read_the_output_from_its_first_to_its_last() -> None:
    first = view(asked(row="0", column="0"))
    assert first.step(-1) is None
    assert walk(first) == [(row, column) for row in range(5) for column in range(5)]


@pytest.mark.parametrize(
    ("row", "place"), [("99", 4), ("-1", 2), ("x", 2), ("", 2), ("9" * 50, 2), ("\u0661", 2)]
)
def test_places_that_are_none_are_moved(row: str, place: int) -> None:
    assert view(asked(row=row)).place[0] == place


def test_links_leave_out_what_is_usual_and_lead_back() -> None:
    assert asked().address() == "/convolve"
    assert asked(padding="same").address(row=1, column=0) == "/convolve?padding=same&row=1&column=0"
    assert "kernel=1/9,0;0,2" in asked(kernel="1/9,0;0,2").address()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kernel": "1,a"}, "kernel: row 0, column 1"),
        ({"image": "1;2,3"}, "image: every row"),
        ({"padding": "valid", "kernel": ";".join(["0,0,0,0,0,0"] * 6)}, "larger than the padded image"),
        ({"padding": "none"}, "padding"),
        ({"padding": "-1"}, "padding"),
        ({"stride": "0"}, "stride"),
        ({"stride": "9" * 12}, "stride"),
        ({"dilation": "1.5"}, "dilation"),
    ],
)
def test_problems_are_told(changes: dict[str, str], why: str) -> None:
    shown = view(asked(**changes))
    assert shown.problem is not None and why in shown.problem.detail
    assert shown.output == ()


def test_tones_grow_with_size_on_both_sides_of_zero() -> None:
    cells = view(asked(image="-8,-2,0,1,4", kernel="1", padding="valid")).results[0]
    assert [cell.tone for cell in cells] == ["minus-4", "minus-1", "", "plus-1", "plus-2"]
