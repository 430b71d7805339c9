"""Colorization as classification over a palette: pictures to gray and targets, batches, loss and accuracy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from app.networks.card import InputScaling
from app.networks.palette import nearest_color
from app.training.datasets import DatasetError
from app.training.recipe import Phase, Recipe
from app.training.task import Score, device_of

_CHUNK = 1000


@dataclass(frozen=True)
class Examples:
    """Gray (N, 1, H, W) float32, the plain mean of R, G and B in 0..1, targets (N, H, W) uint8, and what they
    were taken from, RGB uint8 (N, H, W, 3).
    """

    gray: Tensor
    target: Tensor
    rgb: NDArray[np.uint8]

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], palette: NDArray[np.float32]) -> "Examples":
        """From RGB uint8 (N, H, W, 3); the target is the palette colour nearest in Euclidean RGB."""
        parts = []
        for start in range(0, len(rgb), _CHUNK):
            parts.append(_seen(rgb[start : start + _CHUNK].astype(np.float32) / np.float32(255), palette))
        gray, target = (torch.cat(part) for part in zip(*parts, strict=True))
        return cls(gray, target, rgb)

    def __len__(self) -> int:
        return len(self.gray)


def evaluate_palette(
    network: nn.Module, examples: Examples, scaling: InputScaling, *, batch_size: int = 100
) -> Score:
    """Loss and accuracy over all pixels of all examples, with the network in eval mode."""
    was_training, device = network.training, device_of(network)
    network.eval()
    loss = correct = 0.0
    with torch.inference_mode():
        for start in range(0, len(examples), batch_size):
            gray = scale(examples.gray[start : start + batch_size], scaling).to(device)
            target = examples.target[start : start + batch_size].long().to(device)
            logits = network(gray).float()
            loss += F.cross_entropy(logits, target, reduction="sum").item()
            correct += (logits.argmax(dim=1) == target).sum().item()
    network.train(was_training)
    pixels = examples.target.numel()
    return Score(loss / pixels, correct / pixels)


def scale(gray: Tensor, scaling: InputScaling) -> Tensor:
    """Gray 0..1 as the network wants it, channels last."""
    return ((gray - scaling.mean) / scaling.std).contiguous(memory_format=torch.channels_last)


class PaletteTask:
    """Batches and measures of one recipe; every batch is a function of (seed, epoch, index) alone."""

    def __init__(
        self,
        recipe: Recipe,
        train: Mapping[str, NDArray[np.uint8]],
        test: Mapping[str, NDArray[np.uint8]],
        palette: NDArray[np.float32],
    ) -> None:
        label = recipe.target_class
        for role, data in (("training", train), ("test", test)):
            if label not in data:
                raise DatasetError(
                    f"the {role} data has no class {label!r}, only {', '.join(data) or 'nothing'}"
                )
        self.recipe, self.palette = recipe, palette
        order = np.random.default_rng([recipe.seed, 1]).permutation(len(train[label]))
        if recipe.validation >= len(order):
            raise DatasetError(
                f"{len(order)} pictures of {label!r} leave none beside {recipe.validation} held out"
            )
        held, kept = order[: recipe.validation], np.sort(order[recipe.validation :])
        self.target = Examples.of(train[label][kept], palette)
        others = [pixels for name, pixels in train.items() if name != label]
        self.others = Examples.of(np.concatenate(others), palette) if others else None
        self.test = Examples.of(test[label], palette)
        self.validation = Examples.of(train[label][held], palette) if recipe.validation else self.test
        if self.others is None and any(phase.target_share < 1 for phase in recipe.phases):
            raise DatasetError(f"the recipe mixes other classes in, but the training data has only {label!r}")

    def pictures(self, phase: Phase) -> int:
        """Pictures in one epoch of a phase."""
        return phase.pictures or len(self.target)

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return -(-self.pictures(self.recipe.phase_of(epoch)) // self.recipe.batch_size)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The epoch's pictures: indices into the target class, then (from len(target)) into the others."""
        phase, size = self.recipe.phase_of(epoch), len(self.target)
        rng = np.random.default_rng([self.recipe.seed, 2, epoch])
        count = self.pictures(phase)
        own = round(count * phase.target_share)
        chosen = [_draw(rng, size, own)]
        if self.others is not None and own < count:
            chosen.append(size + _draw(rng, len(self.others), count - own))
        return rng.permutation(np.concatenate(chosen))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The epoch's batches from number `start` on: scaled gray (N, 1, H, W), targets (N, H, W) int64."""
        order = self.order(epoch)
        for index in range(start, self.batches(epoch)):
            picked = order[index * self.recipe.batch_size : (index + 1) * self.recipe.batch_size]
            gray, target = self._take(picked)
            if self.recipe.exposure:
                rng = np.random.default_rng([self.recipe.seed, 5, epoch, index])
                gray, target = self._exposed(picked, rng)
            if self.recipe.flips:
                rng = np.random.default_rng([self.recipe.seed, 3, epoch, index])
                flip = torch.from_numpy(rng.random(len(picked)) < 0.5)
                gray = torch.where(flip[:, None, None, None], gray.flip(-1), gray)
                target = torch.where(flip[:, None, None], target.flip(-1), target)
            if self.recipe.shift:
                rng = np.random.default_rng([self.recipe.seed, 4, epoch, index])
                gray, target = _shifted(gray, target, self.recipe.shift, rng)
            yield scale(gray, self.recipe.input), target.long()

    def _take(self, picked: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        own = torch.from_numpy(picked[picked < len(self.target)])
        gray, target = self.target.gray[own], self.target.target[own]
        rest = torch.from_numpy(picked[picked >= len(self.target)] - len(self.target))
        if len(rest) and self.others is not None:
            gray = torch.cat([gray, self.others.gray[rest]])
            target = torch.cat([target, self.others.target[rest]])
        return gray, target

    def count(self, batch: tuple[Tensor, Tensor]) -> int:
        """Pictures in a batch."""
        return len(batch[0])

    def score(self, network: nn.Module) -> Score:
        """Loss and accuracy on the validation pictures."""
        return evaluate_palette(network, self.validation, self.recipe.input)

    def _exposed(self, picked: NDArray[np.int64], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """As `_take`, each picture taken by its own exposure; what becomes brighter than white is white."""
        own = picked[picked < len(self.target)]
        rgb = self.target.rgb[own]
        if self.others is not None and len(own) < len(picked):
            rest = picked[picked >= len(self.target)] - len(self.target)
            rgb = np.concatenate([rgb, self.others.rgb[rest]])
        stops = rng.uniform(-self.recipe.exposure, self.recipe.exposure, (len(picked), 1, 1, 1))
        unit = rgb.astype(np.float32) * (np.exp2(stops) / 255).astype(np.float32)
        return _seen(unit.clip(0, 1), self.palette)

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Mean cross-entropy of a batch."""
        gray, target = (each.to(device_of(network)) for each in batch)
        return F.cross_entropy(network(gray).float(), target)


def _seen(unit: NDArray[np.float32], palette: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """Gray (N, 1, H, W) and targets (N, H, W) of RGB 0..1 (N, H, W, 3)."""
    gray = torch.from_numpy(unit.mean(axis=3, dtype=np.float32)[:, None])
    return gray, torch.from_numpy(nearest_color(unit, palette))


def _shifted(gray: Tensor, target: Tensor, most: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Each picture moved by its own whole number of pixels, the border mirrored beyond itself."""
    count, height, width = target.shape
    picture = torch.arange(count)[:, None, None]
    rows, columns = (
        torch.from_numpy(_mirrored(np.arange(size) + rng.integers(-most, most + 1, (count, 1)), size))
        for size in (height, width)
    )
    at = (picture, rows[:, :, None], columns[:, None, :])
    return gray[:, 0][at][:, None], target[at]


def _mirrored(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Places beyond 0..size-1 reflected at the outermost one."""
    inside: NDArray[np.int64] = size - 1 - np.abs(size - 1 - np.abs(places))
    return inside


def _draw(rng: np.random.Generator, size: int, count: int) -> NDArray[np.int64]:
    """`count` indices below `size`, each as often as any other give or take one."""
    rounds = [rng.permutation(size) for _ in range(-(-count // size))]
    return np.concatenate(rounds)[:count] if rounds else np.empty(0, dtype=np.int64)
