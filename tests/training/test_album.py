"""Albums give back what went in; pieces are squares of their picture."""

import numpy as np
from PIL import Image

from app.training.album import Album, piece


def smooth(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x / (width - 1), 255 * y / (height - 1), 0 * x], axis=-1).astype(np.uint8)


def test_pictures_come_back_and_large_ones_are_scaled_down() -> None:
    rng = np.random.default_rng(0)
    small, large = rng.integers(0, 256, (20, 31, 3), dtype=np.uint8), smooth(80, 120)
    album = Album.of([small, large], longest_short_side=40)
    assert len(album) == 2
    np.testing.assert_array_equal(album[0], small)
    assert album[1].shape == (40, 60, 3)
    assert [album.short_side(index) for index in (0, 1)] == [20, 40]
    expected = np.asarray(Image.fromarray(large).resize((60, 40), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(album[1], expected)


def test_pieces_are_squares_of_the_picture_and_half_are_mirrored() -> None:
    picture, mirrored = smooth(100, 160), 0
    rng = np.random.default_rng(1)
    for _ in range(60):
        cut = piece(picture, 32, 0.5, rng).astype(float)
        across, down = cut[16, -1, 0] - cut[16, 0, 0], cut[-1, 16, 1] - cut[0, 16, 1]
        mirrored += across < 0
        # Red runs over 160 pixels, green over 100: a square of side s spans s/160 and s/100 of them.
        side_across, side_down = abs(across) / 255 * 160, down / 255 * 100
        assert abs(side_across - side_down) < 6
        assert 45 < side_down < 101
    assert 18 < mirrored < 42
