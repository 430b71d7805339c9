"""From a recipe and the places of its pictures to the task it trains for."""

from collections.abc import Sequence

import numpy as np

from app.networks.palette import HORSES_24
from app.training.ab_task import AbTask
from app.training.album import Album
from app.training.datasets import CIFAR_PREFIX, DatasetError, iterate_pictures, load_classes
from app.training.palette_task import PaletteTask
from app.training.recipe import Recipe
from app.training.task import Task


def read_task(recipe: Recipe, data: Sequence[str], test: Sequence[str] = ()) -> Task:
    """Read all pictures of `data`, and those of `test` if measures are taken there. Raises DatasetError."""
    if recipe.photos is not None:
        pictures = (rgb for source in data for _, rgb in iterate_pictures(source))
        return AbTask(recipe, Album.of(pictures, longest_short_side=max(recipe.photos.sizes)))
    sources = list(test) or [source for source in data if source.startswith(CIFAR_PREFIX)]
    if not sources:
        raise DatasetError("--test is missing: only cifar10:FOLDER knows its own test pictures")
    return PaletteTask(
        recipe,
        load_classes(data, size=recipe.size, train=True),
        load_classes(sources, size=recipe.size, train=False),
        np.asarray(HORSES_24, dtype=np.float32),
    )
