"""How far a backend's colours are from float32's, on fixed pictures of many kinds, shapes and hints."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from app.colorizing.backends import Backend, Floats
from app.colorizing.decode import annealed_ab, centres_ab
from app.colorizing.hints import Spot, with_hints
from app.colorizing.support import takes_hints
from app.imaging.resize import network_size, shrink
from app.networks.card import Card
from app.resources import static_dir

MOST_DELTA_E = 1.0
"""What the eye cannot tell apart: of a thousand places one may be further off."""
PERCENTILE = 99.9
LEAST_AGREEMENT = 0.99
"""Share of places that must keep their class where classes are what a network is judged by."""
SHAPES = ((1.0, 1.0), (1.5, 1.0), (1.0, 1.4), (4.0, 1.0), (1.0, 3.0))
"""Width and height of the pictures, in turn."""
SIDE = 320
SPOTS = (Spot(0.3, 0.4, 45.0, 30.0, 0.05), Spot(0.8, 0.2, -30.0, 25.0), Spot(0.55, 0.9, 5.0, -45.0, 0.2))


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How near a backend is: CIE 1976 difference of colour at the percentile, share of same classes."""

    delta_e: float
    agreement: float

    def suffices(self, card: Card) -> bool:
        """Whether nobody could tell the difference."""
        same = card.task != "palette" or self.agreement >= LEAST_AGREEMENT
        return self.delta_e <= MOST_DELTA_E and same


def inputs(card: Card) -> list[Floats]:
    """Input planes (1, P, H, W) of the fixed pictures; with some of them hints, if the network takes any."""
    found = []
    for index, gray in enumerate(pictures()):
        height, width = gray.shape
        size = network_size(width, height, input_size=card.input_size, multiple=card.size_multiple)
        small = shrink(gray, *size)
        hinted = takes_hints(card) and index % 2
        planes = with_hints(small, SPOTS[: 1 + index % len(SPOTS)], width / height) if hinted else small[None]
        found.append(planes[None])
    return found


def compare(card: Card, reference: list[Floats], found: list[Floats]) -> Fidelity:
    """How near probabilities (1, C, h, w) are to float32's; infinitely far if they are not finite."""
    distances, same = [], []
    centres = centres_ab(card)
    for expected, given in zip(reference, found, strict=True):
        if expected.shape != given.shape or not np.isfinite(given).all():
            return Fidelity(float("inf"), 0.0)
        for before, after in zip(expected, given, strict=True):
            shift = annealed_ab(after, centres, card.temperature) - annealed_ab(
                before, centres, card.temperature
            )
            distances.append(np.hypot(shift[..., 0], shift[..., 1]).ravel())
            same.append((before.argmax(axis=0) == after.argmax(axis=0)).ravel())
    delta_e = np.percentile(np.concatenate(distances), PERCENTILE)
    return Fidelity(float(delta_e), float(np.concatenate(same).mean()))


def answers(backend: Backend, planes: list[Floats]) -> list[Floats]:
    """What a backend says of each input."""
    return [backend(each) for each in planes]


def pictures() -> Iterator[Floats]:
    """Gray pictures 0..1, the same at each call: photographs in their own shape, then drawn ones."""
    for file in sorted((static_dir() / "samples").glob("*.jpg")):
        with Image.open(file, formats=("JPEG",)) as picture:
            picture.draft("L", (SIDE, SIDE))
            yield np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
    random = np.random.default_rng(0)
    for index, (across, down) in enumerate(SHAPES):
        scale = SIDE / np.sqrt(across * down)
        yield _drawn(index, round(scale * down), round(scale * across), random)


def _drawn(index: int, height: int, width: int, random: np.random.Generator) -> Floats:
    """Clouds, with edges, texture or darkness laid over them."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    noise = np.fft.rfft2(random.standard_normal((height, width)))
    clouds = np.fft.irfft2(noise / (np.hypot(rows, columns) + 0.5 / width) ** 1.3, s=(height, width))
    clouds = (clouds - clouds.min()) / np.ptp(clouds)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    match index % 5:
        case 1:  # a lit wall with an opening
            clouds = 0.3 * clouds + 0.6 * across
            clouds[height // 3 : height // 2, width // 4 : width // 2] = 0.02
        case 2:  # cloth
            clouds = 0.7 * clouds + 0.15 * (1 + np.sin(90 * across) * np.sin(120 * down))
        case 3:  # night with lights
            clouds = 0.15 * clouds + (random.random((height, width)) > 0.999)
        case 4:  # print
            clouds = np.where(np.sin(60 * down) + 0.4 * clouds > 0.3, 0.95, 0.1)
    drawn: Floats = np.clip(clouds, 0, 1).astype(np.float32)
    return drawn
