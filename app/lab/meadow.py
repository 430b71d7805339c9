"""Small made pictures for training without any data set: a brown animal on a meadow under a sky.

Colour follows from place, shape and brightness, so that there is something to learn; every picture is a
function of its number alone.
"""

import numpy as np
from numpy.typing import NDArray

SIZE = 32


def meadow(count: int, *, first: int = 0) -> NDArray[np.uint8]:
    """Pictures number `first`, first + 1, …: RGB (count, 32, 32, 3)."""
    return np.stack([_picture(first + place) for place in range(count)])


def _picture(number: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng([24, number])
    y, x = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1)
    horizon = rng.uniform(0.3, 0.6)
    sky = (
        np.array([0.45, 0.65, 0.9]) + rng.uniform(-0.15, 0.1) + 0.3 * y[..., None] * np.array([1.0, 0.8, 0.4])
    )
    grass = np.array([0.4, 0.5, 0.2]) * rng.uniform(0.6, 1.2) + 0.08 * (y[..., None] - horizon)
    picture = np.where((y < horizon)[..., None], sky, grass)
    coat = np.array([[0.42, 0.25, 0.13], [0.62, 0.42, 0.25], [0.2, 0.13, 0.1]])[rng.integers(3)]
    picture = np.where(_animal(rng, x, y)[..., None], coat * (1.15 - 0.4 * y[..., None]), picture)
    # Brightness varies more than colour, as in photographs.
    picture = picture + rng.normal(0, 0.04, size=(SIZE, SIZE, 1)) + rng.normal(0, 0.01, size=picture.shape)
    return np.asarray(np.clip(np.rint(255 * picture), 0, 255), dtype=np.uint8)


def _animal(rng: np.random.Generator, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Body, head, neck and legs, somewhere and of some size, looking left or right."""
    scale, middle, ground = rng.uniform(0.7, 1.2), rng.uniform(0.35, 0.65), rng.uniform(0.75, 0.95)
    side = rng.choice([-1.0, 1.0])
    u, v = side * (x - middle) / scale, (y - ground) / scale
    body = (u / 0.24) ** 2 + ((v + 0.32) / 0.11) ** 2 < 1
    head = ((u - 0.33) / 0.09) ** 2 + ((v + 0.52) / 0.06) ** 2 < 1
    neck = (np.abs(u - 0.24 - 0.3 * (-0.42 - v)) < 0.05) & (v > -0.55) & (v < -0.3)
    legs = (np.abs(np.abs(u) - 0.15) < 0.035) & (v > -0.3) & (v < 0)
    return np.asarray(body | head | neck | legs)
