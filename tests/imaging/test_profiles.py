"""ICC profiles that an RGB output cannot carry, against Little CMS."""

import struct
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.imaging.color import srgb_to_linear
from app.imaging.pictures import Picture, decode_picture
from app.imaging.profiles import cmyk_converter, gray_curve, profile_space

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def gray_profile(curve: bytes, connection: bytes = b"XYZ ") -> bytes:
    """A display profile of one gray channel with the given tone curve."""
    return icc_profile({b"kTRC": curve}, b"mntr", b"GRAY", connection)


def icc_profile(tags: dict[bytes, bytes], kind: bytes, space: bytes, connection: bytes) -> bytes:
    """A profile of version 2.4 (ICC.1:2001-04)."""
    white = b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"gray\0" + bytes(78)
    copyright = b"text\0\0\0\0none\0"
    bodies = {b"desc": text, b"cprt": copyright, b"wtpt": white, **tags}
    table, body, place = b"", b"", 128 + 4 + 12 * len(bodies)
    for name, data in bodies.items():
        table += struct.pack(">4sII", name, place, len(data))
        padded = data + bytes(-len(data) % 4)
        body, place = body + padded, place + len(padded)
    header = struct.pack(">I4sI4s4s4s", place, b"lcms", 0x02400000, kind, space, connection)
    header += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(bodies)) + table + body


def cmyk_profile() -> bytes:
    """A printer profile (lut8Type) of grays: L = 100 (1 - C)(1 - M)(1 - Y)(1 - K)."""
    identity = fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    ramp = bytes(range(256))
    corners = bytes([255, 128, 128]) + bytes([0, 128, 128]) * 15
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    return icc_profile({b"A2B0": lut}, b"prtr", b"CMYK", b"Lab ")


def curve_of(*samples: int) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(samples)}H", len(samples), *samples)


def parametric(kind: int, *values: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed(*values)


CURVES = {
    "straight": curve_of(),
    "gamma 1.8": curve_of(round(1.8 * 256)),
    "gamma 2.2": curve_of(round(2.2 * 256)),
    "table": curve_of(*(round(65535 * (i / 60) ** 1.5) for i in range(61))),
    "parametric 0": parametric(0, 2.4),
    "parametric 1": parametric(1, 2.0, 0.9, 0.1),
    "parametric 2": parametric(2, 2.0, 1.05, -0.05, 0.0),
    "parametric 3": parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "parametric 4": parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
}
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def decoded(gray: NDArray[np.uint8] | NDArray[np.uint16], profile: bytes, format: str = "PNG") -> Picture:
    out = BytesIO()
    Image.fromarray(gray).save(out, format, icc_profile=profile)
    return decode_picture(out.getvalue(), max_pixels=10**6)


@pytest.mark.parametrize("name", CURVES)
def test_gray_profiles_are_converted_to_srgb_as_little_cms_does(name: str) -> None:
    profile = gray_profile(CURVES[name])
    assert profile_space(profile) == "GRAY"
    exactly = ImageCms.Flags.NOOPTIMIZE  # by default it interpolates between a few levels near black
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    transform = ImageCms.buildTransform(BytesIO(profile), BytesIO(SRGB), "L", "RGB", intent, exactly)
    expected = transform.apply(Image.fromarray(RAMP))
    picture = decoded(RAMP, profile)
    assert picture.icc_profile is None
    assert not picture.had_color
    np.testing.assert_allclose(picture.gray, np.asarray(expected)[..., 1], atol=1)


def test_sixteen_bits_are_converted_at_sixteen() -> None:
    gray = np.arange(0, 65536, 4, dtype=np.uint16).reshape(128, 128)
    picture = decoded(gray, gray_profile(CURVES["gamma 1.8"]))
    light = (gray / 65535) ** (round(1.8 * 256) / 256)
    np.testing.assert_allclose(srgb_to_linear(picture.gray), light, atol=4e-5)


def test_a_profile_with_srgbs_own_curve_changes_nothing() -> None:
    np.testing.assert_array_equal(decoded(RAMP, gray_profile(CURVES["parametric 3"])).gray, RAMP)


@pytest.mark.parametrize(
    "profile",
    [
        gray_profile(curve_of(256))[:200],
        gray_profile(b"curv\0\0\0\0" + struct.pack(">I", 1000) + bytes(20)),
        gray_profile(curve_of(65535, 30000, 0)),
        gray_profile(parametric(9, 1.0)),
        gray_profile(b"text\0\0\0\0abc\0"),
        gray_profile(b""),
        gray_profile(curve_of(256), connection=b"Lab "),
        b"no profile at all",
        b"\0" * 3000,
    ],
)
def test_broken_profiles_are_ignored(profile: bytes) -> None:
    picture = decoded(RAMP, profile)
    np.testing.assert_array_equal(picture.gray, RAMP)
    assert picture.icc_profile is None


@pytest.mark.parametrize("profile", [gray_profile(curve_of(512)), LAB, SRGB[:300], b"rubbish"])
def test_profiles_that_do_not_fit_rgb_are_dropped(profile: bytes) -> None:
    rgb = np.dstack([RAMP, RAMP.T, RAMP[::-1]])
    plain = decoded(rgb, b"")
    picture = decoded(rgb, profile)
    assert picture.icc_profile is None
    np.testing.assert_array_equal(picture.gray, plain.gray)


def test_no_profile() -> None:
    assert profile_space(None) is profile_space(b"") is None
    assert gray_curve(None) is gray_curve(SRGB) is None


@pytest.mark.parametrize(
    "make", [lambda: None, lambda: b"rubbish", lambda: SRGB, lambda: gray_profile(curve_of(512))]
)
def test_cmyk_without_a_profile_of_its_own_is_converted_plainly(make: Callable[[], bytes | None]) -> None:
    image = Image.merge("CMYK", [Image.fromarray(RAMP)] * 4)
    assert cmyk_converter(make())(image).tobytes() == image.convert("RGB").tobytes()
    out = BytesIO()
    image.save(out, "TIFF", icc_profile=make())
    assert decode_picture(out.getvalue(), max_pixels=10**6).icc_profile is None
