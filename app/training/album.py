"""Many pictures of any size in one buffer, and pieces cut out of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


@dataclass
class Album:
    """RGB pictures one behind the other: a hundred thousand small arrays would scatter over the heap."""

    _buffer: bytearray = field(default_factory=bytearray)
    _places: list[tuple[int, int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, pictures: Iterable[Pixels], *, longest_short_side: int) -> "Album":
        """From RGB uint8 (H, W, 3); larger ones are scaled down to that shorter side."""
        album = cls()
        for rgb in pictures:
            height, width = rgb.shape[:2]
            scale = longest_short_side / min(height, width)
            if scale < 1:
                size = (round(width * scale), round(height * scale))
                rgb = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
            album._places.append((len(album._buffer), *rgb.shape[:2]))
            album._buffer += np.ascontiguousarray(rgb).tobytes()
        return album

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Pixels:
        """One picture, RGB uint8 (H, W, 3); a view."""
        offset, height, width = self._places[index]
        flat = np.frombuffer(self._buffer, np.uint8, height * width * 3, offset)
        return flat.reshape(height, width, 3)

    def short_side(self, index: int) -> int:
        """Shorter side of a picture in pixels."""
        return min(self._places[index][1:])


def piece(rgb: Pixels, size: int, smallest: float, rng: np.random.Generator) -> Pixels:
    """A random square of a picture as RGB uint8 (size, size, 3), mirrored every other time.

    Its side is `smallest` to 1 times the shorter side.
    """
    height, width = rgb.shape[:2]
    side = min(height, width) * rng.uniform(smallest, 1.0)
    left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
    mirrored = rng.random() < 0.5
    box = (left, top, left + side, top + side)
    cut = np.asarray(Image.fromarray(rgb).resize((size, size), Image.Resampling.BICUBIC, box=box))
    return cut[:, ::-1] if mirrored else cut
