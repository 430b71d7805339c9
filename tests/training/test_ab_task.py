"""Batches of photographs, against scikit-image and by hand; and that a network learns from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch import Tensor, nn

from app.imaging.color import rgb_to_gray
from app.training.ab_task import AbTask, Batch, mean_ab, reveal
from app.training.album import Album
from app.training.datasets import DatasetError
from app.training.recipe import Recipe
from app.training.trainer import Trainer
from tests.training.conftest import make_recipe

PLAIN = {"sizes": [32], "smallest_crop": 1.0, "hinted": 0.0, "aged": 0.0, "rebalancing": 0.0}


def recipe(photos: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    described = {
        "network": {"type": "photo-unet", "arguments": {"bins": 261, "widths": [16, 12, 8], "hints": 4}},
        "size": 32,
        "size_multiple": 32,
        "batch_size": 6,
        "validation": 4,
        "phases": [{"epochs": 2, "pictures": 18, "target_share": 0.5}],
        "photos": PLAIN | (photos or {}),
    }
    return make_recipe(**described | changes)


@pytest.fixture(scope="module")
def album() -> Album:
    rng = np.random.default_rng(0)
    sizes = [(32, 40)] * 14 + [(16, 16)] * 10
    blocks = (rng.integers(0, 256, (h // 8, w // 8, 3), dtype=np.uint8) for h, w in sizes)
    return Album.of((block.repeat(8, axis=0).repeat(8, axis=1) for block in blocks), longest_short_side=32)


def test_targets_are_the_mean_light_of_their_squares() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (2, 8, 12, 3), dtype=np.uint8)
    found = mean_ab(rgb, 4)
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    mean = linear[1, 4:8, 8:12].mean(axis=(0, 1))
    encoded = np.where(mean <= 0.0031308, 12.92 * mean, 1.055 * mean ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(found[1, 1, 2], rgb2lab(encoded[None, None])[0, 0, 1:], atol=2e-3)


def test_a_batch_holds_gray_and_the_bins_of_its_colours(album: Album) -> None:
    task = AbTask(recipe({"hinted": 1.0}), album)
    batch = next(task.epoch(0))
    assert batch.planes.shape == (6, 4, 32, 32)
    assert batch.bins.shape == batch.shares.shape == (6, 8, 8, 5)
    assert torch.all(batch.weight == 1)
    # A hint is the mean of up to nine places: nearer to the colour of its own than to that of others.
    known = batch.planes[:, 3, ::4, ::4] == 1
    assert 0 < int(known.sum()) < known.numel()
    told = batch.planes[:, 1:3, ::4, ::4].permute(0, 2, 3, 1)[known] * 100
    nearest = torch.from_numpy(task.bins)[batch.bins[..., 0][known]]
    own, others = ((told - bins).norm(dim=1).median() for bins in (nearest, nearest.roll(len(told) // 2, 0)))
    assert float(own) < 0.5 * float(others)


def test_a_network_that_keeps_the_size_sees_gray_alone_and_pictures_as_they_are() -> None:
    tiny = {"type": "enlarged-unet", "arguments": {"classes": 261, "widths": [8, 8, 8, 8], "native": 8}}
    pictures = np.random.default_rng(5).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    task = AbTask(
        recipe({"stride": 1}, network=tiny, size_multiple=8), Album.of(pictures, longest_short_side=32)
    )
    batch = next(task.epoch(0))
    assert batch.planes.shape == (6, 1, 32, 32)
    assert batch.bins.shape == batch.shares.shape == (6, 32, 32, 5)
    known = {}
    for rgb in pictures:
        for turned in (rgb, rgb[:, ::-1]):
            known[rgb_to_gray(turned).tobytes()] = rgb2lab(turned)[..., 1:]
    for plane, bins, shares in zip(batch.planes[:, 0], batch.bins, batch.shares, strict=True):
        truth = known[np.rint(plane.numpy() * 255).astype(np.uint8).tobytes()]
        told = (torch.from_numpy(task.bins)[bins] * shares[..., None]).sum(dim=2).numpy()
        assert float(np.abs(told - truth).mean()) < 4  # less than half a bin's width


def test_gray_is_the_luminance_of_pictures_that_are_not_held_out() -> None:
    pictures = np.random.default_rng(4).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    task = AbTask(recipe(), Album.of(pictures, longest_short_side=32))
    known = {}
    for number, rgb in enumerate(pictures):
        gray = rgb_to_gray(rgb)
        known[gray.tobytes()] = known[gray[:, ::-1].tobytes()] = number
    found = [
        known[np.rint(plane.numpy() * 255).astype(np.uint8).tobytes()]
        for batch in task.epoch(0)
        for plane in batch.planes[:, 0]
    ]
    assert len(found) == 18
    assert set(found) <= set(task.large.tolist())


def test_all_sizes_have_as_many_pixels_and_batches_repeat(album: Album) -> None:
    rich = recipe({"sizes": [32, 64], "hinted": 0.5, "aged": 0.5, "rebalancing": 0.6}, batch_size=8)
    whole = list(AbTask(rich, album).epoch(1))
    assert {tuple(batch.planes.shape) for batch in whole} == {(8, 4, 32, 32), (2, 4, 64, 64)}
    late = list(AbTask(rich, album).epoch(1, start=1))
    for batch, again in zip(whole[1:], late, strict=True):
        for name in ("planes", "bins", "shares", "weight"):
            assert torch.equal(getattr(batch, name), getattr(again, name))


def test_held_out_pictures_are_large_and_not_trained_on(album: Album) -> None:
    task = AbTask(recipe(), album)
    held, kept = set(task.held.tolist()), set(task.large.tolist()) | set(task.small.tolist())
    assert (len(held), len(kept), held & kept) == (4, 20, set())
    assert all(album.short_side(number) == 32 for number in held)
    for impossible in (0, 24):
        with pytest.raises(DatasetError, match="held out"):
            AbTask(recipe(validation=impossible), album)


def test_revealed_squares_carry_their_colour() -> None:
    ab = np.random.default_rng(3).uniform(-50, 50, (9, 9, 2)).astype(np.float32)
    alone = 0
    for seed in range(30):
        planes = reveal(ab, np.random.default_rng(seed))
        assert planes.shape == (3, 9, 9)
        assert np.all(planes[:2, planes[2] == 0] == 0)
        assert set(np.unique(planes[2])) <= {0.0, 1.0}
        for y, x in zip(*np.nonzero(planes[2]), strict=True):
            alone += np.allclose(planes[:2, y, x] * 100, ab[y, x], atol=1e-3)
    assert alone > 10


class _Constant(nn.Module):
    def forward(self, planes: Tensor) -> Tensor:
        bias = torch.linspace(-1, 1, 261)[:, None, None]
        return bias.expand(len(planes), 261, planes.shape[2] // 4, planes.shape[3] // 4)


def test_the_score_is_the_plain_cross_entropy(album: Album) -> None:
    task = AbTask(recipe({"rebalancing": 0.9}), album)
    logs = np.log(np.exp(np.linspace(-1, 1, 261)) / np.exp(np.linspace(-1, 1, 261)).sum())
    batches: list[Batch] = task._held_out
    expected = [
        -(logs[batch.bins.numpy()] * batch.shares.numpy()).sum(axis=3).mean(axis=(1, 2)) for batch in batches
    ]
    assert task.score(_Constant()).loss == pytest.approx(float(np.concatenate(expected).mean()), rel=1e-5)


def test_a_network_learns_and_resumes(album: Album, tmp_path: Path) -> None:
    torch.use_deterministic_algorithms(True)
    changes = {"phases": [{"epochs": 3, "pictures": 24}], "precision": "bfloat16", "averaging": 0.5}
    learns = recipe({"hinted": 0.5}, optimizer={"learning_rate": 5e-3}, **changes)
    whole = Trainer(learns, AbTask(learns, album), tmp_path / "whole")
    whole.run()
    losses = [epoch.train_loss for epoch in whole.progress.history]
    assert losses[-1] < losses[0] - 0.2
    parts = Trainer(learns, AbTask(learns, album), tmp_path / "parts")
    parts.advance(3)
    resumed = Trainer(learns, AbTask(learns, album), tmp_path / "parts")
    resumed.run()
    for name, tensor in whole.published.state_dict().items():
        assert torch.equal(tensor, resumed.published.state_dict()[name]), name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_it_learns_and_resumes_on_a_graphics_processor(album: Album, tmp_path: Path) -> None:
    changes = {"phases": [{"epochs": 3, "pictures": 24}], "precision": "bfloat16", "averaging": 0.5}
    learns = recipe({"hinted": 0.5}, optimizer={"learning_rate": 5e-3}, **changes)
    Trainer(learns, AbTask(learns, album), tmp_path, device="cuda").advance(3)
    resumed = Trainer(learns, AbTask(learns, album), tmp_path, device="cuda")
    assert resumed.progress.step == 3
    resumed.run()
    losses = [epoch.train_loss for epoch in resumed.progress.history]
    assert losses[-1] < losses[0] - 0.2
