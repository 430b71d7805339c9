"""Borders of prints are found where they were put, and nowhere else."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from app.imaging.color import rgb_to_gray
from app.imaging.frame import Frame, find_frame, leave_gray

Gray = NDArray[Any]


def mounted(picture: Gray, top: int, bottom: int, left: int, right: int, paper: int = 235) -> Gray:
    """A picture on paper that is a little uneven, scanned as JPEG."""
    height, width = picture.shape
    print_ = np.full((height + top + bottom, width + left + right), float(paper))
    print_ += np.random.default_rng(3).normal(0, 1.5, print_.shape)
    print_[top : top + height, left : left + width] = picture
    buffer = BytesIO()
    Image.fromarray(print_.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("sides", [(30, 30, 30, 30), (20, 120, 22, 24), (9, 11, 8, 10), (60, 60, 90, 90)])
@pytest.mark.parametrize("paper", [170, 235, 255])
def test_a_border_is_found_to_the_pixel(
    camera: NDArray[np.uint8], sides: tuple[int, int, int, int], paper: int
) -> None:
    picture = np.minimum(camera, 225) if paper == 235 else camera // 2 + 20
    top, _, left, _ = sides
    found = find_frame(mounted(picture, *sides, paper=paper))
    assert found is not None
    expected = (top, top + 512, left, left + 512)
    for here, there in zip((found.top, found.bottom, found.left, found.right), expected, strict=True):
        assert abs(here - there) <= 2


def test_large_scans_and_16_bits(camera: NDArray[np.uint8]) -> None:
    """Looked at in every fourth sample first, then to the pixel."""
    large = np.asarray(Image.fromarray(camera).resize((1300, 1300))) // 2
    scan = np.pad(large, ((41, 53), (37, 61)), constant_values=240)
    expected = Frame(41, 41 + 1300, 37, 37 + 1300)
    assert find_frame(scan) == expected
    assert find_frame(scan.astype(np.uint16) * 257) == expected


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "cat"])
def test_photographs_without_a_border_have_none(name: str) -> None:
    assert find_frame(rgb_to_gray(getattr(skimage.data, name)())) is None


def test_what_only_resembles_a_border(camera: NDArray[np.uint8]) -> None:
    three_sides = np.pad(camera // 2, ((30, 0), (30, 30)), constant_values=240)
    assert find_frame(three_sides) is None, "a sky or a wall"
    assert find_frame(np.pad(camera // 2 + 60, 30, constant_values=10)) is None, "dark: a slide's mask"
    rows = np.linspace(150, 250, 512)[:, None]
    slope = np.broadcast_to(rows, (512, 512)).astype(np.uint8)
    assert find_frame(slope) is None, "no edge anywhere"
    y, x = np.mgrid[-200:200, -200:200]
    thing = np.where(np.hypot(y, x) < 150, 60, 245).astype(np.uint8)
    assert find_frame(thing) is None, "a thing on a white background touches no frame"


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (1, 5000), (63, 900)])
def test_plain_and_tiny_pictures_have_none(shape: tuple[int, int], value: int) -> None:
    assert find_frame(np.full(shape, value, dtype=np.uint8)) is None


def test_only_the_border_is_left_gray() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    gray = rgb_to_gray(rgb)
    before, frame = rgb.copy(), Frame(2, 7, 3, 10)
    leave_gray(rgb, gray, frame)
    np.testing.assert_array_equal(rgb[2:7, 3:10], before[2:7, 3:10])
    outside = np.ones((9, 12), dtype=bool)
    outside[2:7, 3:10] = False
    np.testing.assert_array_equal(rgb[outside], np.repeat(gray[outside][:, None], 3, axis=1))
    for y in range(9):
        for x in range(12):
            assert frame.borders((x + 0.5) / 12, (y + 0.5) / 9, rgb.shape) == outside[y, x]
