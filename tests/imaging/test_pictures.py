"""Whole pictures: upright, with what must be kept and without what must not."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.imaging.pictures import Picture, decode_picture, encode_picture, probe_picture

RNG = np.random.default_rng(9)
GRAY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def decode(data: bytes) -> Picture:
    picture = decode_picture(data, max_pixels=10**6)
    info = probe_picture(data)
    assert (info.format, info.width, info.height) == (picture.format, picture.width, picture.height)
    assert info.pixels == picture.gray.size
    return picture


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


UPRIGHT: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_orientation_is_turned_upright(format: str, orientation: int) -> None:
    stored = np.zeros((40, 64), np.uint8)
    stored[:20, :32] = 250  # top left
    stored[:20, 32:] = 120
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(Image.fromarray(stored).convert("RGB"), format, exif=exif, **options)
    np.testing.assert_allclose(decode(data).gray, UPRIGHT[orientation](stored), atol=3)


def test_alpha_turns_with_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(ALPHA)])
    picture = decode(saved(image, exif=exif))
    np.testing.assert_array_equal(picture.gray, np.rot90(GRAY, -1))
    np.testing.assert_array_equal(picture.alpha, np.rot90(ALPHA, -1))


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + b"\xff" * 40]
)
def test_broken_exif_is_no_reason_to_refuse(exif: bytes) -> None:
    assert decode(saved(Image.fromarray(RGB), exif=exif)).gray.shape == (5, 7)


def test_a_senseless_orientation_is_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert decode(saved(Image.fromarray(RGB), exif=exif)).gray.shape == (5, 7)


def test_exif_after_the_pixels_of_a_png_counts() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(GRAY), exif=exif)
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    moved = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    np.testing.assert_array_equal(decode(moved).gray, np.rot90(GRAY, -1))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_an_rgb_profile_is_kept_to_the_byte_and_nothing_else(format: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description that must not get out"
    for image in (Image.fromarray(RGB), Image.fromarray(GRAY)):
        picture = decode(saved(image, format, icc_profile=SRGB, exif=exif))
        assert picture.icc_profile == SRGB
        out = encode_picture(RGB, format="png", icc_profile=picture.icc_profile)
        again = Image.open(BytesIO(out))
        assert again.info["icc_profile"] == SRGB
        assert b"description" not in out
        assert not again.getexif()


def test_a_picture_of_one_pixel() -> None:
    for format in ("PNG", "JPEG", "WEBP", "TIFF"):
        assert decode(saved(Image.new("RGB", (1, 1), "white"), format)).gray.tolist() == [[255]]
