"""Looked-up colours against computed ones."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from app.imaging import recolor as module
from app.imaging.color import rgb_to_gray
from app.imaging.lookup import ColorTable, color_table
from app.imaging.recolor import recolor

RNG = np.random.default_rng(13)


@pytest.fixture
def look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures of any size be looked up."""
    monkeypatch.setattr(module, "LOOK_UP_PIXELS", 1)


def drawn(shape: tuple[int, int], reach: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    gray = RNG.integers(0, 256, shape).astype(np.uint8)
    return gray, RNG.uniform(-reach, reach, (*shape, 2)).astype(np.float32)


@pytest.mark.parametrize("reach", [20, 100])
def test_whole_chroma_gives_the_very_same_colours(reach: float, monkeypatch: pytest.MonkeyPatch) -> None:
    gray, ab = drawn((70, 300), reach)
    ab, guide = np.rint(ab), np.zeros((70, 300), np.float32)
    computed = recolor(gray, ab, guide)
    monkeypatch.setattr(module, "LOOK_UP_PIXELS", 1)
    np.testing.assert_array_equal(recolor(gray, ab, guide), computed)


@pytest.mark.usefixtures("look_up")
def test_luminance_is_kept_and_chroma_rounded() -> None:
    gray, ab = drawn((100, 200), 12)
    gray = np.clip(gray, 80, 170)
    rgb = recolor(gray, ab, np.zeros((100, 200), np.float32))
    np.testing.assert_array_equal(rgb_to_gray(rgb), gray)
    wrong = np.abs(rgb2lab(rgb)[..., 1:] - ab)
    assert np.quantile(wrong, 0.99) < 1.2


@pytest.mark.usefixtures("look_up")
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (300, 270)])
def test_any_size(shape: tuple[int, int]) -> None:
    gray, _ = drawn(shape, 0)
    rgb = recolor(gray, np.full((3, 4, 2), 900, np.float32), RNG.random((3, 4), np.float32))
    np.testing.assert_array_equal(rgb_to_gray(rgb), gray)
    neutral = recolor(gray, np.zeros((3, 4, 2), np.float32), RNG.random((3, 4), np.float32))
    np.testing.assert_array_equal(neutral, np.repeat(gray[..., None], 3, axis=-1))


def test_large_pictures_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(ColorTable, "look_up", lambda self, cells, gray, out: asked.append(gray.size))
    ab, guide = np.zeros((2, 2, 2), np.float32), np.zeros((2, 2), np.float32)
    recolor(np.zeros((1500, 1999), np.uint8), ab, guide)
    recolor(np.zeros((2000, 2000), np.uint16), ab, guide)
    assert not asked
    recolor(np.zeros((1500, 2001), np.uint8), ab, guide)
    assert sum(asked) == 1500 * 2001


def test_threads_fill_the_table_together() -> None:
    table = ColorTable()
    gray, _ = drawn((40, 50), 0)
    cells = RNG.integers(0, 1 << 16, (40, 50)).astype(np.int32)
    outs = [np.zeros((40, 50, 3), np.uint8) for _ in range(4)]
    threads = [threading.Thread(target=table.look_up, args=(cells.copy(), gray, out)) for out in outs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = np.zeros_like(outs[0])
    color_table().look_up(cells.copy(), gray, expected)
    for out in outs:
        np.testing.assert_array_equal(out, expected)
