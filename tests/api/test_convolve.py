"""POST /convolve: the write-up's filter, both modes, every padding, integers exact; against PyTorch."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.api.shapes_service import Service, started

IMAGE = [[0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
PRINTED = [[0, 0, -1, -1, -1], [-1, -2, 3, 2, 4], [4, 2, 1, 2, -2], [-2, 3, 1, 3, -1], [0, -2, 4, -2, 0]]
MODES = ("convolution", "cross-correlation")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def output(service: Service, image: Any, kernel: Any, **more: Any) -> Any:
    return service.ask("/convolve", {"image": image, "kernel": kernel, **more})["output"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [1, "same", [1, 1]])
def test_the_write_ups_filter(service: Service, mode: str, padding: object) -> None:
    assert output(service, IMAGE, SHARPEN, mode=mode, padding=padding) == PRINTED


def test_convolution_flips_the_kernel_and_cross_correlation_does_not(service: Service) -> None:
    image, kernel = [[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert output(service, image, kernel, mode="convolution", padding=1) == kernel
    flipped = [row[::-1] for row in kernel[::-1]]
    assert output(service, image, kernel, mode="cross-correlation", padding=1) == flipped


def expected(image: Any, kernel: Any, mode: str, padding: Any, stride: int, dilation: int) -> Any:
    """What PyTorch computes, in double precision, padding put around by hand."""
    x, w = (torch.tensor(grid, dtype=torch.float64)[None, None] for grid in (image, kernel))
    if mode == "convolution":
        w = w.flip(-1, -2)
    reach = [dilation * (size - 1) for size in w.shape[2:]]
    before = {"valid": [0, 0], "full": reach, "same": [r // 2 for r in reach]}.get(padding, [padding] * 2)
    after = {"same": [r - r // 2 for r in reach]}.get(padding, before)
    x = F.pad(x, (before[1], after[1], before[0], after[0]))
    return F.conv2d(x, w, stride=stride, dilation=dilation)[0, 0].tolist()


@pytest.mark.parametrize("seed", range(40))
def test_agrees_with_pytorch_and_integers_stay_integers(service: Service, seed: int) -> None:
    draw = random.Random(seed)
    sides = [draw.randint(4, 9), draw.randint(4, 9), draw.randint(1, 4), draw.randint(1, 4)]
    image, kernel = (
        [[draw.randint(-9, 9) for _ in range(columns)] for _ in range(rows)]
        for rows, columns in ((sides[0], sides[1]), (sides[2], sides[3]))
    )
    settings = (
        draw.choice(MODES),
        draw.choice(["same", "valid", "full", 0, 1, 2]),
        draw.randint(1, 3),
        1 if draw.random() < 0.7 or max(sides[2:]) > 2 else 2,
    )
    names = dict(zip(("mode", "padding", "stride", "dilation"), settings, strict=True))
    found = output(service, image, kernel, **names)
    assert found == expected(image, kernel, *settings)
    assert all(type(value) is int for row in found for value in row)
    halves = [[value / 2 for value in row] for row in image]
    floats = output(service, halves, kernel, **names)
    assert floats == [[value / 2 for value in row] for row in found]
    assert all(type(value) is float for row in floats for value in row)


@pytest.mark.parametrize("bits", [31, 62, 63, 64, 200, 2000])
def test_integers_are_exact_however_large(service: Service, bits: int) -> None:
    large = 2**bits - 1
    found = output(service, [[large, 1], [-large, 7]], [[large, -1]], mode="cross-correlation", padding=1)
    rows = [[0, large, 1, 0], [0, -large, 7, 0]]
    sums = [[row[i] * large - row[i + 1] for i in range(3)] for row in rows]
    assert found == [[0] * 3, *sums, [0] * 3]


def test_the_sum_behind_one_output(service: Service) -> None:
    body = {"image": IMAGE, "kernel": SHARPEN, "mode": "convolution", "padding": 1}
    found = service.ask("/convolve/terms?row=1&column=0", body)
    assert found["sum"] == sum(term["product"] for term in found["terms"]) == PRINTED[1][0]
    assert len(found["terms"]) == 9
    outside = [term for term in found["terms"] if term["column"] < 0]
    assert len(outside) == 3 and all(term["image"] == 0 for term in outside)
    assert service.refusal("/convolve/terms?row=5&column=0", body)[0] == "/row"
    for query in ("row=-1&column=0", "row=0", "row=a&column=0", "row=0&column=9999999999"):
        assert service.post(f"/convolve/terms?{query}", body).status_code == 422


BASE: dict[str, Any] = {"image": IMAGE, "kernel": SHARPEN}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"image": None}, "/image"),
        ({"image": []}, "/image"),
        ({"image": [[]]}, "/image"),
        ({"image": [[1, 2], [3]]}, "/image/1"),
        ({"image": [[1, "2"]]}, "/image/0/1"),
        ({"image": [[True]]}, "/image/0/0"),
        ({"image": [[float("nan")]]}, "/image/0/0"),
        ({"image": [[10**4000]]}, "/image/0/0"),
        ({"image": [[0] * 300] * 300}, "/image"),
        ({"kernel": [[1] * 9] * 9, "padding": "valid"}, "/kernel"),
        ({"mode": "flip"}, "/mode"),
        ({"padding": "reflect"}, "/padding"),
        ({"padding": -1}, "/padding"),
        ({"padding": 10**9}, "/padding"),
        ({"stride": 0}, "/stride"),
        ({"dilation": [1, 0]}, "/dilation/1"),
        ({"in~side/out": 1}, "/in~0side~1out"),
        ({"image": [[0] * 256] * 256, "kernel": [[0] * 90] * 90}, ""),
        ({"image": [[1e308, 1e308]], "kernel": [[1e10]]}, ""),
        ({"image": [[10**400, 0.5]]}, ""),
    ],
)
def test_what_cannot_be_says_where(service: Service, change: dict[str, Any], pointer: str) -> None:
    for path in ("/convolve", "/convolve/terms?row=0&column=0"):
        where, why = service.refusal(path, {**BASE, **change})
        assert where == pointer, why
