"""How near a coloured picture is to the true one, and how colourful: of one picture, and of many together.

Pictures are uint8 RGB (H, W, 3); errors are on 0..255 for PSNR and in CIE ab for AuC. Every measure of many
pictures is a function of sums over them, so that any weighting of the pictures is measured as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import Floats, rgb_to_lab

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float64]

PEAK = 255.0
EXACT = 100.0
"""PSNR in dB that a picture without any error counts with in a mean over pictures."""
LARGEST_ERROR = 150
"""AuC averages over the thresholds 0, 1 … 150 (Zhang, Isola & Efros 2016, 3.1)."""
BIN = 10
"""Width of the ab bins that balance AuC; a colour belongs to the nearest centre."""
_REACH = 13  # bins from -130 to 130: more than sRGB holds on any side
_SIDE = 2 * _REACH + 1
BINS = _SIDE * _SIDE
_CHUNK = 128  # weightings reckoned together


def psnr(mean_square: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean square error on 0..255; infinite without error."""
    return float("inf") if mean_square == 0 else float(10 * np.log10(PEAK**2 / mean_square))


def colorfulness(rgb: Pixels, *, absolute: bool = False) -> float:
    """Colourfulness of Hasler & Süsstrunk (2003): sigma + 0.3 mu of rg = R - G and yb = (R + G)/2 - B.

    Some projects take absolute values of rg and yb first (`absolute`), which gives smaller numbers.
    """
    red, green, blue = np.moveaxis(rgb.astype(np.float32), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    if absolute:
        rg, yb = np.abs(rg), np.abs(yb)
    (rg_mean, rg_std), (yb_mean, yb_std) = (
        (plane.mean(dtype=np.float64), plane.std(dtype=np.float64)) for plane in (rg, yb)
    )
    return float(np.hypot(rg_std, yb_std) + 0.3 * np.hypot(rg_mean, yb_mean))


class Truth:
    """A true picture, and what every comparison with it needs, computed once."""

    def __init__(self, rgb: Pixels) -> None:
        if rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
            raise ValueError(f"{rgb.shape} is not a picture (H, W, 3)")
        self.rgb = rgb

    @cached_property
    def ab(self) -> Floats:
        """CIE ab of every pixel, (H * W, 2)."""
        return rgb_to_lab(self.rgb)[..., 1:].reshape(-1, 2)

    @cached_property
    def bins(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The bins that occur, ascending, and for each pixel the place of its own among them."""
        row, of_row = np.floor(self.ab / BIN + np.float32(0.5)).astype(np.intp).T + _REACH
        return np.unique(row * _SIDE + of_row, return_inverse=True)

    @cached_property
    def colorfulness(self) -> tuple[float, float]:
        """Signed and absolute."""
        return colorfulness(self.rgb), colorfulness(self.rgb, absolute=True)


@dataclass(frozen=True)
class Comparison:
    """One coloured picture against its truth."""

    numbers: tuple[float, ...]
    """In the order of `SUMS`."""
    bins: NDArray[np.intp]
    """Bins of the true colours, ascending."""
    pixels: NDArray[np.int64]
    """How many pixels each of these bins has."""
    reached: NDArray[np.int64]
    """How many of the thresholds 0..150 the ab errors of these pixels stay within, summed over the pixels."""


SUMS = (
    "square_error",
    "values",
    "psnr",
    "colorfulness",
    "true_colorfulness",
    "absolute_colorfulness",
    "true_absolute_colorfulness",
    "pictures",
)
_AT = {name: index for index, name in enumerate(SUMS)}


def compare(output: Pixels, truth: Truth) -> Comparison:
    """Every figure of one coloured picture; raises ValueError unless both are of one shape."""
    if output.shape != truth.rgb.shape:
        raise ValueError(f"{output.shape} and {truth.rgb.shape} are not two pictures of one size")
    difference = output.astype(np.int32) - truth.rgb
    square = float(np.square(difference).sum(dtype=np.int64))
    error = np.hypot(*(rgb_to_lab(output)[..., 1:].reshape(-1, 2) - truth.ab).T)
    within = np.maximum(LARGEST_ERROR + 1 - np.ceil(error), 0)
    bins, place = truth.bins
    signed, absolute = truth.colorfulness
    return Comparison(
        numbers=(
            square,
            truth.rgb.size,
            min(EXACT, psnr(square / truth.rgb.size)),
            colorfulness(output),
            signed,
            colorfulness(output, absolute=True),
            absolute,
            1,
        ),
        bins=bins,
        pixels=np.bincount(place, minlength=len(bins)),
        reached=np.bincount(place, weights=within, minlength=len(bins)).astype(np.int64),
    )


@dataclass(frozen=True)
class Sums:
    """Sums over pictures, one or many weightings of them at once: any leading shape."""

    numbers: Numbers
    """(..., SUMS)"""
    pixels: Numbers
    """(..., BINS)"""
    reached: Numbers
    """(..., BINS)"""

    def __getitem__(self, name: str) -> Numbers:
        return self.numbers[..., _AT[name]]

    def mean(self, name: str) -> Numbers:
        """Mean over the pictures."""
        return self[name] / self["pictures"]


def _pooled_psnr(sums: Sums) -> Numbers:
    with np.errstate(divide="ignore"):
        decibels: Numbers = 10 * np.log10(PEAK**2 * sums["values"] / sums["square_error"])
    return decibels


def _auc(sums: Sums) -> Numbers:
    shares: Numbers = 100 * sums.reached.sum(axis=-1) / sums.pixels.sum(axis=-1) / (LARGEST_ERROR + 1)
    return shares


def _balanced_auc(sums: Sums) -> Numbers:
    seen = sums.pixels > 0
    shares = np.divide(sums.reached, sums.pixels, out=np.zeros_like(sums.reached), where=seen)
    mean: Numbers = 100 * shares.sum(axis=-1) / seen.sum(axis=-1) / (LARGEST_ERROR + 1)
    return mean


def _colorfulness_share(sums: Sums) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):  # the truth itself is gray
        share: Numbers = sums["colorfulness"] / sums["true_colorfulness"]
    return share


MEASURES: dict[str, Callable[[Sums], Numbers]] = {
    "pooled_psnr": _pooled_psnr,
    "mean_psnr": lambda sums: sums.mean("psnr"),
    "auc": _auc,
    "balanced_auc": _balanced_auc,
    "colorfulness": lambda sums: sums.mean("colorfulness"),
    "true_colorfulness": lambda sums: sums.mean("true_colorfulness"),
    "colorfulness_share": _colorfulness_share,
    "delta_colorfulness": lambda sums: np.abs(sums.mean("colorfulness") - sums.mean("true_colorfulness")),
    "absolute_colorfulness": lambda sums: sums.mean("absolute_colorfulness"),
    "true_absolute_colorfulness": lambda sums: sums.mean("true_absolute_colorfulness"),
}
"""Every measure by name, of sums over pictures.

`pooled_psnr`: dB of the mean square error over all pixels of all pictures. `mean_psnr`: mean of the pictures'
own, 100 for exact ones; it cannot tell gray from colour. `auc`: percentage of pixels with an ab error of at
most t, averaged over t = 0..150; `balanced_auc`: each pixel weighted by the inverse frequency of its true ab
bin. Colourfulness is the mean over the pictures, signed unless it says absolute, `colorfulness_share` the
output's by the truth's, `delta_colorfulness` the distance of the two means.
"""


@dataclass
class Measures:
    """The comparisons of any number of pictures; every measure is of all that were added so far."""

    comparisons: list[Comparison] = field(default_factory=list)

    def add(self, output: Pixels, truth: Pixels | Truth) -> None:
        """Count one coloured picture and its truth in; raises ValueError unless they are of one shape."""
        self.comparisons.append(compare(output, truth if isinstance(truth, Truth) else Truth(truth)))

    def merge(self, other: "Measures") -> None:
        """Count another's pictures in."""
        self.comparisons += other.comparisons

    def __getitem__(self, name: str) -> float:
        """A measure by its name in MEASURES; raises ValueError where nothing was added."""
        return float(MEASURES[name](self._sums))

    def weighted(self, weights: Numbers) -> dict[str, Numbers]:
        """Every measure (R,) with the pictures weighted (R, pictures), as if each were there so often."""
        numbers = np.array([each.numbers for each in self.comparisons])
        pixels, reached = np.zeros((2, len(self.comparisons), BINS))
        for index, each in enumerate(self.comparisons):
            pixels[index, each.bins], reached[index, each.bins] = each.pixels, each.reached
        found: dict[str, list[Numbers]] = {name: [] for name in MEASURES}
        for start in range(0, len(weights), _CHUNK):
            part = weights[start : start + _CHUNK]
            sums = Sums(part @ numbers, part @ pixels, part @ reached)
            for name, measure in MEASURES.items():
                found[name].append(measure(sums))
        return {name: np.concatenate(values) for name, values in found.items()}

    @property
    def _sums(self) -> Sums:
        if not self.comparisons:
            raise ValueError("nothing was compared")
        pixels, reached = np.zeros((2, BINS))
        for each in self.comparisons:
            pixels[each.bins] += each.pixels
            reached[each.bins] += each.reached
        return Sums(np.sum([each.numbers for each in self.comparisons], axis=0), pixels, reached)
