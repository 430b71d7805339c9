"""Which way of bringing small chroma to full size comes nearest to the truth?

Takes photographs (a folder or a zip archive), reduces their true ab to short sides of 32, 64 and 128 by
area averages, brings it back up with the full-size luminance, and compares: mean ab error, and PSNR pooled
over all pictures, on 8-bit RGB.

    python benchmarks/chroma_upsampling.py PHOTOS [--limit N]
"""

import argparse
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from app.imaging.color import LUMINANCE, Floats, Samples, linear_to_samples, rgb_to_lab, srgb_to_linear
from app.imaging.recolor import recolor
from app.imaging.resample import smooth_band
from app.imaging.resize import shrink

SHORT_SIDES = (32, 64, 128)
Method = Callable[[Samples, Floats, Floats], Samples]


def pictures(source: Path) -> Iterator[Samples]:
    """The photographs of a folder or zip archive as RGB samples, in order of their names."""
    suffixes = {".jpg", ".jpeg", ".png", ".webp"}
    if source.is_dir():
        for path in sorted(path for path in source.rglob("*") if path.suffix.lower() in suffixes):
            yield np.asarray(Image.open(path).convert("RGB"))
        return
    with zipfile.ZipFile(source) as archive:
        for name in sorted(name for name in archive.namelist() if Path(name).suffix.lower() in suffixes):
            yield np.asarray(Image.open(BytesIO(archive.read(name))).convert("RGB"))


def resized(planes: Floats, width: int, height: int) -> Floats:
    """(h, w, channels) resampled as `app.imaging` does: averaged down or interpolated up."""
    down = smooth_band(planes.shape[0], height, 0, height).weights
    across = smooth_band(planes.shape[1], width, 0, width).weights
    result: Floats = np.einsum("yi,ijc,xj->yxc", down, planes, across, optimize=True)
    return result


def served(upsampling: str) -> Method:
    """A method that `recolor` offers."""
    return lambda gray, ab, guide: recolor(gray, ab, guide, upsampling=upsampling)  # type: ignore[arg-type]


def bilateral(gray: Samples, ab: Floats, guide: Floats) -> Samples:
    """Joint bilateral upsampling (Kopf et al. 2007): 5 x 5 small pixels weighted by distance and by gray."""
    height, width = gray.shape
    unit = gray.astype(np.float32) / np.float32(65535)
    y = (np.arange(height) + 0.5) * guide.shape[0] / height - 0.5
    x = (np.arange(width) + 0.5) * guide.shape[1] / width - 0.5
    total, weights = np.zeros((height, width, 2)), np.zeros((height, width, 1))
    for down in range(-2, 3):
        row = np.rint(y).astype(int) + down
        near_y = np.exp(-((row - y) ** 2) / (2 * 0.5**2))
        row = np.clip(row, 0, guide.shape[0] - 1)
        for right in range(-2, 3):
            column = np.rint(x).astype(int) + right
            near_x = np.exp(-((column - x) ** 2) / (2 * 0.5**2))
            column = np.clip(column, 0, guide.shape[1] - 1)
            alike = np.exp(-((unit - guide[np.ix_(row, column)]) ** 2) / (2 * 0.1**2)) + 1e-6
            weight = (near_y[:, None] * near_x * alike)[..., None]
            total += weight * ab[np.ix_(row, column)]
            weights += weight
    return recolor(gray, (total / weights).astype(np.float32), unit, upsampling="bilinear")


def plain_guided(gray: Samples, ab: Floats, guide: Floats) -> Samples:
    """The fast guided filter as published (He and Sun 2015), radius 1, eps 0.01."""

    def mean(planes: Floats) -> Floats:
        padded = np.pad(planes, ((1, 1), (1, 1), (0, 0)), mode="edge")
        rows, columns = planes.shape[:2]
        shifted = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
        average: Floats = np.mean(shifted, axis=0, dtype=np.float32)
        return average

    height, width = gray.shape
    small = guide[..., None]
    average, chroma = mean(small), mean(ab)
    slope = (mean(small * ab) - average * chroma) / (mean(small * small) - average**2 + np.float32(0.01))
    offset = chroma - slope * average
    unit = gray.astype(np.float32) / np.float32(65535)
    full = resized(mean(slope), width, height) * unit[..., None] + resized(mean(offset), width, height)
    return recolor(gray, full, unit, upsampling="bilinear")


METHODS: dict[str, Method] = {
    "nearest": served("nearest"),
    "bilinear": served("bilinear"),
    "joint bilateral": bilateral,
    "fast guided filter": plain_guided,
    "guided (served)": served("guided"),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--limit", type=int, default=None, help="how many pictures (all)")
    arguments = parser.parse_args()
    error = {(name, side): 0.0 for name in METHODS for side in SHORT_SIDES}
    squared, seconds = dict(error), dict.fromkeys(METHODS, 0.0)
    count = pixels = 0
    for rgb in pictures(arguments.photos):
        if count == arguments.limit:
            break
        count, pixels = count + 1, pixels + rgb[..., 0].size
        lab = rgb_to_lab(rgb)
        gray = linear_to_samples(srgb_to_linear(rgb) @ LUMINANCE.astype(np.float32), np.uint16)
        for side in SHORT_SIDES:
            scale = side / min(gray.shape)
            height, width = (max(1, round(size * scale)) for size in gray.shape)
            ab, guide = resized(lab[..., 1:], width, height), shrink(gray, width, height)
            for name, method in METHODS.items():
                started = time.perf_counter()
                full = method(gray, ab, guide)
                seconds[name] += time.perf_counter() - started
                out = np.rint(full / 257).astype(np.uint8)
                wrong = rgb_to_lab(out)[..., 1:] - lab[..., 1:]
                error[name, side] += float(np.linalg.norm(wrong, axis=-1).sum())
                squared[name, side] += float(((out.astype(np.float32) - rgb) ** 2).sum())
    print(
        f"{count} pictures, {pixels / 1e6:.1f} Mpx: mean ab error / pooled PSNR by short side of the chroma"
    )
    print(f"{'':20}" + "".join(f"{side:>16}" for side in SHORT_SIDES) + f"{'s per Mpx':>12}")
    for name in METHODS:
        cells = ""
        for side in SHORT_SIDES:
            psnr = 10 * np.log10(255**2 * 3 * pixels / squared[name, side])
            cells += f"{error[name, side] / pixels:8.3f} /{psnr:6.2f}"
        print(f"{name:20}{cells}{seconds[name] / pixels * 1e6 / len(SHORT_SIDES):12.3f}")


if __name__ == "__main__":
    main()
