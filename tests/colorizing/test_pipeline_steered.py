"""Hints, candidates and suggestions through the pipeline, with a network that does as it is told."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.colorizing.options import Options, UnsupportedOption
from app.colorizing.pipeline import Order, colorize
from app.colorizing.registry import Registry
from app.networks.card import Card, NetworkSpec
from tests.colorizing.painting import MAX_PIXELS, opened, paint, saved, scene
from tests.training.test_hint_study import CARD as HINTED
from tests.training.test_hint_study import Obedient


@pytest.fixture(scope="module")
def registry(tiny_models: Path) -> Registry:
    return Registry(tiny_models)


class Steerable:
    """Stands in for a network: sure of the hinted colour where there is one, doubtful elsewhere."""

    name = "steerable"

    def __init__(self, card: Card) -> None:
        self.seen: list[NDArray[np.float32]] = []
        self._centres = np.asarray(card.bins, np.float32)

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        self.seen.append(planes[0])
        count, (height, width) = len(self._centres), planes.shape[2:]
        probabilities = np.full((1, count, height, width), 1 / count, np.float32)
        probabilities[0, 0] *= 3
        probabilities[0, -1] *= 2
        if planes.shape[1] > 1:
            ab = np.moveaxis(planes[0, 1:3], 0, -1)[:, :, None] * 100
            chosen = np.square(ab - self._centres).sum(axis=-1).argmin(axis=-1)
            sure = np.moveaxis(np.eye(count, dtype=np.float32)[chosen], -1, 0)
            probabilities[0] = np.where(planes[0, 3] > 0, sure, probabilities[0])
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities


@pytest.fixture
def steerable(registry: Registry) -> tuple[Steerable, Card]:
    card = registry.card("photo").model_copy(update={"network": NetworkSpec(type="photo-unet")})
    return Steerable(card), card


def test_hints_reach_the_network_and_the_picture(steerable: tuple[Steerable, Card]) -> None:
    hint = {"x": 0.1, "y": 0.9, "color": "#4f6fbf", "radius": 0.05}
    gray = np.full((64, 64), 120, np.uint8)
    result = paint(saved(gray), steerable, hints=[hint], temperature=0.0)
    (planes,) = steerable[0].seen
    assert planes.shape == (4, 32, 32)
    assert planes[3, 28, 3] == 1
    assert planes[3, :16].max() == 0
    red, _, blue = np.asarray(opened(result.image))[57, 6].astype(int)
    assert blue > red + 20
    ((given, shown),) = result.hints
    assert (given.x, given.y) == (0.1, 0.9)
    assert re.fullmatch("#[0-9a-f]{6}", shown)


def test_a_candidate_is_the_whole_picture_coloured_again(steerable: tuple[Steerable, Card]) -> None:
    gray = scene(64, 64)
    first = paint(saved(gray), steerable, temperature=0.0)
    other = paint(saved(gray), steerable, temperature=0.0, candidate=1)
    alone, before, again = steerable[0].seen
    np.testing.assert_array_equal(alone, before)
    assert (before.shape, again.shape) == ((1, 32, 32), (4, 32, 32))
    assert 0 < again[3].mean() < 0.1
    assert other.image != first.image
    assert other.hints == ()
    assert paint(saved(gray), steerable, temperature=0.0, candidate=1).image == other.image


def test_hints_hold_in_every_candidate(steerable: tuple[Steerable, Card]) -> None:
    """A candidate is that of the picture alone, whatever hints there are; they lie above it."""
    everywhere = {"x": 0.5, "y": 0.5, "color": "#4f6fbf", "radius": 1.0}
    corner = {"x": 0.9, "y": 0.1, "color": "#4f6fbf", "radius": 0.05}
    for hints in ([], [corner], [everywhere]):
        paint(saved(scene(64, 64)), steerable, hints=hints, candidate=1)
    alone, decided, _, cornered, *_, covered = steerable[0].seen
    assert [len(planes) for planes in steerable[0].seen] == [1, 4, 1, 4, 1, 4]
    place, known = decided[3] > 0, (decided[3] == 0) & (cornered[3] > 0)
    np.testing.assert_array_equal(cornered[:, place], decided[:, place])
    assert known.any() and not known.all()
    assert covered[3].all()
    np.testing.assert_array_equal(
        covered[1:3], np.broadcast_to(cornered[1:3, known][:, :1, None], (2, 32, 32))
    )
    np.testing.assert_array_equal(covered[0], alone[0])


def test_the_number_of_candidates_is_told(steerable: tuple[Steerable, Card], registry: Registry) -> None:
    last = paint(saved(scene(64, 64)), steerable, "candidates").candidates
    assert last is not None and last >= 1
    paint(saved(scene(64, 64)), steerable, candidate=last)
    with pytest.raises(UnsupportedOption, match=f"end at {last}"):
        paint(saved(scene(64, 64)), steerable, candidate=last + 1)
    hint = {"x": 0.9, "y": 0.1, "color": "#4f6fbf", "radius": 0.5}
    assert paint(saved(scene(64, 64)), steerable, "candidates", hints=[hint]).candidates == last
    horses = (registry.load("horses"), registry.card("horses"))
    assert paint(saved(scene(64, 64)), horses, "candidates").candidates == 0
    assert paint(saved(scene(64, 64)), horses).candidates is None


def test_suggestions_are_of_the_place_asked_for(steerable: tuple[Steerable, Card]) -> None:
    blue = {"x": 0.25, "y": 0.25, "color": "#4f6fbf", "radius": 0.1}
    options = Options.model_validate({"hints": [blue]})
    there, elsewhere = (
        colorize(
            saved(scene(64, 64)),
            *steerable,
            Order(options, frozenset({"suggestions"}), place=place),
            max_pixels=MAX_PIXELS,
        )
        for place in ((0.25, 0.25), (0.9, 0.9))
    )
    assert there.image is None
    assert there.suggestions and elsewhere.suggestions
    assert there.suggestions[0].share > 1.3 * elsewhere.suggestions[0].share
    red, _, blueness = bytes.fromhex(there.suggestions[0].color[1:])
    assert blueness > red + 20


def test_candidates_end_where_the_likely_colours_do(steerable: tuple[Steerable, Card]) -> None:
    with pytest.raises(UnsupportedOption, match="end at") as caught:
        paint(saved(scene(32, 32)), steerable, candidate=99)
    assert caught.value.field == "candidate"


def test_a_hint_on_the_border_colours_it() -> None:
    """Who says what colour it has knows better."""
    print_ = np.pad(scene(100, 120) // 2, 20, constant_values=200)
    obedient = (Obedient(), HINTED)
    inside, outside = ({"x": x, "y": 0.5, "color": "#d04040", "radius": 0.3} for x in (0.5, 0.01))
    for hints, colored in (([inside], False), ([inside, outside], True)):
        painted = np.asarray(opened(paint(saved(print_), obedient, hints=hints).image)).astype(int)
        assert bool(np.ptp(painted[:, :20], axis=2).max() > 20) is colored
        assert np.ptp(painted[60:80, 70:90], axis=2).max() > 20
