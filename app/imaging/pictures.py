"""Pictures from bytes to gray samples, and back to bytes in colour."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from app.imaging.color import Samples
from app.imaging.containers import Format, opened, orientation
from app.imaging.encode import OutputFormat, encode_picture, output_format
from app.imaging.errors import BrokenPicture, PictureError, PictureTooLarge, UnsupportedPicture
from app.imaging.profiles import profile_space
from app.imaging.samples import read_pixels
from app.imaging.tone import Tone, tone_of

__all__ = [
    "BrokenPicture",
    "Format",
    "OutputFormat",
    "Picture",
    "PictureError",
    "PictureInfo",
    "PictureTooLarge",
    "UnsupportedPicture",
    "decode_picture",
    "encode_picture",
    "output_format",
    "probe_picture",
]

_SMALL = 64


@dataclass(frozen=True)
class PictureInfo:
    """What a picture's header tells; width and height in pixels, upright."""

    format: Format
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


@dataclass(frozen=True, eq=False)
class Picture:
    """An upright picture reduced to its sRGB-encoded gray, with what the output must keep."""

    gray: Samples
    """(height, width), uint8 or uint16: a gray upload's own values, or the luminance of a coloured one."""
    alpha: Samples | None
    """(height, width), of gray's dtype."""
    icc_profile: bytes | None
    """An RGB profile to be kept in the output; samples are worked on as if they were sRGB."""
    format: Format
    had_color: bool
    tone: Tone = "gray"
    """What kind of picture it was: a coloured file may hold a sepia print, or gray."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.gray.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.gray.shape[0])


def probe_picture(data: bytes, *, max_pixels: int | None = None) -> PictureInfo:
    """Format and size of a picture, from its header alone; raises PictureError for what is not one."""
    with opened(data, max_pixels) as image:
        width, height = image.size
        # Pillow gives the size of a TIFF as it will be once it stands upright, that of the others as stored.
        if image.format != "TIFF" and orientation(image, data) >= 5:
            width, height = height, width
        return PictureInfo(_format(image.format), width, height)


def decode_picture(data: bytes, *, max_pixels: int) -> Picture:
    """Read a JPEG, PNG, WebP or TIFF picture; raises PictureError for anything else, damaged or too large."""
    with opened(data, max_pixels) as image:
        name = _format(image.format)
        # Pillow itself turns a TIFF while decoding it.
        turn = 1 if name == "tiff" else orientation(image, data)
        profile = image.info.get("icc_profile")
        keep = profile_space(profile) == "RGB" and image.mode != "CMYK"
        gray, alpha, had_color = read_pixels(image, data)
        return Picture(
            gray=upright(gray, turn),
            alpha=None if alpha is None else upright(alpha, turn),
            icc_profile=profile if keep else None,
            format=name,
            had_color=had_color,
            tone=tone_of(_small(image)) if had_color else "gray",
        )


def _small(image: Image.Image) -> Samples:
    """A decoded picture's colours averaged down to a few, RGB uint8."""
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA")
    return np.asarray(image.resize((_SMALL, _SMALL), Image.Resampling.BOX).convert("RGB"))


def _format(name: str | None) -> Format:
    match name:
        case "PNG":
            return "png"
        case "WEBP":
            return "webp"
        case "TIFF":
            return "tiff"
        case _:
            return "jpeg"  # MPO as well


def upright(samples: Samples, orientation: int) -> Samples:
    """Turn stored samples (height, width) as EXIF orientation 1..8 tells (EXIF 2.32, tag 274)."""
    if orientation >= 5:
        samples = samples.T
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return np.ascontiguousarray(samples)
