"""What time and scanners do to a gray photograph, done to the pictures a network learns from."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Gray = NDArray[np.uint8]


def age(gray: Gray, rng: np.random.Generator) -> Gray:
    """A gray picture (H, W) after a random few of: blur, fading, grain, scratches, JPEG."""
    if rng.random() < 0.5:
        gray = blurred(gray, rng.uniform(0.4, 2.0))
    if rng.random() < 0.5:
        gray = faded(gray, rng.uniform(0.0, 0.3), rng.uniform(0.7, 1.0), rng.uniform(0.7, 1.4))
    if rng.random() < 0.4:
        gray = grainy(gray, rng.uniform(2.0, 18.0), rng)
    if rng.random() < 0.2:
        gray = scratched(gray, rng)
    if rng.random() < 0.4:
        gray = compressed(gray, int(rng.integers(20, 75)))
    return gray


def blurred(gray: Gray, radius: float) -> Gray:
    """Gaussian blur of that many pixels."""
    return np.asarray(Image.fromarray(gray).filter(ImageFilter.GaussianBlur(radius)))


def faded(gray: Gray, black: float, white: float, gamma: float) -> Gray:
    """Black and white moved to `black` and `white` (0..1), the tones between bent by `gamma`."""
    levels = black + (white - black) * (np.arange(256) / 255) ** gamma
    table: Gray = np.rint(levels * 255).astype(np.uint8)
    return table[gray]


def grainy(gray: Gray, deviation: float, rng: np.random.Generator) -> Gray:
    """Gaussian grain of that standard deviation, in samples of 0..255."""
    noisy = gray + rng.normal(0.0, deviation, gray.shape).astype(np.float32)
    return noisy.clip(0, 255).astype(np.uint8)


def scratched(gray: Gray, rng: np.random.Generator) -> Gray:
    """One to four bright or dark lines, almost upright, as film runs."""
    height, width = gray.shape
    marked = gray.copy()
    rows = np.arange(height)
    for _ in range(rng.integers(1, 5)):
        columns = np.rint(rng.uniform(0, width) + rows * rng.uniform(-0.1, 0.1)).astype(int)
        inside = (columns >= 0) & (columns < width) & (rows >= rng.integers(0, height // 2 + 1))
        marked[rows[inside], columns[inside]] = rng.choice([15, 240])
    return marked


def compressed(gray: Gray, quality: int) -> Gray:
    """As JPEG of that quality gives it back."""
    buffer = BytesIO()
    Image.fromarray(gray).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer, formats=["JPEG"]))
