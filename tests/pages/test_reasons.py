"""The pictures of the reasons against PyTorch's own layers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.networks.card import read_card
from app.pages.reasons import (
    KERNEL,
    PICTURE,
    SMALL,
    largest_places,
    max_pool,
    reasons,
    strided_convolution,
    transposed_convolution,
    upsample,
)

Grid = NDArray[np.int_]


def through(layer: str, picture: Grid, **options: object) -> Grid:
    import torch

    arguments = {
        name: torch.from_numpy(value.astype(np.float64))[None, None]
        if isinstance(value, np.ndarray)
        else value
        for name, value in options.items()
    }
    function: Callable[..., torch.Tensor] = getattr(torch.nn.functional, layer)
    result: Grid = (
        function(torch.from_numpy(picture.astype(np.float64))[None, None], **arguments)[0, 0]
        .numpy()
        .astype(int)
    )
    return result


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_each_layer_is_pytorchs(seed: int | None) -> None:
    random = np.random.default_rng(seed)
    picture = PICTURE if seed is None else random.integers(-9, 10, (6, 8))
    small = SMALL if seed is None else random.integers(-9, 10, (3, 5))
    kernel = KERNEL if seed is None else random.integers(-3, 4, (3, 3))
    assert np.array_equal(max_pool(picture), through("max_pool2d", picture, kernel_size=2))
    assert np.array_equal(upsample(small), through("interpolate", small, scale_factor=2, mode="nearest"))
    assert np.array_equal(
        strided_convolution(picture, kernel), through("conv2d", picture, weight=kernel, stride=2, padding=1)
    )
    expected = through("conv_transpose2d", small, weight=kernel, stride=2, padding=1, output_padding=1)
    assert np.array_equal(transposed_convolution(small, kernel), expected)


def test_what_pooling_keeps_is_where_it_says() -> None:
    kept = [int(PICTURE[place]) for place in largest_places(PICTURE)]
    assert kept == max_pool(PICTURE).ravel().tolist()


def test_the_worth_is_read_from_the_cards(course_models: Path) -> None:
    cards = {path.name: read_card(path) for path in course_models.iterdir()}
    worth = reasons(cards)["worth"]
    assert "58.00 %" in worth and "42.00 %" in worth
    del cards["pool-upsample"]
    assert reasons(cards)["worth"] == ""
