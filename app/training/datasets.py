"""Pictures for training and evaluation: zip archives, folders, or torchvision's CIFAR-10."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".tif", ".tiff"})
CIFAR_PREFIX = "cifar10:"

Pixels = NDArray[np.uint8]


class DatasetError(ValueError):
    """A source that cannot be read; the message names it and says why."""


def iterate_pictures(source: str | Path, *, only: str | None = None) -> Iterator[tuple[str, Pixels]]:
    """Every picture of a zip archive or folder as (class, RGB uint8 (H, W, 3)), in the order of their names.

    The class is the name of the picture's folder ("" at the top); `only` leaves all others unread. Raises
    DatasetError.
    """
    path = Path(source)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        for file in files:
            label = file.parent.name if file.parent != path else ""
            if only in (None, label):
                yield label, _read(file, str(file))
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                label = PurePosixPath(name).parent.name
                if PurePosixPath(name).suffix.lower() in SUFFIXES and only in (None, label):
                    with archive.open(name) as member:
                        yield label, _read(member, f"{path.name}/{name}")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file or folder") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: {error}") from None


def _read(file: object, name: str) -> Pixels:
    try:
        with Image.open(file) as image:  # type: ignore[arg-type]
            return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise DatasetError(f"{name}: {error}") from None


def _cifar10(root: str, train: bool) -> dict[str, Pixels]:
    from torchvision.datasets import CIFAR10

    try:
        data = CIFAR10(root, train=train, download=False)
    except RuntimeError:
        raise DatasetError(
            f"{root}: CIFAR-10 is not there; python -c "
            f"\"from torchvision.datasets import CIFAR10; CIFAR10('{root}', download=True)\" fetches it"
        ) from None
    labels = np.asarray(data.targets)
    return {name: data.data[labels == index] for index, name in enumerate(data.classes)}


def load_classes(
    sources: Sequence[str], *, size: int, train: bool, only: str | None = None
) -> dict[str, Pixels]:
    """All pictures of several sources by class, as RGB uint8 (N, size, size, 3).

    A source is a zip archive, a folder of class folders, or `cifar10:ROOT` (torchvision's, its train or test
    split). Pictures of another size are cropped to their middle square and scaled down. `only` names the one
    class to load. Raises DatasetError.
    """
    # One growing buffer a class: tens of thousands of small arrays, each made while a decoder's large
    # temporaries are alive, scatter over the heap and keep twenty times their own size from being freed.
    found: dict[str, bytearray] = {}
    for source in sources:
        if source.startswith(CIFAR_PREFIX):
            for label, pixels in _cifar10(source.removeprefix(CIFAR_PREFIX), train).items():
                if only in (None, label):
                    found.setdefault(label, bytearray()).extend(_squares(pixels, size))
        else:
            for label, pixels in iterate_pictures(source, only=only):
                found.setdefault(label, bytearray()).extend(square(pixels, size).tobytes())
    if not found:
        raise DatasetError(f"no pictures in {', '.join(map(str, sources)) or 'no source'}")
    shape = (-1, size, size, 3)
    return {label: np.frombuffer(found[label], dtype=np.uint8).reshape(shape) for label in sorted(found)}


def _squares(pictures: Pixels, size: int) -> bytes:
    return b"".join(square(pixels, size).tobytes() for pixels in pictures)


def square(pixels: Pixels, size: int) -> Pixels:
    """The middle square of a picture, RGB uint8 (H, W, 3), scaled to (size, size, 3)."""
    height, width = pixels.shape[:2]
    if (height, width) == (size, size):
        return pixels
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS, box=box))
