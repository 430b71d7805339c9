"""The training run behind `train-colorizer`: its recipe, its pictures, and where its checkpoints lie.

Two checkpoint slots take turns: a step reads one and writes the other, so that a step cut off at any
moment, or run twice, finds what it started from.
"""

import threading
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from app.imaging.encode import encode_picture
from app.lab.colorizer_settings import TrainColorizerParams
from app.lab.demo import DemoError, LostWork, Run
from app.lab.meadow import meadow
from app.lab.shown import Picture
from app.networks.card import InputScaling, NetworkSpec
from app.networks.palette import HORSES_24
from app.training.checkpoint import CheckpointError
from app.training.datasets import DatasetError, load_classes
from app.training.palette_task import PaletteTask, scale
from app.training.recipe import Optimizer, Phase, Recipe
from app.training.trainer import Trainer

BUILT_IN = "built-in"
HORSES = "horses-24"
MADE = {"train": 600, "test": 100}
SHOWN = 8
"""Test pictures coloured after every epoch."""

_PALETTE = np.asarray(HORSES_24, dtype=np.float32)
_ARCHIVES = {"train": "cifar10-train-horse.zip", "test": "cifar10-test.zip"}
_BUILDING = threading.Lock()
"""Building a network draws from torch's one global generator: two runs must not draw in turns."""


def sources(data: Path | None, split: str) -> list[str]:
    """CIFAR-10 in a data folder: as torchvision keeps it, or as archives; empty if it is not there."""
    if data is None:
        return []
    if (data / "cifar-10-batches-py").is_dir():
        return [f"cifar10:{data}"]
    archive = data / _ARCHIVES[split]
    return [str(archive)] if archive.is_file() else []


def choose_data(wanted: str, data: Path | None) -> str:
    """Which pictures a run takes: those asked for; of `auto`, horses-24 where it is. Raises DemoError."""
    there = bool(sources(data, "train") and sources(data, "test"))
    if wanted == HORSES and not there:
        raise DemoError("horses-24 was asked for, but CIFAR-10 is not in the data folder")
    return HORSES if there and wanted != BUILT_IN else BUILT_IN


def make_recipe(run: Run[TrainColorizerParams], data: str) -> Recipe:
    """The recipe that these settings mean."""
    params = run.params
    origin = "CIFAR-10 training horses (Krizhevsky 2009)" if data == HORSES else "pictures made by Chromalab"
    return Recipe(
        id=run.model_id,
        title=f"{params.network}, trained in the lab",
        network=NetworkSpec(type=params.network, arguments={"kernel_size": params.kernel_size}),
        input=InputScaling(mean=0.5, std=0.25) if params.center_gray else InputScaling(),
        phases=[Phase(epochs=params.epochs)],
        batch_size=params.batch_size,
        optimizer=Optimizer(learning_rate=params.learning_rate, schedule=params.schedule),
        seed=run.seed,
        trained_on=origin,
        licence="Weights for research use." if data == HORSES else "Free to use.",
    )


@lru_cache(maxsize=2)
def _pictures(data: str, folder: Path | None, split: str, most: int) -> Mapping[str, NDArray[np.uint8]]:
    if data == BUILT_IN:
        first = 0 if split == "train" else MADE["train"]
        return {"horse": meadow(min(most, MADE[split]), first=first)}
    try:
        horses = load_classes(sources(folder, split), size=32, train=split == "train", only="horse")["horse"]
    except (DatasetError, KeyError) as error:
        raise DemoError(f"CIFAR-10's horses cannot be read: {error}") from None
    return {"horse": horses[:most]}


@lru_cache(maxsize=2)
def _task(recipe: str, data: str, folder: Path | None, pictures: int) -> PaletteTask:
    train, test = _pictures(data, folder, "train", pictures), _pictures(data, folder, "test", 1000)
    return PaletteTask(Recipe.model_validate_json(recipe), train, test, _PALETTE)


def make_task(run: Run[TrainColorizerParams], recipe: Recipe, data: str) -> PaletteTask:
    """Batches and measures; the pictures are read once in a process."""
    return _task(recipe.model_dump_json(), data, run.data, run.params.pictures)


def slot(folder: Path, step: int) -> Path:
    """The folder of the checkpoint that a step starts from."""
    return folder / f"checkpoint-{step % 2}"


def load_trainer(
    run: Run[TrainColorizerParams], data: str, step: int, trained: int
) -> "Trainer[PaletteTask]":
    """The trainer as step number `step` finds it, after `trained` batches, set to save for the next step.

    Raises LostWork when its checkpoint is gone.
    """
    if run.folder is None:
        raise DemoError("training needs a work folder")
    recipe = make_recipe(run, data)
    here, there = slot(run.folder, step), slot(run.folder, step + 1)
    path = here / "checkpoint.safetensors"
    if step == 0:
        path.unlink(missing_ok=True)  # left by an earlier attempt
    elif not path.exists():
        raise LostWork("the training's checkpoint is gone; start again")
    try:
        with _BUILDING:
            trainer = Trainer(recipe, make_task(run, recipe, data), here)
    except CheckpointError as error:
        raise LostWork(str(error)) from None
    if trainer.progress.step != trained:
        raise LostWork(f"the checkpoint has {trainer.progress.step} batches, not {trained}; start again")
    trainer.path = there / path.name
    return trainer


def sample_picture(trainer: "Trainer[PaletteTask]", epoch: int) -> Picture:
    """Test pictures in three rows: gray, coloured by the network's most likely colours, true."""
    task = trainer.task
    gray = task.test.gray[:SHOWN]
    trainer.published.eval()
    with torch.inference_mode():
        classes = trainer.published(scale(gray, trainer.recipe.input)).argmax(dim=1).numpy()
    rows = [
        np.repeat(gray.numpy()[:, 0, :, :, None], 3, axis=3),
        _PALETTE[classes],
        _PALETTE[task.test.target[:SHOWN]],
    ]
    gap = np.pad(np.stack(rows), ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0)), constant_values=1.0)
    sheet = gap.transpose(0, 2, 1, 3, 4).reshape(gap.shape[0] * gap.shape[2], -1, 3)
    png = encode_picture(np.rint(255 * sheet).astype(np.uint8), format="png")
    words = f"{len(gray)} test pictures after epoch {epoch}: gray, coloured by the network, in true colours."
    data = b64encode(png).decode("ascii")
    return Picture(
        f"epoch-{epoch:02d}", f"After epoch {epoch}: gray, coloured, true", words, "image/png", data
    )
