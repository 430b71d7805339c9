"""Examples, batches and scores, against doing it by hand."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from app.networks.card import InputScaling
from app.networks.palette import HORSES_24
from app.training.datasets import DatasetError
from app.training.palette_task import Examples, PaletteTask, evaluate_palette
from tests.training.conftest import Pixels, make_recipe

PALETTE = np.asarray(HORSES_24, dtype=np.float32)


def test_gray_is_the_plain_mean_and_target_the_nearest_colour(train: dict[str, Pixels]) -> None:
    examples = Examples.of(train["horse"][:3], PALETTE)
    for index, y, x in [(0, 0, 0), (1, 5, 30), (2, 31, 31)]:
        pixel = [int(value) for value in train["horse"][index, y, x]]
        assert float(examples.gray[index, 0, y, x]) == pytest.approx(
            float(Fraction(sum(pixel), 765)), abs=1e-7
        )
        distances = [
            sum((a / 255 - b) ** 2 for a, b in zip(pixel, color, strict=True)) for color in HORSES_24
        ]
        assert int(examples.target[index, y, x]) == distances.index(min(distances))


def test_an_epoch_shows_every_picture_once(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    task = PaletteTask(make_recipe(batch_size=7), train, test, PALETTE)
    assert sorted(task.order(0)) == list(range(40))
    assert list(task.order(0)) != list(task.order(1))
    assert [len(gray) for gray, _ in task.epoch(0)] == [7] * 5 + [5]


def test_a_mixture_has_the_asked_share(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    recipe = make_recipe(phases=[{"epochs": 1, "pictures": 100, "target_share": 0.2}])
    order = PaletteTask(recipe, train, test, PALETTE).order(0)
    assert Counter(bool(index < 40) for index in order) == {True: 20, False: 80}
    assert max(Counter(order).values()) == 3  # 80 draws from 30 ships: each twice or three times


def test_batches_are_a_function_of_their_number(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    recipe = make_recipe(flips=True)
    whole = list(PaletteTask(recipe, train, test, PALETTE).epoch(1))
    late = list(PaletteTask(recipe, train, test, PALETTE).epoch(1, start=2))
    for (gray, target), (again, target_again) in zip(whole[2:], late, strict=True):
        assert torch.equal(gray, again)
        assert torch.equal(target, target_again)


def test_flips_turn_picture_and_target_together(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    plain = PaletteTask(make_recipe(), train, test, PALETTE)
    flipped = PaletteTask(make_recipe(flips=True), train, test, PALETTE)
    turned = 0
    for (gray, target), (other, other_target) in zip(plain.epoch(0), flipped.epoch(0), strict=True):
        for index in range(len(gray)):
            if torch.equal(gray[index], other[index]):
                assert torch.equal(target[index], other_target[index])
            else:
                turned += 1
                assert torch.equal(gray[index].flip(-1), other[index])
                assert torch.equal(target[index].flip(-1), other_target[index])
    assert 5 < turned < 35


def test_shifts_move_picture_and_target_together(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    plain = PaletteTask(make_recipe(), train, test, PALETTE)
    shifted = PaletteTask(make_recipe(shift=3), train, test, PALETTE)
    moves = set()
    for (gray, target), (other, other_target) in zip(plain.epoch(0), shifted.epoch(0), strict=True):
        for index in range(len(gray)):
            padded = np.pad(gray[index, 0].numpy(), 3, mode="reflect")
            padded_target = np.pad(target[index].numpy(), 3, mode="reflect")
            found = [
                (dy, dx)
                for dy in range(7)
                for dx in range(7)
                if np.array_equal(padded[dy : dy + 32, dx : dx + 32], other[index, 0].numpy())
            ]
            assert len(found) == 1
            dy, dx = found[0]
            assert np.array_equal(padded_target[dy : dy + 32, dx : dx + 32], other_target[index].numpy())
            moves.add(found[0])
    assert len(moves) > 15


def test_exposure_changes_gray_and_target_together(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    phases = [{"epochs": 1, "pictures": 60, "target_share": 0.5}]
    task = PaletteTask(make_recipe(phases=phases, exposure=0.5), train, test, PALETTE)
    everything = np.concatenate([train["horse"], train["ship"]]) / 255
    order, factors = task.order(0), []
    for gray, target in task.epoch(0):
        picked, order = order[: len(gray)], order[len(gray) :]
        sources = everything[[*picked[picked < 40], *picked[picked >= 40]]]  # horses first in each batch
        for index, source in enumerate(sources):
            dark = source.max(axis=2) < 0.7  # too dark to be cut off at half a stop more
            ratio = gray[index, 0].numpy()[dark] / source.mean(axis=2)[dark]
            factor = float(np.median(ratio))
            np.testing.assert_allclose(gray[index, 0], (source * factor).clip(0, 1).mean(axis=2), atol=2e-5)
            factors.append(np.log2(factor))
            y, x = divmod(index * 37 % 1024, 32)
            distances = [np.sum(((source[y, x] * factor).clip(0, 1) - color) ** 2) for color in HORSES_24]
            assert distances[int(target[index, y, x])] == pytest.approx(min(distances), abs=1e-6)
    assert len(factors) == 60
    assert -0.5 <= min(factors) < -0.3 < 0.3 < max(factors) <= 0.5


def test_held_out_pictures_are_not_trained_on(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    task = PaletteTask(make_recipe(validation=10), train, test, PALETTE)
    held = {picture.numpy().tobytes() for picture in task.validation.gray}
    kept = {picture.numpy().tobytes() for picture in task.target.gray}
    assert (len(held), len(kept)) == (10, 30)
    assert not held & kept


class _Fixed(nn.Module):
    """Logits that depend on gray alone."""

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        return gray * torch.arange(24.0)[:, None, None]


def test_score_is_the_mean_over_all_pixels(test: dict[str, Pixels]) -> None:
    examples = Examples.of(test["horse"], PALETTE)
    scaling = InputScaling(mean=0.5, std=0.25)
    found = evaluate_palette(_Fixed(), examples, scaling, batch_size=5)
    gray = (examples.gray.double().numpy() - 0.5) / 0.25
    logits = gray * np.arange(24.0)[:, None, None]
    target = examples.target.numpy().astype(int)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert found.loss == pytest.approx(-np.take_along_axis(logs, target[:, None], 1).mean(), rel=1e-5)
    assert found.accuracy == pytest.approx((logits.argmax(1) == target).mean())


def test_missing_classes_are_named(train: dict[str, Pixels], test: dict[str, Pixels]) -> None:
    with pytest.raises(DatasetError, match="no class 'horse', only ship"):
        PaletteTask(make_recipe(), {"ship": train["ship"]}, test, PALETTE)
    with pytest.raises(DatasetError, match="only 'horse'"):
        PaletteTask(
            make_recipe(phases=[{"epochs": 1, "target_share": 0.5}]), {"horse": train["horse"]}, test, PALETTE
        )
    with pytest.raises(DatasetError, match="held out"):
        PaletteTask(make_recipe(validation=40), train, test, PALETTE)
