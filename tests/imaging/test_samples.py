"""Every mode and depth of every format, written by others, read to the value."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2lab

from app.imaging.color import gray_to_lightness, rgb_to_gray
from app.imaging.pictures import Picture, decode_picture, probe_picture
from tests.imaging.files import png_of, saved, tiff_of

RNG = np.random.default_rng(9)
GRAY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
GRAY16 = RNG.integers(0, 65536, (5, 7), dtype=np.uint16)
RGB16 = RNG.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
ALPHA16 = RNG.integers(0, 65536, (5, 7), dtype=np.uint16)


def decode(data: bytes) -> Picture:
    picture = decode_picture(data, max_pixels=10**6)
    info = probe_picture(data)
    assert (info.format, info.width, info.height) == (picture.format, picture.width, picture.height)
    assert info.pixels == picture.gray.size
    return picture


GRAY_FILES = {
    "L": (saved(Image.fromarray(GRAY)), GRAY),
    "1": (saved(Image.fromarray(GRAY > 99)), np.where(GRAY > 99, 255, 0)),
    "P": (saved(Image.fromarray(GRAY).convert("P")), GRAY),
    "RGB": (saved(Image.fromarray(GRAY).convert("RGB")), GRAY),
    "2 bits": (png_of(GRAY >> 6, greyscale=True, bitdepth=2), (GRAY >> 6) * 85),
    "4 bits": (png_of(GRAY >> 4, greyscale=True, bitdepth=4), (GRAY >> 4) * 17),
    "16 bits": (png_of(GRAY16, greyscale=True, bitdepth=16), GRAY16),
    "16 bits interlaced": (png_of(GRAY16, True, greyscale=True, bitdepth=16), GRAY16),
    "16 bits RGB": (png_of(GRAY16[..., None].repeat(3, 2), greyscale=False, bitdepth=16), GRAY16),
    "webp": (saved(Image.fromarray(GRAY).convert("RGB"), "WEBP", lossless=True), GRAY),
    "tiff": (saved(Image.fromarray(GRAY), "TIFF", compression="tiff_lzw"), GRAY),
    "tiff 1 bit": (
        saved(Image.fromarray(GRAY > 99), "TIFF", compression="group4"),
        np.where(GRAY > 99, 255, 0),
    ),
    "tiff white is zero": (tiff_of(255 - GRAY, photometric="miniswhite"), GRAY),
    "tiff 16 bits": (tiff_of(GRAY16, byteorder="<"), GRAY16),
    "tiff 16 bits big-endian": (tiff_of(GRAY16, byteorder=">"), GRAY16),
    "tiff 16 bits deflated": (tiff_of(GRAY16, compression="zlib"), GRAY16),
    "tiff 16 bits white is zero": (tiff_of(65535 - GRAY16, photometric="miniswhite"), GRAY16),
    "tiff 32 bits within 16": (tiff_of(GRAY16.astype(np.uint32)), GRAY16),
    "bigtiff": (tiff_of(GRAY, bigtiff=True), GRAY),
}


@pytest.mark.parametrize("name", GRAY_FILES)
def test_gray_values_pass_through_untouched(name: str) -> None:
    data, expected = GRAY_FILES[name]
    picture = decode(data)
    assert picture.gray.dtype == (np.uint16 if expected.dtype == np.uint16 else np.uint8)
    np.testing.assert_array_equal(picture.gray, expected)
    assert not picture.had_color
    assert picture.alpha is None
    assert picture.gray.flags.c_contiguous


def test_gray_jpegs_are_pillows_own_values(camera: NDArray[np.uint8]) -> None:
    for mode in ("L", "RGB"):
        data = saved(Image.fromarray(camera).convert(mode), "JPEG", quality=90)
        picture = decode(data)
        np.testing.assert_array_equal(picture.gray, np.asarray(Image.open(BytesIO(data)).convert("L")))
        assert (picture.format, picture.had_color) == ("jpeg", False)


COLOR_FILES = {
    "png": (saved(Image.fromarray(RGB)), RGB),
    "palette": (saved(Image.fromarray(RGB).quantize(35)), None),
    "webp": (saved(Image.fromarray(RGB), "WEBP", lossless=True), RGB),
    "tiff": (saved(Image.fromarray(RGB), "TIFF"), RGB),
    "tiff planar": (tiff_of(np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate"), RGB),
    "jpeg": (saved(Image.fromarray(RGB), "JPEG", quality=90), None),
    "jpeg cmyk": (saved(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=90), None),
    "tiff ycbcr": (saved(Image.fromarray(RGB).convert("YCbCr"), "TIFF"), None),
    "16 bits": (png_of(RGB16, greyscale=False, bitdepth=16), RGB16),
    "16 bits interlaced": (png_of(RGB16, True, greyscale=False, bitdepth=16), RGB16),
    "tiff 16 bits": (tiff_of(RGB16, photometric="rgb", byteorder="<"), RGB16),
    "tiff 16 bits big-endian": (tiff_of(RGB16, photometric="rgb", byteorder=">"), RGB16),
    "tiff 16 bits deflated": (tiff_of(RGB16, photometric="rgb", compression="zlib"), RGB16),
}


@pytest.mark.parametrize("name", COLOR_FILES)
def test_colour_is_taken_as_its_luminance(name: str) -> None:
    data, rgb = COLOR_FILES[name]
    picture = decode(data)
    if rgb is None:
        rgb = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    expected = rgb2lab(rgb / np.iinfo(rgb.dtype).max)[..., 0]
    assert picture.had_color
    assert picture.gray.dtype == rgb.dtype
    step = 0.3 if rgb.dtype == np.uint8 else 0.002
    np.testing.assert_allclose(gray_to_lightness(picture.gray), expected, atol=step)
    np.testing.assert_array_equal(picture.gray, rgb_to_gray(rgb))


P_WITH_ALPHA = Image.fromarray(GRAY).convert("P")
P_WITH_ALPHA.info["transparency"] = bytes(range(256))
GRAY_ALPHA16 = np.stack([GRAY16, ALPHA16], axis=-1)
RGBA16 = np.dstack([GRAY16] * 3 + [ALPHA16])
LA = Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(ALPHA)])
KEY, KEY16 = int(GRAY[2, 3]), int(GRAY16[2, 3])
ALPHA_FILES = {
    "LA": (saved(LA), GRAY, ALPHA),
    "RGBA": (saved(LA.convert("RGBA")), GRAY, ALPHA),
    "LA 16 bits": (png_of(GRAY_ALPHA16, greyscale=True, alpha=True, bitdepth=16), GRAY16, ALPHA16),
    "LA 16 bits interlaced": (
        png_of(GRAY_ALPHA16, True, greyscale=True, alpha=True, bitdepth=16),
        GRAY16,
        ALPHA16,
    ),
    "RGBA 16 bits": (png_of(RGBA16, greyscale=False, alpha=True, bitdepth=16), GRAY16, ALPHA16),
    "P": (saved(P_WITH_ALPHA, transparency=bytes(range(256))), GRAY, GRAY),
    "L with a transparent value": (
        png_of(GRAY, greyscale=True, bitdepth=8, transparent=KEY),
        GRAY,
        np.where(GRAY == KEY, 0, 255),
    ),
    "2 bits with a transparent value": (
        png_of(GRAY >> 6, greyscale=True, bitdepth=2, transparent=2),
        (GRAY >> 6) * 85,
        np.where(GRAY >> 6 == 2, 0, 255),
    ),
    "1 bit with a transparent value": (
        png_of(GRAY >> 7, greyscale=True, bitdepth=1, transparent=1),
        (GRAY >> 7) * 255,
        np.where(GRAY >> 7 == 1, 0, 255),
    ),
    "16 bits with a transparent value": (
        png_of(GRAY16, greyscale=True, bitdepth=16, transparent=KEY16),
        GRAY16,
        np.where(GRAY16 == KEY16, 0, 65535),
    ),
    "webp": (saved(LA.convert("RGBA"), "WEBP", lossless=True, exact=True), GRAY, ALPHA),
    "tiff": (saved(LA.convert("RGBA"), "TIFF"), GRAY, ALPHA),
    "tiff 16 bits": (tiff_of(RGBA16, photometric="rgb", extrasamples=["unassalpha"]), GRAY16, ALPHA16),
}


@pytest.mark.parametrize("name", ALPHA_FILES)
def test_alpha_is_kept_beside(name: str) -> None:
    data, gray, alpha = ALPHA_FILES[name]
    picture = decode(data)
    np.testing.assert_array_equal(picture.gray, gray)
    assert picture.alpha is not None
    assert picture.alpha.dtype == picture.gray.dtype
    np.testing.assert_array_equal(picture.alpha, alpha)


@pytest.mark.parametrize(("samples", "bits"), [(RGB, 8), (RGB16, 16)])
def test_a_transparent_colour_is_alpha(samples: NDArray[Any], bits: int) -> None:
    key = tuple(samples[1, 4].tolist())
    picture = decode(png_of(samples, greyscale=False, bitdepth=bits, transparent=key))
    assert picture.alpha is not None
    expected = np.where((samples == key).all(-1), 0, 2**bits - 1)
    np.testing.assert_array_equal(picture.alpha, expected)
