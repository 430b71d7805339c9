"""Kernels and images to begin with do what their names say."""

from fractions import Fraction

import numpy as np
import pytest

from app.pages.convolve.grids import MAX_IMAGE, MAX_KERNEL, flipped, read_grid
from app.pages.convolve.presets import IMAGES, KERNELS, USUAL_IMAGE, USUAL_KERNEL, preset_of
from app.pages.convolve.view import Asked, view


def output(
    kernel: str, image: str, mode: str = "cross-correlation"
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    shown = view(Asked(image, KERNELS[kernel].grid, mode, "same", "1", "1"))
    return np.array([[float(cell) for cell in row] for row in shown.output])


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_are_odd_and_keep_brightness_or_take_it_away(name: str) -> None:
    kernel = read_grid(KERNELS[name].grid, "kernel", MAX_KERNEL)
    assert len(kernel) % 2 == len(kernel[0]) % 2 == 1
    total = sum((cell for row in kernel for cell in row), Fraction(0))
    flat = {"edge", "laplacian", "sobel-x", "sobel-y"}
    assert total == (0 if name in flat else 1)
    assert preset_of(KERNELS[name].grid, KERNELS) == name


@pytest.mark.parametrize("name", IMAGES)
def test_images_can_be_read_and_are_found_again(name: str) -> None:
    assert read_grid(IMAGES[name].grid, "image", MAX_IMAGE)
    assert preset_of(IMAGES[name].grid, IMAGES) == name
    assert preset_of("1,2", IMAGES) == ""


def test_identity_changes_nothing_and_a_dot_shows_the_kernel_turned() -> None:
    ring = IMAGES["ring"].grid
    assert output("identity", ring).tolist() == [
        [float(c) for c in row.split(",")] for row in ring.split(";")
    ]
    for name in ("emboss", "sobel-x"):
        kernel = read_grid(KERNELS[name].grid, "kernel", MAX_KERNEL)
        turned = output(name, IMAGES["dot"].grid)[1:4, 1:4]
        assert turned.tolist() == [[float(cell) for cell in row] for row in flipped(kernel)]
        straight = output(name, IMAGES["dot"].grid, "convolution")[1:4, 1:4]
        assert straight.tolist() == [[float(cell) for cell in row] for row in kernel]


def test_sobel_sees_the_edge_and_nothing_in_the_flat() -> None:
    inside = output("sobel-x", IMAGES["edge"].grid)[1:-1, 1:-1]
    assert inside.tolist() == [[0, 36, 36, 0]] * 4
    assert not output("sobel-y", IMAGES["edge"].grid)[1:-1, 1:-1].any()


def test_the_usual_question_is_the_write_ups() -> None:
    assert USUAL_KERNEL == "sharpen" and USUAL_IMAGE == "write-up"
    assert KERNELS["sharpen"].grid == "0,-1,0;-1,5,-1;0,-1,0"
