"""How near a coloured picture is to the true one, and how colourful: sums over pictures that can be merged.

Pictures are uint8 RGB (H, W, 3); errors are on 0..255 for PSNR and in CIE ab for AuC.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import rgb_to_lab

Pixels = NDArray[np.uint8]

PEAK = 255.0
EXACT = 100.0
"""PSNR in dB that a picture without any error counts with in a mean over pictures."""
LARGEST_ERROR = 150
"""AuC averages over the thresholds 0, 1 … 150 (Zhang, Isola & Efros 2016, 3.1)."""
BIN = 10
"""Width of the ab bins that balance AuC; a colour belongs to the nearest centre."""
_REACH = 13  # bins from -130 to 130: more than sRGB holds on any side
_SIDE = 2 * _REACH + 1


def psnr(mean_square: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean square error on 0..255; infinite without error."""
    return float("inf") if mean_square == 0 else float(10 * np.log10(PEAK**2 / mean_square))


def colorfulness(rgb: Pixels, *, absolute: bool = False) -> float:
    """Colourfulness of Hasler & Süsstrunk (2003): sigma + 0.3 mu of rg = R - G and yb = (R + G)/2 - B.

    Some projects take absolute values of rg and yb first (`absolute`), which gives smaller numbers.
    """
    red, green, blue = np.moveaxis(rgb.astype(np.float64), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    if absolute:
        rg, yb = np.abs(rg), np.abs(yb)
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


@dataclass
class Measures:
    """Sums over pairs of coloured and true pictures; every figure is of all pairs added so far."""

    square_error: float = 0.0
    values: int = 0
    psnr_sum: float = 0.0
    colorfulness_sum: float = 0.0
    true_colorfulness_sum: float = 0.0
    absolute_colorfulness_sum: float = 0.0
    true_absolute_colorfulness_sum: float = 0.0
    pictures: int = 0
    errors: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((_SIDE * _SIDE, LARGEST_ERROR + 2), dtype=np.int64)
    )
    """Pixels by the bin of their true ab and their ab error rounded up; the last column is beyond 150."""

    def add(self, output: Pixels, truth: Pixels) -> None:
        """Count one coloured picture and its truth in; raises ValueError unless they are of one shape."""
        if output.shape != truth.shape or truth.ndim != 3 or truth.shape[2] != 3 or not truth.size:
            raise ValueError(f"{output.shape} and {truth.shape} are not two pictures of one size")
        difference = output.astype(np.float64) - truth
        square = float((difference**2).sum())
        self.square_error += square
        self.values += truth.size
        self.psnr_sum += min(EXACT, psnr(square / truth.size))
        self.colorfulness_sum += colorfulness(output)
        self.true_colorfulness_sum += colorfulness(truth)
        self.absolute_colorfulness_sum += colorfulness(output, absolute=True)
        self.true_absolute_colorfulness_sum += colorfulness(truth, absolute=True)
        self.pictures += 1
        true_ab = rgb_to_lab(truth)[..., 1:].reshape(-1, 2)
        error = np.linalg.norm(rgb_to_lab(output)[..., 1:].reshape(-1, 2) - true_ab, axis=1)
        column = np.minimum(np.ceil(error), LARGEST_ERROR + 1).astype(np.intp)
        row, of_row = np.floor(true_ab / BIN + 0.5).astype(np.intp).T + _REACH
        cell = (row * _SIDE + of_row) * (LARGEST_ERROR + 2) + column
        self.errors += np.bincount(cell, minlength=self.errors.size).reshape(self.errors.shape)

    def merge(self, other: "Measures") -> None:
        """Count another's pictures in."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def pooled_psnr(self) -> float:
        """PSNR in dB of the mean square error over all pixels of all pictures."""
        return psnr(self.square_error / self.values)

    @property
    def mean_psnr(self) -> float:
        """Mean of the pictures' own PSNRs in dB, 100 for exact ones; it cannot tell gray from colour."""
        return self.psnr_sum / self.pictures

    @property
    def auc(self) -> float:
        """Percentage of pixels with an ab error of at most t, averaged over t = 0..150."""
        return float(_area(self.errors.sum(axis=0)))

    @property
    def balanced_auc(self) -> float:
        """The same with each pixel weighted by the inverse frequency of its true ab bin."""
        seen = self.errors[self.errors.any(axis=1)]
        return float(_area(seen).mean())

    @property
    def colorfulness(self) -> float:
        """Mean colourfulness of the coloured pictures, signed."""
        return self.colorfulness_sum / self.pictures

    @property
    def true_colorfulness(self) -> float:
        """Mean colourfulness of the true pictures, signed."""
        return self.true_colorfulness_sum / self.pictures

    @property
    def absolute_colorfulness(self) -> float:
        """Mean colourfulness of the coloured pictures with absolute values."""
        return self.absolute_colorfulness_sum / self.pictures

    @property
    def true_absolute_colorfulness(self) -> float:
        """Mean colourfulness of the true pictures with absolute values."""
        return self.true_absolute_colorfulness_sum / self.pictures

    @property
    def delta_colorfulness(self) -> float:
        """Distance of the two means, |CF of the output - CF of the truth|."""
        return abs(self.colorfulness - self.true_colorfulness)


def _area(errors: NDArray[np.int64]) -> NDArray[np.float64]:
    """AuC in per cent from counts by rounded-up error, along the last axis."""
    reached = errors[..., : LARGEST_ERROR + 1].cumsum(axis=-1)
    area: NDArray[np.float64] = 100 * reached.mean(axis=-1) / errors.sum(axis=-1)
    return area
