"""Gray, toned and coloured pictures are told apart, after JPEG and grain as well."""

from io import BytesIO

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from app.imaging.color import rgb_to_gray
from app.imaging.pictures import decode_picture
from app.imaging.tone import tone_of

Ends = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]
SEPIA: Ends = ((40, 22, 8), (150, 120, 80), (248, 236, 205))
CYANOTYPE: Ends = ((10, 20, 60), (70, 120, 160), (220, 240, 250))
FADED: Ends = ((60, 50, 40), (180, 160, 130), (240, 225, 200))
MAGENTA: Ends = ((20, 10, 30), (150, 130, 150), (250, 225, 215))


def jpeg(rgb: NDArray[np.generic]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def toned(gray: NDArray[np.uint8], ends: Ends) -> NDArray[np.float64]:
    """Dark, middle and light in these colours, with grain."""
    curves = [np.interp(np.arange(256), [0, 128, 255], each) for each in zip(*ends, strict=True)]
    return np.stack(curves, axis=-1)[gray] + np.random.default_rng(0).normal(0, 4, (*gray.shape, 3))


@pytest.mark.parametrize("ends", [SEPIA, CYANOTYPE, FADED, MAGENTA])
def test_toned_prints(camera: NDArray[np.uint8], ends: Ends) -> None:
    picture = decode_picture(jpeg(toned(camera, ends)), max_pixels=10**6)
    assert (picture.tone, picture.had_color) == ("toned", True)
    decoded = np.asarray(Image.open(BytesIO(jpeg(toned(camera, ends)))))
    np.testing.assert_array_equal(picture.gray, rgb_to_gray(decoded))  # its luminance, as of any colour
    order = np.corrcoef(np.argsort(np.argsort(camera.ravel())), np.argsort(np.argsort(picture.gray.ravel())))
    assert order[0, 1] > 0.97, "dark stays dark and light light"


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "retina"])
def test_colour(name: str) -> None:
    rgb = getattr(skimage.data, name)()
    small = np.asarray(Image.fromarray(rgb).resize((64, 64), Image.Resampling.BOX))
    assert tone_of(small) == "color"


def test_gray_in_a_coloured_file(camera: NDArray[np.uint8]) -> None:
    almost = np.repeat(camera[..., None], 3, axis=-1) + np.array([1, 0, -2])
    picture = decode_picture(jpeg(almost), max_pixels=10**6)
    assert picture.had_color and picture.tone == "gray"


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_other_ways_of_storing_colour(astronaut: NDArray[np.uint8], mode: str) -> None:
    buffer = BytesIO()
    Image.fromarray(astronaut).convert(mode).save(buffer, "TIFF")
    assert decode_picture(buffer.getvalue(), max_pixels=10**6).tone == "color"


def test_the_smallest_pictures() -> None:
    assert tone_of(np.array([[[200, 30, 30]]], dtype=np.uint8)) == "toned"
    assert tone_of(np.zeros((1, 1, 3), dtype=np.uint8)) == "gray"
