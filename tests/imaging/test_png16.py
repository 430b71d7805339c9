"""16-bit PNG, read back by pypng and Pillow."""

from io import BytesIO
from typing import Any

import numpy as np
import png
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.imaging.encode import encode_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RNG = np.random.default_rng(11)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def read_16_bits(data: bytes) -> NDArray[Any]:
    width, height, rows, info = png.Reader(bytes=data).asDirect()
    assert info["bitdepth"] == 16
    return np.array([list(row) for row in rows]).reshape(height, width, -1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (33, 47), (700, 600)])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_sixteen_bits_stay_sixteen_in_png(shape: tuple[int, int], with_alpha: bool) -> None:
    # Smooth and noisy parts, so that every filter is chosen somewhere.
    ramp = np.add.outer(np.arange(shape[0]) * 31, np.arange(shape[1]) * 17)
    rgb = np.stack([ramp, ramp * 3, RNG.integers(0, 65536, shape)], axis=-1).astype(np.uint16)
    alpha = (65535 - ramp).astype(np.uint16) if with_alpha else None
    found = read_16_bits(encode_picture(rgb, format="png", alpha=alpha, icc_profile=SRGB))
    np.testing.assert_array_equal(found[..., :3], rgb)
    assert found.shape[2] == (4 if with_alpha else 3)
    if alpha is not None:
        np.testing.assert_array_equal(found[..., 3], alpha)


def test_a_sixteen_bit_png_carries_its_profile_and_is_sound_to_pillow(astronaut: NDArray[np.uint8]) -> None:
    image = opened(encode_picture(astronaut.astype(np.uint16) * 257, format="png", icc_profile=SRGB))
    image.verify()
    image = opened(encode_picture(astronaut.astype(np.uint16) * 257, format="png", icc_profile=SRGB))
    assert image.info["icc_profile"] == SRGB
    np.testing.assert_array_equal(np.asarray(image), astronaut)


def test_sixteen_bit_filters_make_smooth_pictures_small() -> None:
    ramp = np.add.outer(np.arange(500) * 40, np.arange(500) * 25).astype(np.uint16)
    data = encode_picture(np.repeat(ramp[..., None], 3, axis=2), format="png")
    assert len(data) < ramp.nbytes * 3 / 20
