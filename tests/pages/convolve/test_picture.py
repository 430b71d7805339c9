"""A kernel on a picture, against SciPy."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.signal import convolve2d, correlate2d  # type: ignore[import-untyped]

from app.imaging.errors import PictureError, PictureTooLarge
from app.pages.convolve.grids import read_grid
from app.pages.convolve.picture import LARGEST_SIDE, VALUES, filtered, png, reduced, usual_values
from app.pages.convolve.presets import KERNELS
from app.pages.samples import gray

PICTURE = reduced(gray("coffee"), max_pixels=10**6)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("mode", ["convolution", "cross-correlation"])
def test_filtering_is_scipys_rounded_and_cut_off(name: str, mode: str) -> None:
    kernel = read_grid(KERNELS[name].grid, "kernel", 9)
    weights = [[float(cell) for cell in row] for row in kernel]
    oracle = convolve2d if mode == "convolution" else correlate2d
    sums = oracle(np.asarray(PICTURE, dtype=float), weights, mode="same")
    wanted = {"clip": sums, "absolute": np.abs(sums), "centred": sums + 128}
    for values in VALUES:
        found = np.asarray(filtered(PICTURE, kernel, mode, values)).astype(int)
        assert np.abs(found - np.clip(wanted[values], 0, 255)).max() <= 0.5 + 1e-6


def test_even_kernels_pad_the_odd_zero_at_the_end() -> None:
    dot = Image.fromarray(np.array([[0, 0, 0], [0, 9, 0], [0, 0, 0]], dtype=np.uint8))
    kernel = read_grid("1,2;3,4", "kernel", 9)
    assert np.asarray(filtered(dot, kernel, "cross-correlation", "clip")).tolist() == [
        [36, 27, 0],
        [18, 9, 0],
        [0, 0, 0],
    ]


def test_signs_are_left_out_where_the_kernel_sums_to_nothing() -> None:
    assert usual_values(read_grid(KERNELS["edge"].grid, "kernel", 9)) == "absolute"
    assert usual_values(read_grid(KERNELS["blur"].grid, "kernel", 9)) == "clip"


@pytest.mark.parametrize(
    ("size", "expected"), [((2000, 1000), (LARGEST_SIDE, LARGEST_SIDE // 2)), ((30, 20), (30, 20))]
)
def test_pictures_are_reduced_and_never_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert reduced(png(Image.new("L", size, 77)), max_pixels=10**7).size == expected


def test_sixteen_bits_become_eight() -> None:
    buffer = BytesIO()
    Image.fromarray(np.array([[0, 0x80FF, 0xFFFF]], dtype=np.uint16)).save(buffer, "PNG")
    assert np.asarray(reduced(buffer.getvalue(), max_pixels=10)).tolist() == [[0, 0x80, 0xFF]]


def test_what_is_no_picture_or_too_large_is_refused() -> None:
    with pytest.raises(PictureError):
        reduced(b"no picture", max_pixels=10)
    with pytest.raises(PictureTooLarge):
        reduced(png(Image.new("L", (4, 4))), max_pixels=15)
