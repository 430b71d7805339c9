"""ICC profiles: which may be passed on, and what becomes of those that cannot describe an RGB output."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from app.imaging.color import Floats


def profile_space(profile: bytes | None) -> str | None:
    """`RGB`, `GRAY`, `CMYK` ... ; None without a profile or with one that cannot be read."""
    if not profile or int.from_bytes(profile[:4], "big") > len(profile):
        return None
    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip()
    except (OSError, ImageCms.PyCMSError):
        return None


def cmyk_converter(profile: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """Turns CMYK pictures into sRGB ones, by the profile where it can be used, plainly otherwise."""
    if profile and profile_space(profile) == "CMYK":
        try:
            transform = ImageCms.buildTransform(
                ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), "CMYK", "RGB"
            )
        except ImageCms.PyCMSError:
            pass
        else:
            return transform.apply
    return lambda image: image.convert("RGB")


def gray_curve(profile: bytes | None) -> Floats | None:
    """The tone curve of a gray profile: linear light at 65 536 even steps of its samples; None without one.

    Read directly (ICC.1:2022, 9.2.28, 10.6 and 10.18) because Pillow's colour management stops at 8 bits.
    """
    if not profile or profile_space(profile) != "GRAY" or profile[20:24] != b"XYZ ":
        return None
    try:
        return _curve(_tag(profile, b"kTRC"))
    except (struct.error, KeyError, ValueError):
        return None


def _tag(profile: bytes, signature: bytes) -> bytes:
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(min(count, 100)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        if name == signature:
            return profile[offset : offset + size]
    raise KeyError(signature)


def _curve(tag: bytes) -> Floats:
    samples = np.arange(65536) / 65535
    kind, _, count = struct.unpack_from(">4sII", tag)
    if kind == b"curv" and count == 0:
        light: Any = samples
    elif kind == b"curv" and count == 1:
        light = samples ** (struct.unpack_from(">H", tag, 12)[0] / 256)
    elif kind == b"curv":
        table = np.frombuffer(tag, ">u2", count, 12) / 65535
        light = np.interp(samples, np.linspace(0, 1, count), table)
    elif kind == b"para":
        light = _parametric(samples, count >> 16, tag)
    else:
        raise ValueError("unknown curve")
    if not np.isfinite(light).all() or np.any(np.diff(light) < 0):
        raise ValueError("not a tone curve")
    curve: Floats = np.clip(light, 0, 1).astype(np.float32)
    return curve


def _parametric(samples: np.ndarray, kind: int, tag: bytes) -> np.ndarray:
    """Types 0..4 of table 68: (a x + b)^g + e from x = d on, c x + f below."""
    number = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
    if not number:
        raise ValueError("unknown parametric curve")
    g, *rest = (value / 65536 for value in struct.unpack_from(f">{number}i", tag, 12))
    a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    match kind:
        case 1:
            a, b = rest
            d = -b / a if a else 0.0
        case 2:
            a, b, e = rest
            c, d, f = 0.0, (-b / a if a else 0.0), e
        case 3:
            a, b, c, d = rest
        case 4:
            a, b, c, d, e, f = rest
    curve = np.maximum(a * samples + b, 0) ** g + e
    return np.where(samples >= d, curve, c * samples + f)
