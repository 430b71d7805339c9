"""Colorization as classification over ab bins, at a fraction of the size (Zhang, Isola & Efros 2016)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from app.imaging.color import WHITE, XYZ_FROM_RGB, cie_f, rgb_to_gray, srgb_to_linear
from app.networks.ab_bins import SoftEncoding, bins_in_gamut, rebalancing
from app.networks.halves import HINT_PLANES
from app.training.aging import age
from app.training.album import Album, piece
from app.training.datasets import DatasetError, square
from app.training.palette_task import scale
from app.training.recipe import Phase, PhotoSettings, Recipe
from app.training.task import Score, device_of

HINT_UNIT = 100.0
_SAMPLED = 3000

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Input planes (N, P, S, S), gray and (where any are given) hints; the bins of each place of the output,
    their shares and its weight.
    """

    planes: Tensor
    bins: Tensor
    shares: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        return Batch(*(each.to(device) for each in (self.planes, self.bins, self.shares, self.weight)))


class AbTask:
    """Batches and measures of a recipe for photographs; each batch is a function of (seed, epoch, index)."""

    def __init__(self, recipe: Recipe, album: Album) -> None:
        if recipe.photos is None:
            raise DatasetError(f"the recipe {recipe.id!r} says nothing about [photos]")
        self.recipe, self.settings, self._album = recipe, recipe.photos, album
        order = np.random.default_rng([recipe.seed, 1]).permutation(len(album))
        large = np.array([album.short_side(int(index)) >= recipe.size for index in order], dtype=bool)
        # Validation is on the pictures that need not be enlarged, where there are as many.
        order = np.concatenate([order[large], order[~large]])
        if not 0 < recipe.validation < len(order):
            raise DatasetError(
                f"{len(order)} pictures, of which {recipe.validation} are held out: neither may be none"
            )
        self.held, kept = order[: recipe.validation], order[recipe.validation :]
        split = max(0, int(large.sum()) - recipe.validation)
        self.large, self.small = np.sort(kept[:split]), np.sort(kept[split:])
        self.bins = np.array(bins_in_gamut(), dtype=np.float32)
        self._encode = SoftEncoding(self.bins)
        self._weights = rebalancing(
            self._bin_counts(),
            self.bins,
            uniform=self.settings.uniform,
            power=self.settings.rebalancing,
        )

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        phase = self.recipe.phase_of(epoch)
        return -(-(phase.pictures or len(self.large) + len(self.small)) // self.recipe.batch_size)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The epoch's batches from number `start` on."""
        phase = self.recipe.phase_of(epoch)
        for index in range(start, self.batches(epoch)):
            rng = np.random.default_rng([self.recipe.seed, 6, epoch, index])
            size = int(rng.choice(self.settings.sizes))
            # As many pixels in every batch, so that each takes as long and as much memory as any other.
            count = max(2, round(self.recipe.batch_size * self.recipe.size**2 / size**2))
            pictures = [self._album[int(number)] for number in self._chosen(phase, count, rng)]
            rgb = np.stack([piece(picture, size, self.settings.smallest_crop, rng) for picture in pictures])
            yield self._batch(rgb, rng)

    def count(self, batch: Batch) -> int:
        """Pictures in a batch."""
        return len(batch.planes)

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Cross-entropy against the soft targets, each place weighted by its colour's rarity."""
        batch = batch.to(device_of(network))
        return _cross_entropy(network(batch.planes).float(), batch, batch.weight)

    def score(self, network: nn.Module) -> Score:
        """Cross-entropy without weights and hints on the validation pictures; hits of the nearest bin."""
        was_training, device = network.training, device_of(network)
        network.eval()
        loss = hits = 0.0
        with torch.inference_mode():
            for batch in (each.to(device) for each in self._held_out):
                with torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
                    logits = network(batch.planes).float()
                loss += self.count(batch) * float(
                    _cross_entropy(logits, batch, torch.ones_like(batch.weight))
                )
                hits += self.count(batch) * float((logits.argmax(dim=1) == batch.bins[..., 0]).float().mean())
        network.train(was_training)
        return Score(loss / len(self.held), hits / len(self.held))

    @cached_property
    def _held_out(self) -> list[Batch]:
        """The middle squares of the validation pictures, as they are."""
        found = []
        size = self.recipe.size
        settings = self.settings.model_copy(update={"hinted": 0.0, "aged": 0.0})
        for start in range(0, len(self.held), self.recipe.batch_size):
            numbers = self.held[start : start + self.recipe.batch_size]
            middle = [square(self._album[int(number)], size) for number in numbers]
            found.append(self._batch(np.stack(middle), np.random.default_rng(0), settings))
        return found

    def _chosen(self, phase: Phase, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Numbers of `count` pictures: `target_share` of them large where there are both kinds."""
        if not len(self.large) or not len(self.small):
            return rng.choice(self.large if len(self.large) else self.small, size=count)
        large = rng.choice(self.large, size=count)
        small = rng.choice(self.small, size=count)
        return np.where(rng.random(count) < phase.target_share, large, small)

    def _batch(
        self, rgb: NDArray[np.uint8], rng: np.random.Generator, settings: PhotoSettings | None = None
    ) -> Batch:
        settings = settings or self.settings
        stride = settings.stride
        ab = mean_ab(rgb, stride)
        gray = np.stack(
            [age(each, rng) if rng.random() < settings.aged else each for each in rgb_to_gray(rgb)]
        )
        count = 1 + HINT_PLANES if settings.hinted else 1
        planes = np.zeros((len(rgb), count, *gray.shape[1:]), dtype=np.float32)
        planes[:, 0] = gray / np.float32(255)
        for index in range(len(rgb)):
            if rng.random() < settings.hinted:
                planes[index, 1:] = reveal(ab[index], rng).repeat(stride, axis=1).repeat(stride, axis=2)
        bins, shares = self._encode(ab)
        tensor = torch.from_numpy(planes)
        tensor[:, :1] = scale(tensor[:, :1], self.recipe.input)
        return Batch(
            tensor.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(bins),
            torch.from_numpy(shares),
            torch.from_numpy(self._weights[bins[..., 0]]),
        )

    def _bin_counts(self) -> NDArray[np.float64]:
        """How often each bin is the nearest, over a sample of the training pictures."""
        rng = np.random.default_rng([self.recipe.seed, 7])
        chosen = rng.permutation(np.concatenate([self.large, self.small]))[:_SAMPLED]
        counts = np.zeros(len(self.bins))
        for number in chosen:
            rgb = square(self._album[int(number)], 64)
            nearest = self._encode(mean_ab(rgb[None], self.settings.stride))[0][..., 0]
            counts += np.bincount(nearest.ravel(), minlength=len(self.bins))
        return counts


def mean_ab(rgb: NDArray[np.uint8], stride: int) -> Floats:
    """CIE ab of the mean linear light of squares of `stride` pixels: (N, H, W, 3) to (N, H/s, W/s, 2)."""
    count, height, width, _ = rgb.shape
    tiles = srgb_to_linear(rgb).reshape(count, height // stride, stride, width // stride, stride, 3)
    f = cie_f(tiles.mean(axis=(2, 4)) @ (XYZ_FROM_RGB / WHITE[:, None]).T.astype(np.float32))
    return np.stack([500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def reveal(ab: Floats, rng: np.random.Generator) -> Floats:
    """Hint planes (3, h, w) that give away the colours (h, w, 2) of a few small squares."""
    height, width = ab.shape[:2]
    planes = np.zeros((HINT_PLANES, height, width), dtype=np.float32)
    for _ in range(min(60, rng.geometric(0.12))):
        side = int(rng.integers(1, 4))
        top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
        here = np.s_[top : top + side, left : left + side]
        planes[:2, *here] = (ab[here].mean(axis=(0, 1)) / np.float32(HINT_UNIT))[:, None, None]
        planes[2, *here] = 1
    return planes


def _cross_entropy(logits: Tensor, batch: Batch, weight: Tensor) -> Tensor:
    logs = F.log_softmax(logits, dim=1).permute(0, 2, 3, 1)
    each = (logs.gather(3, batch.bins) * batch.shares).sum(dim=3)
    return -(each * weight).mean()
