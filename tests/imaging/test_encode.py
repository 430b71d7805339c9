"""Pictures written, read back by others."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.imaging.encode import encode_picture, output_format
from app.imaging.errors import UnsupportedPicture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RNG = np.random.default_rng(11)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.fixture
def alpha(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(astronaut[..., 1][::-1])


@pytest.mark.parametrize(("format", "tolerance"), [("png", 0), ("jpeg", 3), ("webp", 4)])
def test_eight_bits(format: Any, tolerance: float, astronaut: NDArray[np.uint8]) -> None:
    image = opened(encode_picture(astronaut, format=format, icc_profile=SRGB))
    assert image.format == format.upper()
    assert image.info["icc_profile"] == SRGB
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image).astype(int) - astronaut).mean() <= tolerance


@pytest.mark.parametrize("format", ["png", "webp"])
def test_alpha(format: Any, astronaut: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> None:
    image = opened(encode_picture(astronaut, format=format, alpha=alpha))
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image)[..., 3], alpha)


def test_jpeg_shows_transparency_as_white(astronaut: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> None:
    image = opened(encode_picture(astronaut, format="jpeg", alpha=alpha, quality=100))
    on_white = Image.new("RGBA", (512, 512), "white")
    on_white.alpha_composite(
        Image.merge("RGBA", [*Image.fromarray(astronaut).split(), Image.fromarray(alpha)])
    )
    expected = np.asarray(on_white.convert("RGB")).astype(int)
    assert np.abs(np.asarray(image) - expected).max() <= 6


def test_jpeg_keeps_the_full_resolution_of_colour() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 130, 0)
    found = np.asarray(opened(encode_picture(stripes, format="jpeg"))).astype(int)
    assert np.abs(found - stripes).mean() < 6


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_sixteen_bits_are_rounded_for_formats_of_eight(format: Any) -> None:
    values = np.array([0, 128, 129, 65535 - 129, 65535 - 128, 65535], np.uint16)
    rgb = np.broadcast_to(values[:, None, None, None], (6, 32, 32, 3)).reshape(192, 32, 3)
    alpha = np.ascontiguousarray(rgb[..., 0])
    image = opened(encode_picture(rgb, format=format, alpha=None if format == "jpeg" else alpha))
    rows = np.asarray(image).reshape(6, 32, 32, -1)[:, 16, 16]
    np.testing.assert_allclose(rows[:, 0], [0, 0, 1, 254, 255, 255], atol=1)
    if format == "webp":
        assert rows[:, 3].tolist() == [0, 0, 1, 254, 255, 255]


@pytest.mark.parametrize(("format", "side"), [("webp", 16384), ("jpeg", 65501)])
def test_sides_too_long_for_a_format_are_refused(format: Any, side: int) -> None:
    for shape in ((1, side, 3), (side, 1, 3)):
        with pytest.raises(UnsupportedPicture, match="PNG"):
            encode_picture(np.zeros(shape, np.uint8), format=format)
        assert opened(encode_picture(np.zeros(shape, np.uint8), format="png")).size == shape[1::-1]
    assert opened(encode_picture(np.zeros((1, side - 1, 3), np.uint8), format=format)).width == side - 1


def test_quality_is_a_choice(astronaut: NDArray[np.uint8]) -> None:
    for format in ("jpeg", "webp"):
        sizes = [len(encode_picture(astronaut, format=format, quality=quality)) for quality in (30, 92)]
        assert sizes[0] < sizes[1] / 2


def test_the_format_of_the_answer_is_that_of_the_upload_or_png() -> None:
    assert [output_format(name) for name in ("png", "jpeg", "webp", "tiff")] == ["png", "jpeg", "webp", "png"]
