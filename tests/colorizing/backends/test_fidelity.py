"""How a difference of colour is found, against scikit-image."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_cie76

from app.colorizing.backends import Floats, fidelity
from app.colorizing.decode import annealed_ab, centres_ab
from app.networks.card import Card, read_card


@pytest.fixture
def card(tmp_path: Path, make_photo_model: Callable[..., Path]) -> Card:
    return read_card(make_photo_model(tmp_path, input_size=64))


def distributions(count: int, seed: int) -> list[Floats]:
    logits = np.random.default_rng(seed).normal(0, 3, (3, 1, count, 8, 12)).astype(np.float32)
    weights = np.exp(logits)
    return list(weights / weights.sum(axis=2, keepdims=True))


def test_the_difference_is_that_of_cie_1976(card: Card) -> None:
    before, after = distributions(card.classes, 0), distributions(card.classes, 1)
    lab = []
    for each in (before, after):
        ab = [annealed_ab(one[0], centres_ab(card), card.temperature) for one in each]
        lab.append(np.concatenate([np.full((*np.shape(ab)[:-1], 1), 60.0), ab], axis=-1))
    found = fidelity.compare(card, before, after)
    distances = deltaE_cie76(*lab)  # type: ignore[no-untyped-call]
    assert found.delta_e == pytest.approx(np.percentile(distances, 99.9), rel=1e-5)
    same = np.mean([np.equal(a.argmax(axis=1), b.argmax(axis=1)) for a, b in zip(before, after, strict=True)])
    assert found.agreement == pytest.approx(same)
    assert not found.suffices(card)


def test_the_same_is_no_difference_and_nonsense_an_infinite_one(card: Card) -> None:
    before = distributions(card.classes, 0)
    assert fidelity.compare(card, before, before) == fidelity.Fidelity(0.0, 1.0)
    spoilt = [before[0], before[1], np.full_like(before[2], np.nan)]
    assert not fidelity.compare(card, before, spoilt).suffices(card)
    assert not fidelity.compare(card, before, [*before[:2], before[2][:, :, :0]]).suffices(card)


def test_classes_count_where_a_network_is_judged_by_them(card: Card, tiny_models: Path) -> None:
    found = fidelity.Fidelity(delta_e=0.5, agreement=0.9)
    assert found.suffices(card)
    assert not found.suffices(read_card(tiny_models / "horses"))
    assert not fidelity.Fidelity(delta_e=1.01, agreement=1.0).suffices(card)


def test_pictures_are_the_same_each_time_of_many_shapes_with_hints_and_without(card: Card) -> None:
    first, second = fidelity.inputs(card), fidelity.inputs(card)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one[:, 0].min() >= 0 and one[:, 0].max() <= 1
        assert np.ptp(one[:, 0]) > 0.1
        assert all(side % card.size_multiple == 0 for side in one.shape[-2:])
    assert {each.shape[1] for each in first} == {1, 4}
    assert len({each.shape[-2:] for each in first}) >= 3


def test_a_network_without_hints_is_given_none(tiny_models: Path) -> None:
    assert {each.shape[1] for each in fidelity.inputs(read_card(tiny_models / "horses"))} == {1}
