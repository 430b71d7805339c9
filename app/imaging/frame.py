"""The light border of a photographic print, which has no colour of its own to be guessed.

Found only where nothing else would look like it: on all four sides, even and light, with the picture's edge
all around inside it. Skies, walls and white backgrounds reach some sides, or end nowhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import Samples

SMALLEST_SIDE = 64
"""A thumbnail's border cannot be told from its background."""
LIGHT = 0.6
"""Paper is at least this light, as encoded gray 0..1."""
TOLERANCE = 0.06
"""How far paper strays from its own level: grain, stains and JPEG's ringing."""
PURE = 0.97
"""Share of a line's samples that must be paper for it to be border."""
NARROWEST, WIDEST = 0.01, 0.3
"""A side's border, as a share of the shorter side and of the picture across that side."""
EDGE = 0.6
"""Share of the picture's outline, just inside the border, that must not look like paper."""
LOOKED_AT = 320
"""Samples of the shorter side that are looked at first; a border's ends are then sought in all samples."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the picture lies within its border: rows top..bottom and columns left..right, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    def borders(self, x: float, y: float, shape: tuple[int, ...]) -> bool:
        """Whether a place, as shares of width and height, is on the border of a picture (H, W, ...)."""
        row, column = y * shape[0], x * shape[1]
        return not (self.top <= row < self.bottom and self.left <= column < self.right)


def find_frame(gray: Samples) -> Frame | None:
    """The frame of encoded gray (H, W), uint8 or uint16; None where there is no border."""
    if min(gray.shape) < SMALLEST_SIDE:
        return None
    step = max(1, min(gray.shape) // LOOKED_AT)
    peak = np.iinfo(gray.dtype).max
    small = gray[::step, ::step].astype(np.float32) / np.float32(peak)
    rim = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    level = float(np.median(rim))
    if level < LIGHT:
        return None
    paper = np.abs(small - np.float32(level)) <= TOLERANCE
    rows, columns = paper.mean(axis=1) >= PURE, paper.mean(axis=0) >= PURE
    ends = (_leading(rows), _leading(rows[::-1]), _leading(columns), _leading(columns[::-1]))
    narrowest = max(2, NARROWEST * min(small.shape))
    across = (small.shape[0], small.shape[0], small.shape[1], small.shape[1])
    if not all(narrowest <= end <= WIDEST * size for end, size in zip(ends, across, strict=True)):
        return None
    if not _has_outline(paper, *ends):
        return None
    whole = _Paper(gray, level * peak, TOLERANCE * peak)
    height, width = gray.shape
    return Frame(
        top=whole.end(ends[0], step, rows=True),
        bottom=height - whole.flipped().end(ends[1], step, rows=True),
        left=whole.end(ends[2], step, rows=False),
        right=width - whole.flipped().end(ends[3], step, rows=False),
    )


def leave_gray(rgb: Samples, gray: Samples, frame: Frame) -> None:
    """Take the colour out of a picture's border, in place: rgb (H, W, 3) from its gray (H, W)."""
    for outside in (
        np.s_[: frame.top],
        np.s_[frame.bottom :],
        np.s_[frame.top : frame.bottom, : frame.left],
        np.s_[frame.top : frame.bottom, frame.right :],
    ):
        rgb[outside] = gray[outside][..., None]


@dataclass(frozen=True, eq=False)
class _Paper:
    """A picture at full size, and what counts as paper in it."""

    gray: Samples
    level: float
    tolerance: float

    def flipped(self) -> "_Paper":
        """The same from the opposite corner."""
        return _Paper(self.gray[::-1, ::-1], self.level, self.tolerance)

    def end(self, small_end: int, step: int, *, rows: bool) -> int:
        """The first line that is no border, near `small_end` steps from the start."""
        first = max(0, (small_end - 1) * step)
        lines = (self.gray if rows else self.gray.T)[first : (small_end + 1) * step]
        off = np.abs(lines.astype(np.float32) - np.float32(self.level)) > self.tolerance
        return first + _leading(off.mean(axis=1) <= 1 - PURE)


def _leading(flags: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return len(flags) if flags.all() else int(flags.argmin())


def _has_outline(paper: NDArray[np.bool_], top: int, bottom: int, left: int, right: int) -> bool:
    """Whether the picture differs from paper along most of each of its sides, a little inside."""
    inner = paper[top : len(paper) - bottom, left : paper.shape[1] - right]
    depth = max(1, min(inner.shape) // 50)
    sides = (inner[depth], inner[-1 - depth], inner[:, depth], inner[:, -1 - depth])
    return all(1 - side.mean() >= EDGE for side in sides)
