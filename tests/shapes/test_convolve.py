"""Convolving by hand: the write-up's filter, PyTorch as the oracle, exact integers, and limits."""

import random
import time
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shapes import ShapeError
from app.shapes.convolve import compute, convolve, parse_task, terms

IMAGE = [[0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
WRITE_UP = [[0, 0, -1, -1, -1], [-1, -2, 3, 2, 4], [4, 2, 1, 2, -2], [-2, 3, 1, 3, -1], [0, -2, 4, -2, 0]]


@pytest.mark.parametrize("padding", ["same", 1, [1, 1]])
def test_the_write_ups_filter(padding: Any) -> None:
    assert convolve({"image": IMAGE, "kernel": SHARPEN, "padding": padding}) == {"output": WRITE_UP}


def test_convolution_flips_and_cross_correlation_does_not() -> None:
    body = {"image": [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "kernel": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}
    assert convolve(body)["output"] == body["kernel"]
    assert convolve({**body, "mode": "cross-correlation"})["output"] == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Random grids of integers that fit PyTorch's exact range."""

    def grid(side: int) -> list[list[int]]:
        rows, columns = draw(st.integers(1, side)), draw(st.integers(1, side))
        return [[draw(st.integers(-9, 9)) for _ in range(columns)] for _ in range(rows)]

    pair = st.one_of(st.integers(1, 3), st.lists(st.integers(1, 3), min_size=2, max_size=2))
    pads = st.one_of(st.sampled_from(["same", "valid", "full"]), st.integers(0, 3))
    return {
        "image": grid(7),
        "kernel": grid(4),
        "mode": draw(st.sampled_from(["convolution", "cross-correlation"])),
        "padding": draw(pads),
        "stride": draw(pair),
        "dilation": draw(pair),
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(requests())
def test_agrees_with_pytorch(body: dict[str, Any]) -> None:
    image, kernel = torch.tensor(body["image"]).double(), torch.tensor(body["kernel"]).double()
    if body["mode"] == "convolution":
        kernel = kernel.flip(0, 1)
    dilation = body["dilation"] if isinstance(body["dilation"], list) else [body["dilation"]] * 2
    reach = [dilation[axis] * (kernel.shape[axis] - 1) for axis in (0, 1)]
    sides = {
        "valid": (0, 0, 0, 0),
        "full": (reach[1], reach[1], reach[0], reach[0]),
        "same": (reach[1] // 2, reach[1] - reach[1] // 2, reach[0] // 2, reach[0] - reach[0] // 2),
    }
    padding = body["padding"]
    padded = torch.nn.functional.pad(image, sides[padding] if isinstance(padding, str) else (padding,) * 4)
    try:
        expected = torch.nn.functional.conv2d(
            padded[None, None], kernel[None, None], stride=body["stride"], dilation=body["dilation"]
        )
    except RuntimeError:
        with pytest.raises(ShapeError, match="larger than the padded image"):
            convolve(body)
        return
    assert convolve(body)["output"] == expected[0, 0].long().tolist()


def test_large_integers_are_exact() -> None:
    huge = 10**200
    assert convolve({"image": [[huge, 1]], "kernel": [[huge]], "padding": 0})["output"] == [
        [huge * huge, huge]
    ]
    edge = 2**62
    assert convolve({"image": [[edge] * 4], "kernel": [[3] * 4], "padding": "valid"})["output"] == [
        [12 * edge]
    ]


def test_integers_in_integers_out_and_floats_stay_floats() -> None:
    (row,) = convolve({"image": [[1, 2]], "kernel": [[2]]})["output"]  # type: ignore[misc]
    assert [type(value) for value in row] == [int, int]  # type: ignore[has-type]
    assert convolve({"image": [[1, 2]], "kernel": [[0.5]]}) == {"output": [[0.5, 1.0]]}


def test_the_terms_of_a_sum_add_up() -> None:
    task = parse_task({"image": IMAGE, "kernel": [[1, 2], [3, 4]], "stride": 2, "padding": 1})
    output = compute(task)
    for row, line in enumerate(output):
        for column, value in enumerate(line):
            assert value == sum(pixel * weight for _, _, pixel, weight in terms(task, row, column))
    assert terms(task, 0, 0)[0] == (-1, -1, 0, 4)


BASE: dict[str, Any] = {"image": IMAGE, "kernel": SHARPEN}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"image": None}, "/image"),
        ({"image": []}, "/image"),
        ({"image": [[]]}, "/image"),
        ({"image": [1, 2]}, "/image"),
        ({"image": "text"}, "/image"),
        ({"image": [[1, 2], [3]]}, "/image/1"),
        ({"image": [[1, "2"]]}, "/image/0/1"),
        ({"image": [[1, None]]}, "/image/0/1"),
        ({"image": [[True]]}, "/image/0/0"),
        ({"image": [[float("nan")]]}, "/image/0/0"),
        ({"image": [[float("inf")]]}, "/image/0/0"),
        ({"image": [[10**2000]]}, "/image/0/0"),
        ({"image": [[0] * 2000]}, "/image"),
        ({"image": [[0] * 1000] * 1000}, "/image"),
        ({"kernel": [[0] * 9] * 9, "padding": "valid"}, "/kernel"),
        ({"mode": "flip"}, "/mode"),
        ({"padding": "reflect"}, "/padding"),
        ({"padding": -1}, "/padding"),
        ({"padding": 1.0}, "/padding"),
        ({"padding": [1, 2, 3]}, "/padding"),
        ({"padding": 10**9}, "/padding"),
        ({"stride": 0}, "/stride"),
        ({"dilation": "d"}, "/dilation"),
        ({"color": 1}, "/color"),
        ({"image": [[0] * 256] * 256, "kernel": [[0] * 100] * 100}, ""),
        ({"padding": 1000}, ""),
        ({"image": [[10**300] * 100] * 100, "kernel": [[1] * 5] * 5}, ""),
        ({"image": [[10**400, 0.5]]}, ""),
        ({"image": [[1e308, 1e308]], "kernel": [[1e10]]}, ""),
    ],
)
def test_what_cannot_be_says_where(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ShapeError) as caught:
        convolve({**BASE, **change})
    assert caught.value.pointer == pointer, caught.value.detail


def test_the_largest_request_takes_no_time() -> None:
    numbers = random.Random(0)
    image = [[numbers.randint(-9, 9) for _ in range(256)] for _ in range(256)]
    kernel = [[numbers.randint(-9, 9) for _ in range(7)] for _ in range(7)]
    started = time.process_time()
    convolve({"image": image, "kernel": kernel})
    assert time.process_time() - started < 2
