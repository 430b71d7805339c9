"""Separable resampling as small banded matrices: area averages to shrink, linear interpolation to enlarge.

Samples sit at pixel centres; beyond the border the outermost sample goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.imaging.color import Floats

BLAS_THREADING = 1 << 18
"""OpenBLAS spreads products of more multiplications over its own threads, which fight with the caller's."""


@dataclass(frozen=True)
class Band:
    """Some neighbouring outputs of a resampling, and the inputs they are made of."""

    outputs: slice
    inputs: slice
    weights: Floats
    """(outputs, inputs); rows sum to one."""


def _support(size: int, new_size: int, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Where outputs first..last begin and end, in input pixels."""
    step = size / new_size
    outputs = np.arange(first, last)
    return outputs * step, (outputs + 1) * step


def area_band(size: int, new_size: int, first: int, last: int) -> Band:
    """Outputs first..last of averaging `size` samples down to `new_size`."""
    begin, end = _support(size, new_size, first, last)
    low, high = int(begin[0]), min(size, int(np.ceil(end[-1])))
    inputs = np.arange(low, high)
    overlap = np.minimum(inputs + 1, end[:, None]) - np.maximum(inputs, begin[:, None])
    weights = np.maximum(overlap, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return Band(slice(first, last), slice(low, high), weights.astype(np.float32))


def linear_band(size: int, new_size: int, first: int, last: int) -> Band:
    """Outputs first..last of interpolating `size` samples up to `new_size`."""
    begin, end = _support(size, new_size, first, last)
    centre = np.clip((begin + end) / 2 - 0.5, 0, size - 1)
    low, high = int(centre[0]), min(size, int(centre[-1]) + 2)
    weights = np.maximum(1 - np.abs(np.arange(low, high) - centre[:, None]), 0)
    return Band(slice(first, last), slice(low, high), weights.astype(np.float32))


def nearest_band(size: int, new_size: int, first: int, last: int) -> Band:
    """Outputs first..last of repeating the nearest of `size` samples."""
    begin, end = _support(size, new_size, first, last)
    chosen = np.minimum(((begin + end) / 2).astype(int), size - 1)
    low, high = int(chosen[0]), int(chosen[-1]) + 1
    weights = np.arange(low, high) == chosen[:, None]
    return Band(slice(first, last), slice(low, high), weights.astype(np.float32))


def smooth_band(size: int, new_size: int, first: int, last: int) -> Band:
    """An area average where the picture shrinks, linear interpolation where it grows."""
    make = area_band if new_size < size else linear_band
    return make(size, new_size, first, last)


def product(left: Floats, right: Floats, out: Floats) -> None:
    """out (n, m) = left (n, k) @ right (k, m), in pieces small enough to stay on this thread."""
    inner, width = right.shape
    if len(left) * inner * width <= BLAS_THREADING:
        np.matmul(left, right, out=out)
        return
    columns = min(width, max(8, BLAS_THREADING // (inner * min(8, len(left)))))
    rows = max(1, BLAS_THREADING // (inner * columns))
    for start, stop in spans(width, columns):
        for first, last in spans(len(left), rows):
            np.matmul(left[first:last], right[:, start:stop], out=out[first:last, start:stop])


def spans(size: int, step: int) -> Iterator[tuple[int, int]]:
    """0..size cut into spans of `step`."""
    for first in range(0, size, step):
        yield first, min(first + step, size)
