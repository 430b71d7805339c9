"""The pictures that show why pooling and upsampling lose: each is computed here, none is drawn by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.networks.card import Card
from app.pages.measures import figures

Grid = NDArray[np.int_]

PICTURE: Grid = np.array([[1, 3, 2, 0], [4, 8, 1, 2], [0, 2, 6, 5], [1, 1, 7, 9]])
KERNEL: Grid = np.array([[0, 1, 0], [1, 2, 1], [0, 1, 0]])
SMALL: Grid = np.array([[2, 7], [5, 1]])


@dataclass(frozen=True)
class Step:
    """One layer at work: what goes in and comes out, its weights (None: it has none), and what it keeps."""

    before: Grid
    after: Grid
    weights: Grid | None
    kept: tuple[tuple[int, int], ...] = ()


def max_pool(picture: Grid) -> Grid:
    """Largest of each 2x2 block."""
    height, width = picture.shape
    pooled: Grid = picture.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))
    return pooled


def upsample(picture: Grid) -> Grid:
    """Each value twice along both axes (nearest)."""
    return picture.repeat(2, axis=0).repeat(2, axis=1)


def strided_convolution(picture: Grid, kernel: Grid) -> Grid:
    """Cross-correlation with stride 2 and padding 1, as PyTorch's Conv2d."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(picture, 1), kernel.shape)[::2, ::2]
    convolved: Grid = (windows * kernel).sum(axis=(2, 3))
    return convolved


def transposed_convolution(picture: Grid, kernel: Grid) -> Grid:
    """Each value paints the kernel two apart, overlaps add: ConvTranspose2d, (output) padding 1."""
    height, width = picture.shape
    canvas = np.zeros((2 * height + 2, 2 * width + 2), dtype=picture.dtype)
    for row, column in np.ndindex(height, width):
        canvas[2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += picture[row, column] * kernel
    return canvas[1:-1, 1:-1]


def largest_places(picture: Grid) -> list[tuple[int, int]]:
    """Row and column of what max pooling keeps of each 2x2 block, the first of equals."""
    kept = []
    for row, column in np.ndindex(picture.shape[0] // 2, picture.shape[1] // 2):
        block = picture[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        down, right = divmod(int(block.argmax()), 2)
        kept.append((2 * row + down, 2 * column + right))
    return kept


def reasons(cards: Mapping[str, Card]) -> dict[str, Any]:
    """The four layers at work, and what the difference was worth where both networks are installed."""
    return {
        "pool": Step(PICTURE, max_pool(PICTURE), None, tuple(largest_places(PICTURE))),
        "conv": Step(PICTURE, strided_convolution(PICTURE, KERNEL), KERNEL),
        "upsample": Step(SMALL, upsample(SMALL), None),
        "transpose": Step(SMALL, transposed_convolution(SMALL, KERNEL), KERNEL),
        "worth": _worth(cards.get("pool-upsample"), cards.get("conv-transpose")),
    }


def _worth(fixed: Card | None, learned: Card | None) -> str:
    if fixed is None or learned is None:
        return ""
    by_data = {figure.data: figure for figure in figures(fixed) if figure.name == "accuracy"}
    for figure in figures(learned):
        if figure.name == "accuracy" and figure.data in by_data:
            weights = (
                f"the same {fixed.parameters:,} parameters"
                if fixed.parameters == learned.parameters
                else f"{learned.parameters:,} parameters against {fixed.parameters:,}"
            )
            return (
                f"With {weights}, {learned.title} gets {figure.text} of the pixels right "
                f"where {fixed.title} gets {by_data[figure.data].text}."
            )
    return ""
