"""From a picture's size to a network's, and the small gray picture the network sees."""

import math

import numpy as np

from app.imaging.color import Floats, Samples
from app.imaging.resample import product, smooth_band, spans
from app.imaging.tiles import in_parallel

MAX_ASPECT = 4.0
"""A longer picture is squeezed to this ratio of sides, so that a network's input stays bounded."""
CHUNK_SAMPLES = 1 << 18
"""How many full-size samples a thread holds as float32."""
BAND_OUTPUTS = 32


def network_size(width: int, height: int, *, input_size: int, multiple: int) -> tuple[int, int]:
    """Width and height for a network: multiples of `multiple`, area about `input_size` squared, aspect kept.

    A square gives exactly `input_size` where that is a multiple itself; aspects beyond 4:1 become 4:1.
    """
    if min(width, height, input_size, multiple) < 1:
        raise ValueError("sizes are positive")
    stretch = math.sqrt(min(max(width / height, 1 / MAX_ASPECT), MAX_ASPECT))
    return (
        multiple * max(1, round(input_size * stretch / multiple)),
        multiple * max(1, round(input_size / stretch / multiple)),
    )


def shrink(gray: Samples, width: int, height: int) -> Floats:
    """Gray resampled to (height, width), float32 0..1: area averages, or linear interpolation where it grows.

    Takes uint8 and uint16 samples or floats 0..1. A picture already of that size keeps its values exactly.
    """
    if gray.ndim != 2 or 0 in gray.shape:
        raise ValueError("gray is a picture of at least one pixel, (height, width)")
    if min(width, height) < 1:
        raise ValueError("sizes are positive")
    peak = np.float32(np.iinfo(gray.dtype).max if gray.dtype.kind == "u" else 1)
    full_height, full_width = gray.shape
    if (height, width) == (full_height, full_width):
        return gray.astype(np.float32) / peak
    small = np.empty((height, width), np.float32)
    across = [smooth_band(full_width, width, *span) for span in spans(width, BAND_OUTPUTS)]

    def fill(span: tuple[int, int]) -> None:
        down = smooth_band(full_height, height, *span)
        outputs, inputs = down.weights.shape
        narrow = np.empty((outputs, full_width), np.float32)
        for left, right in spans(full_width, max(1, CHUNK_SAMPLES // inputs)):
            product(down.weights, gray[down.inputs, left:right].astype(np.float32), narrow[:, left:right])
        for band in across:
            product(narrow[:, band.inputs], band.weights.T, small[down.outputs, band.outputs])

    in_parallel(fill, spans(height, 8))
    small /= peak
    return small
