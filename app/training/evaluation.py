"""What models reach on pictures whose colours are known: coloured as served, held against the truth."""

import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.colorizing.backends import Backend
from app.colorizing.options import Options
from app.colorizing.pipeline import Order, colorize
from app.imaging.bootstrap import DRAWS, Estimate, estimates, interval, weights
from app.imaging.color import LUMINANCE, linear_to_srgb, rgb_to_lab, srgb_to_linear
from app.imaging.measures import Measures, Truth
from app.imaging.recolor import recolor
from app.machine import peak_memory
from app.networks.card import Card
from app.networks.palette import nearest_color

Pixels = NDArray[np.uint8]
Gray = NDArray[np.uint16]
Floats = NDArray[np.float32]
Results = dict[str, dict[str, Estimate]]
"""Measures by name, by contestant."""

GRAY = "gray"
_BITS = np.uint16(257)  # 65535 / 255


@dataclass(frozen=True)
class Given:
    """What a colorizer is given of a picture: its luminance and nothing else."""

    gray: Gray
    """16-bit sRGB gray (H, W)."""
    png: bytes
    """The same as a file."""

    @classmethod
    def of(cls, truth: Pixels) -> "Given":
        """The true luminance of a picture (H, W, 3)."""
        gray = true_luminance(truth)
        file = io.BytesIO()
        Image.fromarray(gray).save(file, "PNG", compress_level=1)
        return cls(gray, file.getvalue())


class Model:
    """A trained model as it is served: a file in, a picture out."""

    def __init__(self, card: Card, backend: Backend) -> None:
        self.card, self.backend = card, backend

    def __call__(self, given: Given, options: Options | None = None) -> Pixels:
        """The picture in colour, (H, W, 3)."""
        order = Order(options or Options(), frozenset({"samples"}))
        result = colorize(given.png, self.backend, self.card, order, max_pixels=given.gray.size, threads=1)
        assert result.samples is not None
        return to_bytes(result.samples)

    def scored(self, truth: Pixels) -> tuple[int, float, int] | None:
        """Pixels told rightly, cross-entropy summed, and pixels, as the course counts; None off its terms."""
        if self.card.palette is None or truth.shape[:2] != (self.card.input_size, self.card.input_size):
            return None
        unit = truth.astype(np.float32) / np.float32(255)
        gray: Floats = unit.mean(axis=2, dtype=np.float32)  # the course's gray: the plain mean
        target = nearest_color(unit, np.asarray(self.card.palette, dtype=np.float32))
        probabilities = self.backend(gray[None, None])[0]
        chosen = np.take_along_axis(probabilities, target[None].astype(np.intp), axis=0)
        loss = -float(np.log(np.maximum(chosen, 1e-30), dtype=np.float64).sum())
        return int((probabilities.argmax(axis=0) == target).sum()), loss, target.size


@dataclass
class Contestant:
    """One row of the table: something that colours, and what it reached so far."""

    colorize: Callable[[Given], Pixels]
    score: Callable[[Pixels], tuple[int, float, int] | None] = lambda _: None
    measures: Measures = field(default_factory=Measures)
    scores: list[tuple[int, float, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: float = 0.0

    def meet(self, truth: Truth, given: Given) -> None:
        """Colour one picture from its luminance alone and count the result in."""
        with peak_memory() as peak:
            begun = time.perf_counter()
            output = self.colorize(given)
            self.seconds.append(time.perf_counter() - begun)
        self.memory = max(self.memory, peak.mebibytes)
        self.measures.add(output, truth)
        if (score := self.score(truth.rgb)) is not None:
            self.scores.append(score)

    def besides(self, draws: int) -> dict[str, Estimate]:
        """What is measured beside the colours: the course's accuracy and loss in nats, time and memory."""
        found: dict[str, Estimate] = {}
        if self.scores:
            right, loss, pixels = np.array(self.scores).T
            drawn = weights(len(pixels), draws)
            for name, summed in (("accuracy", right), ("cross_entropy", loss)):
                found[name] = interval(
                    float(summed.sum() / pixels.sum()), (drawn @ summed) / (drawn @ pixels)
                )
        found["pictures"] = Estimate(len(self.seconds))
        found["median_ms"] = Estimate(1000 * float(np.median(self.seconds)))
        found["peak_memory_mib"] = Estimate(round(self.memory))
        return found


def contestants(models: Mapping[str, Model], mean: tuple[float, float]) -> dict[str, Contestant]:
    """Gray, one colour for everything (the data set's own mean, which no colorizer may know), and models."""
    constant = np.full((1, 1, 2), mean, dtype=np.float32)
    guide = np.full((1, 1), 0.5, dtype=np.float32)
    return {
        GRAY: Contestant(lambda given: to_bytes(np.repeat(given.gray[..., None], 3, axis=2))),
        "mean colour": Contestant(lambda given: to_bytes(recolor(given.gray, constant, guide, threads=1))),
        **{name: Contestant(model, model.scored) for name, model in models.items()},
    }


def evaluate(
    models: Mapping[str, Model],
    pictures: Sequence[Pixels],
    listen: Callable[[int], None] = lambda done: None,
    *,
    draws: int = DRAWS,
) -> Results:
    """Every measure of gray, mean colour and each model; `listen` hears how many pictures are done.

    Measures that are not finite, such as the PSNR of an exact picture, are left out. Raises ValueError
    without pictures.
    """
    rivals = contestants(models, mean_ab(pictures))
    for index, picture in enumerate(pictures):
        truth, given = Truth(picture), Given.of(picture)
        for rival in rivals.values():
            rival.meet(truth, given)
        listen(index + 1)
    found = estimates({name: rival.measures for name, rival in rivals.items()}, against=GRAY, draws=draws)
    return {
        name: {
            key: estimate
            for key, estimate in (rival.besides(draws) | found[name]).items()
            if np.isfinite([estimate.value, estimate.low or 0.0, estimate.high or 0.0]).all()
        }
        for name, rival in rivals.items()
    }


def true_luminance(rgb: Pixels) -> Gray:
    """16-bit sRGB gray of a picture's luminance: what a coloured upload is taken as."""
    linear = srgb_to_linear(rgb) @ LUMINANCE.astype(np.float32)
    return np.rint(linear_to_srgb(linear).clip(0, 1) * np.float32(65535)).astype(np.uint16)


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
    return rgb if side is None or min(rgb.shape[:2]) <= side else scaled(rgb, side)


def scaled(rgb: Pixels, side: int) -> Pixels:
    """The picture scaled so that its shorter side is `side`."""
    height, width = rgb.shape[:2]
    scale = side / min(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
