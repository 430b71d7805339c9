"""Whether a picture keeps its colours when it comes in another size."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.bootstrap import DRAWS, mean
from app.imaging.color import rgb_to_lab
from app.training.evaluation import Given, Model, Pixels, Results, scaled

SIDES = (128, 256, 512, 1024)


def study_sizes(
    model: Model,
    pictures: Sequence[Pixels],
    listen: Callable[[int], None] = lambda done: None,
    *,
    sides: Sequence[int] = SIDES,
    draws: int = DRAWS,
) -> Results:
    """Mean CIE ab distance of what comes of a picture at two shorter sides, for every two; then over all.

    What comes out is compared at the smallest of the sizes, scaled down by area.
    """
    pairs = {f"{small} and {large}": (small, large) for small, large in combinations(sides, 2)}
    found: dict[str, list[float]] = {name: [] for name in pairs}
    for index, picture in enumerate(pictures):
        common = scaled(picture, min(sides)).shape[:2]
        ab = {side: small_ab(model(Given.of(scaled(picture, side))), common) for side in sides}
        for name, (small, large) in pairs.items():
            found[name].append(float(np.linalg.norm(ab[small] - ab[large], axis=-1).mean()))
        listen(index + 1)
    values = {name: np.array(each) for name, each in found.items()}
    values["every two"] = np.mean(list(values.values()), axis=0)
    return {name: {"ab_difference": mean(each, draws)} for name, each in values.items()}


def small_ab(rgb: Pixels, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """CIE ab (h, w, 2) of a picture scaled to (h, w)."""
    height, width = shape
    small = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX))
    return rgb_to_lab(small)[..., 1:]
