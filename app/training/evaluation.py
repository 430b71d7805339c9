"""What a model reaches on a data set: its colours as served, and its palette as the course counts."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.colorizing.backends import Backend
from app.colorizing.decode import annealed_ab, centres_ab
from app.imaging.color import LUMINANCE, linear_to_srgb, rgb_to_lab, srgb_to_linear
from app.imaging.measures import Measures
from app.imaging.recolor import recolor
from app.imaging.resize import network_size, shrink
from app.networks.card import Card
from app.networks.palette import nearest_color

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Colorize = Callable[[NDArray[np.uint16]], Pixels]
"""From true luminance, 16-bit sRGB gray (H, W), to a picture (H, W, 3)."""

_BITS = np.uint16(257)  # 65535 / 255


@dataclass
class PaletteScore:
    """Course accuracy and cross-entropy, summed over pixels."""

    correct: int = 0
    loss: float = 0.0
    pixels: int = 0

    def add(self, probabilities: Floats, target: NDArray[np.uint8]) -> None:
        """Count one picture in: probabilities (C, h, w), palette targets (h, w)."""
        chosen = np.take_along_axis(probabilities, target[None].astype(np.intp), axis=0)
        self.correct += int((probabilities.argmax(axis=0) == target).sum())
        self.loss -= float(np.log(np.maximum(chosen, 1e-30), dtype=np.float64).sum())
        self.pixels += target.size


@dataclass
class Contestant:
    """One row of the table: something that colours, and what it reached so far."""

    name: str
    colorize: Colorize
    classify: Callable[[Pixels], tuple[Floats, NDArray[np.uint8]] | None] = lambda _: None
    measures: Measures = field(default_factory=Measures)
    palette: PaletteScore = field(default_factory=PaletteScore)
    seconds: list[float] = field(default_factory=list)

    def meet(self, truth: Pixels) -> None:
        """Colour one picture from its luminance alone and count the result in."""
        gray = true_luminance(truth)
        begun = time.perf_counter()
        output = self.colorize(gray)
        self.seconds.append(time.perf_counter() - begun)
        self.measures.add(output, truth)
        if (scored := self.classify(truth)) is not None:
            self.palette.add(*scored)

    def result(self) -> dict[str, float]:
        """Every measure by name: PSNR in dB, AuC in per cent, loss in nats, milliseconds a picture."""
        found: dict[str, float] = {}
        if self.palette.pixels:
            found["accuracy"] = self.palette.correct / self.palette.pixels
            found["cross_entropy"] = self.palette.loss / self.palette.pixels
        for name in (
            "pooled_psnr",
            "mean_psnr",
            "auc",
            "balanced_auc",
            "colorfulness",
            "true_colorfulness",
            "delta_colorfulness",
            "absolute_colorfulness",
        ):
            found[name] = float(getattr(self.measures, name))
        found["pictures"] = self.measures.pictures
        found["median_ms"] = 1000 * float(np.median(self.seconds))
        return found


def true_luminance(rgb: Pixels) -> NDArray[np.uint16]:
    """16-bit sRGB gray of a picture's luminance: what a coloured upload is taken as."""
    linear = srgb_to_linear(rgb) @ LUMINANCE.astype(np.float32)
    return np.rint(linear_to_srgb(linear).clip(0, 1) * np.float32(65535)).astype(np.uint16)


def model(card: Card, backend: Backend) -> Contestant:
    """A trained model as it is served; palette models are also scored as in the course."""
    centres = centres_ab(card)

    def colorize(gray: NDArray[np.uint16]) -> Pixels:
        height, width = gray.shape
        size = network_size(width, height, input_size=card.input_size, multiple=card.size_multiple)
        small = shrink(gray, *size)
        ab = annealed_ab(backend(small[None, None])[0], centres, card.temperature)
        guide = small if small.shape == ab.shape[:2] else shrink(gray, ab.shape[1], ab.shape[0])
        return to_bytes(recolor(gray, ab, guide))

    def classify(truth: Pixels) -> tuple[Floats, NDArray[np.uint8]] | None:
        if card.palette is None or truth.shape[:2] != (card.input_size, card.input_size):
            return None
        unit = truth.astype(np.float32) / np.float32(255)
        gray: Floats = unit.mean(axis=2, dtype=np.float32)  # the course's gray: the plain mean
        target = nearest_color(unit, np.asarray(card.palette, dtype=np.float32))
        return backend(gray[None, None])[0], target

    return Contestant(card.id, colorize, classify)


def baselines(mean_ab: tuple[float, float]) -> list[Contestant]:
    """Gray, and one colour for everything: the data set's own mean, which no colorizer may know."""
    constant = np.full((1, 1, 2), mean_ab, dtype=np.float32)
    guide = np.full((1, 1), 0.5, dtype=np.float32)
    return [
        Contestant("gray", lambda gray: to_bytes(np.repeat(gray[..., None], 3, axis=2))),
        Contestant("mean colour", lambda gray: to_bytes(recolor(gray, constant, guide))),
    ]


def to_bytes(rgb: NDArray[np.uint16]) -> Pixels:
    """16-bit samples rounded to 8 bits, as they would be shown."""
    return ((rgb.astype(np.uint32) + _BITS // 2) // _BITS).astype(np.uint8)


def mean_ab(pictures: Iterable[Pixels]) -> tuple[float, float]:
    """Mean CIE ab over all pixels of all pictures."""
    total, count = np.zeros(2), 0
    for rgb in pictures:
        total += rgb_to_lab(rgb)[..., 1:].reshape(-1, 2).sum(axis=0, dtype=np.float64)
        count += rgb.shape[0] * rgb.shape[1]
    if not count:
        raise ValueError("no pictures to evaluate on")
    return float(total[0] / count), float(total[1] / count)


def fit(rgb: Pixels, side: int | None) -> Pixels:
    """The picture scaled down (never up) so that its shorter side is `side`; as it is when None."""
    height, width = rgb.shape[:2]
    if side is None or min(height, width) <= side:
        return rgb
    scale = side / min(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def evaluate(
    models: Mapping[str, tuple[Card, Backend]],
    pictures: Sequence[Pixels],
    listen: Callable[[int], None] = lambda done: None,
) -> dict[str, dict[str, float]]:
    """Every measure of gray, mean colour and each model; `listen` hears how many pictures are done."""
    contestants = baselines(mean_ab(pictures)) + [model(card, backend) for card, backend in models.values()]
    for index, truth in enumerate(pictures):
        for contestant in contestants:
            contestant.meet(truth)
        listen(index + 1)
    return {contestant.name: contestant.result() for contestant in contestants}
