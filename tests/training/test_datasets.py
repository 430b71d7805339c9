"""Pictures from archives and folders; what cannot be read is named."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.training.datasets import DatasetError, iterate_pictures, load_classes


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture
def pictures() -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    names = ("horse/b.png", "horse/a.png", "ship/c.png")
    return {name: rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for name in names}


@pytest.fixture
def archive(tmp_path: Path, pictures: dict[str, NDArray[np.uint8]]) -> Path:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, pixels in pictures.items():
            file.writestr(name, png(pixels))
        file.writestr("README.txt", "no picture")
    return path


@pytest.fixture
def tree(tmp_path: Path, pictures: dict[str, NDArray[np.uint8]]) -> Path:
    for name, pixels in pictures.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels))
    return tmp_path / "tree"


def test_archives_and_folders_give_the_same(
    archive: Path, tree: Path, pictures: dict[str, NDArray[np.uint8]]
) -> None:
    for source in (archive, tree):
        found = list(iterate_pictures(source))
        assert [label for label, _ in found] == ["horse", "horse", "ship"]
        for (_, pixels), name in zip(found, sorted(pictures), strict=True):
            assert np.array_equal(pixels, pictures[name])


def test_several_sources_are_joined_by_class(archive: Path, tree: Path) -> None:
    classes = load_classes([str(archive), str(tree)], size=32, train=True)
    assert {label: pixels.shape for label, pixels in classes.items()} == {
        "horse": (4, 32, 32, 3),
        "ship": (2, 32, 32, 3),
    }


def test_other_sizes_are_cropped_to_their_middle_square(tmp_path: Path) -> None:
    wide = np.zeros((32, 64, 3), dtype=np.uint8)
    wide[:, 16:48] = 200
    (tmp_path / "a.png").write_bytes(png(wide))
    assert (load_classes([str(tmp_path)], size=32, train=True)[""] == 200).all()


@pytest.mark.parametrize("content", [b"", b"no zip archive"])
def test_a_broken_archive_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"broken\.zip"):
        list(iterate_pictures(path))


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=r"bad\.png"):
        list(iterate_pictures(tmp_path))


def test_missing_and_empty_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        list(iterate_pictures(tmp_path / "missing.zip"))
    with pytest.raises(DatasetError, match="no pictures"):
        load_classes([str(tmp_path)], size=32, train=True)


def test_absent_cifar_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="download=True"):
        load_classes([f"cifar10:{tmp_path}"], size=32, train=True)
