"""The inner loop for large 8-bit pictures: colours computed once for each whole a and b, then looked up.

More than twice as fast as computing every pixel, and as true to luminance; chroma is rounded to whole a and
b, about what 8-bit RGB can tell apart.
"""

import threading
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import Floats, Samples
from app.imaging.paint import UNITS, TileColors

CELLS = 1 << 16
"""Whole a and b from -128 to 127; a cell is one of each, and holds the colour of every gray level there."""
CELLS_AT_ONCE = 256


class ColorTable:
    """sRGB by cell and gray level, filled in as pictures ask for it; 64 MiB when all of it is."""

    def __init__(self) -> None:
        self._samples = np.zeros((CELLS, 256, 4), np.uint8)
        self._known = np.zeros(CELLS, np.bool_)
        self._filling = threading.Lock()

    def look_up(self, cells: NDArray[np.int32], gray: Samples, out: Samples) -> None:
        """Write the sRGB samples (rows, columns, 3) of cells and gray (rows, columns); spoils `cells`."""
        known = self._known.take(cells)
        if not known.all():
            self._fill(np.unique(cells[~known]))
        cells <<= 8
        cells |= gray
        packed = self._samples.view(np.uint32).reshape(-1).take(cells, mode="clip")
        samples = packed.view(np.uint8).reshape(*gray.shape, 4)
        # One channel after another: copied three bytes at a time this takes four times as long.
        for channel in range(3):
            out[..., channel] = samples[..., channel]

    def _fill(self, cells: NDArray[np.int32]) -> None:
        with self._filling:
            cells = cells[~self._known[cells]]
            for first in range(0, len(cells), CELLS_AT_ONCE):
                some = cells[first : first + CELLS_AT_ONCE]
                gray = np.broadcast_to(np.arange(256, dtype=np.uint8), (len(some), 256))
                colors = TileColors(gray.dtype, gray.size)
                _, planes = colors.start(gray)
                planes[0] = (((some >> 8) - 128) * UNITS[0])[:, None]
                planes[1] = (((some & 255) - 128) * UNITS[1])[:, None]
                samples = np.empty((len(some), 256, 3), np.uint8)
                colors.finish(samples)
                self._samples[some, :, :3] = samples
                self._known[some] = True


@cache
def color_table() -> ColorTable:
    """The one table of this process."""
    return ColorTable()


class LookedUpColors:
    """Stands in for `TileColors` where gray has 8 bits; a and b are wanted as they are."""

    def __init__(self, pixels: int) -> None:
        self._memory = np.empty(5 * pixels, np.float32)
        self._cells = np.empty(2 * pixels, np.int32)

    def start(self, gray: Samples) -> tuple[Floats, Floats]:
        """Take a tile's gray samples; returns them as 0..1, and planes for a and b and two more."""
        self._gray = gray
        planes = self._memory[: 5 * gray.size].reshape(5, *gray.shape)
        np.multiply(gray, np.float32(1 / 255), out=planes[4])
        self._chroma = planes[:2]
        return planes[4], planes[:4]

    def finish(self, out: Samples) -> None:
        """Write the tile's sRGB samples (rows, columns, 3)."""
        self._chroma += np.float32(128.5)
        np.clip(self._chroma, 0, 255, out=self._chroma)
        cells = self._cells[: self._chroma.size].reshape(self._chroma.shape)
        np.copyto(cells, self._chroma, casting="unsafe")
        a, b = cells
        a <<= 8
        a |= b
        color_table().look_up(a, self._gray, out)
