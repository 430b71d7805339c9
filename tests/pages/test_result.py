"""The previews of the result without script."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from app.pages.result import PREVIEW_SIDE, previews


def png(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1500, 1000), (1, 5000), (5, 3)])
def test_previews_are_small_and_keep_the_shape(size: tuple[int, int]) -> None:
    width, height = size
    picture = np.full((height, width, 3), (200, 80, 40), dtype=np.uint8)
    for preview in previews(png(picture)):
        image = Image.open(BytesIO(preview))
        assert max(image.size) <= PREVIEW_SIDE
        assert image.width / image.height == pytest.approx(width / height, rel=0.01) or 1 in image.size


def test_before_is_gray_with_the_same_lightness_and_alpha_stays() -> None:
    from skimage.color import rgb2lab

    picture = np.zeros((32, 32, 4), dtype=np.uint8)
    picture[..., :3], picture[..., 3] = (200, 80, 40), 255
    picture[:16, :, 3] = 0
    before, after = (Image.open(BytesIO(preview)) for preview in previews(png(picture)))
    assert before.mode == after.mode == "RGBA"
    assert np.array_equal(np.asarray(before)[..., 3], picture[..., 3])
    gray, colour = (np.asarray(image)[20, 16, :3] / 255 for image in (before, after))
    assert np.ptp(gray) < 0.02
    assert rgb2lab(gray[None])[0, 0] == pytest.approx(rgb2lab(colour[None])[0, 0], abs=1.5)
