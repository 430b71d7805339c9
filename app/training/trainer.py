"""The training loop: a run is a function of its recipe and data, however often it is interrupted."""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from app.networks.build import build
from app.networks.card import Epoch, read_card
from app.networks.ensemble import Ensemble
from app.networks.weights import load_network
from app.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from app.training.depthwise import quicken
from app.training.pretrained import freeze, load_pretrained
from app.training.recipe import Optimizer, Recipe, RecipeError
from app.training.task import Task

T = TypeVar("T", bound=Task)


class Diverged(RuntimeError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class Report:
    """What a listener hears after every batch, and (with `finished`) after every epoch."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    finished: Epoch | None = None


def rate_at(optimizer: Optimizer, step: int, steps: int) -> float:
    """Learning rate of a step counted from 0."""
    if optimizer.schedule == "constant":
        return optimizer.learning_rate
    warm = max(1, round(optimizer.warmup * steps))
    if step < warm:
        return optimizer.learning_rate * (step + 1) / warm
    return optimizer.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


class Trainer(Generic[T]):
    """One run of a recipe, with its checkpoint in `folder`.

    `start` is the folder of the published model that the recipe's `start` names. What is promised of
    interrupted runs holds bit for bit on a CPU. Raises RecipeError, CheckpointError, CardError.
    """

    def __init__(
        self, recipe: Recipe, task: T, folder: Path, start: Path | None = None, *, device: str = "cpu"
    ) -> None:
        self.recipe, self.task, self.device = recipe, task, torch.device(device)
        self.path = folder / "checkpoint.safetensors"
        torch.manual_seed(recipe.seed)
        network = build(recipe.network)
        _initialize(network, recipe, start)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval() if recipe.averaging else None
        if self.device.type == "cpu":
            quicken(self.network)
        self.optimizer = _optimizer(self.network, recipe.optimizer)
        self.progress = Progress(recipe.model_dump(mode="json"))
        if self.path.exists():
            found = load_checkpoint(self.path, self._networks(), self.optimizer)
            if found.recipe != self.progress.recipe:
                raise RecipeError(f"{self.path} belongs to another recipe; take another folder or delete it")
            self.progress = found

    @property
    def published(self) -> nn.Module:
        """The network to serve: the averaged one where the recipe averages."""
        return self.average or self.network

    @property
    def done(self) -> bool:
        """Whether every epoch has been trained."""
        return self.progress.epoch >= self.recipe.epochs

    def run(
        self, listen: Callable[[Report], None] = lambda report: None, *, save_every: float = 60.0
    ) -> None:
        """Train to the end, saving every so many seconds and after every epoch.

        Raises Diverged, CheckpointError. Interrupted at any moment, a new Trainer goes on from the last
        checkpoint and ends with the same weights.
        """
        while not self.done:
            self._epoch(listen, save_every)

    def advance(self, batches: int, listen: Callable[[Report], None] = lambda report: None) -> None:
        """Train so many batches, or what is left of the epoch, or finish an epoch with none left; then save.

        Raises as `run` does.
        """
        self._epoch(listen, math.inf, batches)

    def _epoch(self, listen: Callable[[Report], None], save_every: float, most: int | None = None) -> None:
        progress = self.progress
        batches = self.task.batches(progress.epoch)
        self.network.train()
        started = saved = time.monotonic()
        stop = None if most is None else min(progress.batch + most, batches)
        for batch in self.task.epoch(progress.epoch, progress.batch):
            loss = self._step(batch)
            count = self.task.count(batch)
            progress.loss_sum += loss * count
            progress.pictures += count
            progress.batch += 1
            progress.step += 1
            listen(Report(progress.epoch, self.recipe.epochs, progress.batch, batches, loss))
            if progress.batch == stop:
                progress.seconds += time.monotonic() - started
                self._save()
                return
            if time.monotonic() - saved > save_every:
                progress.seconds += time.monotonic() - started
                self._save()
                started = saved = time.monotonic()
        progress.seconds += time.monotonic() - started
        score = self.task.score(self.published)
        if not math.isfinite(score.loss):
            raise Diverged(f"the validation loss became {score.loss} after epoch {progress.epoch + 1}")
        finished = Epoch(
            epoch=progress.epoch + 1,
            train_loss=progress.loss_sum / progress.pictures,
            val_loss=score.loss,
            val_accuracy=score.accuracy,
            seconds=round(progress.seconds, 1),
        )
        progress.history.append(finished)
        listen(Report(progress.epoch, self.recipe.epochs, batches, batches, finished.train_loss, finished))
        progress.epoch, progress.batch = progress.epoch + 1, 0
        progress.loss_sum, progress.pictures, progress.seconds = 0.0, 0, 0.0
        self._save()

    def _step(self, batch: Any) -> float:
        steps = sum(self.task.batches(epoch) for epoch in range(self.recipe.epochs))
        rate = rate_at(self.recipe.optimizer, self.progress.step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        # What layers draw at random (dropout) is a function of the step, so that resumed runs draw the same.
        torch.manual_seed((self.recipe.seed * 1_000_003 + self.progress.step) % 2**63)
        self.optimizer.zero_grad(set_to_none=True)
        # Entered anew for each step: it keeps the cast weights for as long as it lasts.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            loss = self.task.loss(self.network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.recipe.optimizer.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optimizer.clip_norm)
        self.optimizer.step()
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the loss became {value} in epoch {self.progress.epoch + 1}")
        if self.average is not None:
            _follow(self.average, self.network, self.recipe.averaging, self.progress.step)
        return value

    def _networks(self) -> dict[str, nn.Module]:
        roles = {"network": self.network}
        return roles if self.average is None else roles | {"average": self.average}

    def _save(self) -> None:
        save_checkpoint(self.path, self.progress, self._networks(), self.optimizer)


def _initialize(network: nn.Module, recipe: Recipe, start: Path | None) -> None:
    if recipe.start is not None:
        _begin_with(network, recipe.start, start, recipe.afresh)
        if recipe.pretrained is not None:
            freeze(network, recipe.pretrained)
        return
    if recipe.initialization == "kaiming":
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    if recipe.pretrained is not None:
        load_pretrained(network, recipe.pretrained)


def _begin_with(network: nn.Module, name: str, folder: Path | None, afresh: Sequence[str]) -> None:
    """Take the weights of a published model, or of the one network whose mirror images it averages.

    Those of the modules named in `afresh` stay as they are.
    """
    if folder is None:
        raise RecipeError(f"the run begins with the model {name!r}, whose folder is not given")
    card = read_card(folder)
    published = load_network(folder, card)
    if isinstance(published, Ensemble) and len(published.members) == 1:
        published = published.members[0]
    own, prefixes = network.state_dict(), tuple(f"{module}." for module in afresh)
    if idle := [prefix for prefix in prefixes if not any(key.startswith(prefix) for key in own)]:
        raise RecipeError(f"afresh: the network has no module {idle[0].rstrip('.')!r}")
    taken = {
        key: own[key] if key.startswith(prefixes) else value for key, value in published.state_dict().items()
    }
    try:
        network.load_state_dict(taken)
    except RuntimeError as error:
        raise RecipeError(f"{name!r} is another network: {str(error).splitlines()[0]}") from None


def _optimizer(network: nn.Module, settings: Optimizer) -> torch.optim.Optimizer:
    """Matrices and kernels decay, vectors (biases, BatchNorm) do not; the encoder has its own rate."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith("encoder."), parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    described = [
        {
            "params": parameters,
            "factor": settings.encoder_factor if encoder else 1.0,
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (encoder, decays), parameters in groups.items()
    ]
    algorithm = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return algorithm(described, lr=settings.learning_rate)


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move the average towards the network; the decay starts small so that early weights are forgotten."""
    decay = min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)
