"""Opening a picture file safely: formats allow-listed, size known before decoding, only PictureError out."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Literal

from PIL import ExifTags, Image

from app.imaging.errors import BrokenPicture, PictureError, PictureTooLarge, UnsupportedPicture
from app.imaging.tiff_tiles import tile_pixels

Format = Literal["png", "jpeg", "webp", "tiff"]

# The limit on pixels is the caller's and is checked here before anything is decoded. Pillow's own, which only
# warns, is set far above any sensible one and made strict as a second line of defence.
Image.MAX_IMAGE_PIXELS = 1_000_000_000
# What else it warns of is the sender's making: not to be logged, nor kept, as Python keeps each new text.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

MAX_JPEG_SCANS = 100
"""Progressive pictures have about ten; each one costs a pass over the whole picture."""

LARGEST_TILE = 2**20
"""Pixels of a TIFF's tile where the picture itself has fewer: room is made for a whole one."""

_SIGNATURES: tuple[tuple[re.Pattern[bytes], Format], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "tiff"),
)
_REFUSED = (
    (re.compile(rb"GIF8[79]a"), "a GIF"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|svg|!--|!DOCTYPE svg)", re.IGNORECASE), "an SVG"),
    (re.compile(rb"....ftyp(avif|avis)", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"....ftyp", re.DOTALL), "a HEIF picture or a video"),
    (re.compile(rb"BM"), "a BMP picture"),
    (re.compile(rb"%PDF"), "a PDF document"),
)
_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd9\xff]")
"""A JPEG marker that begins a segment with a length."""


def sniff(data: bytes) -> Format:
    """The format that the first bytes announce; a file's name and declared type are never trusted."""
    if not data:
        raise BrokenPicture("The file is empty.")
    for pattern, name in _SIGNATURES:
        if pattern.match(data):
            return name
    for pattern, kind in _REFUSED:
        if pattern.match(data):
            raise UnsupportedPicture(f"This is {kind}; send a JPEG, PNG, WebP or TIFF picture.")
    raise UnsupportedPicture("This is not a JPEG, PNG, WebP or TIFF picture.")


@contextmanager
def opened(data: bytes, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """A still picture whose header has been read and found acceptable, and whose pixels have not been read.

    Whatever the decoders raise inside the block comes out as a PictureError.
    """
    name = sniff(data)
    try:
        with Image.open(BytesIO(data), formats=[name.upper()]) as image:
            _check(image, name, data, max_pixels)
            yield image
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PictureTooLarge("The picture has far too many pixels.") from error
    except Exception as error:
        # Decoders meet damaged files with any exception there is: OSError, SyntaxError, struct.error ...
        raise BrokenPicture(f"The {name.upper()} file is damaged or cut off and cannot be read.") from error


def _check(image: Image.Image, name: Format, data: bytes, max_pixels: int | None) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise BrokenPicture("The picture has no pixels.")
    if max_pixels is not None and width * height > max_pixels:
        size = f"{width} x {height} = {width * height:,} pixels"
        raise PictureTooLarge(f"The picture has {size}; at most {max_pixels:,} are allowed.")
    if name == "tiff" and (tile := tile_pixels(data)) > max(width * height, LARGEST_TILE):
        raise PictureTooLarge(f"The TIFF has tiles of {tile:,} pixels, far more than the picture.")
    # Many cameras append a preview or a gain map to a JPEG (MPO): that is still one picture, its first.
    if name != "jpeg" and getattr(image, "is_animated", False):
        what = "has several pages" if name == "tiff" else "is an animation"
        raise UnsupportedPicture(f"The picture {what}; send one still picture.")
    if name == "jpeg" and _scans(data) > MAX_JPEG_SCANS:
        raise UnsupportedPicture(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")


def _scans(data: bytes) -> int:
    """How many scans the first picture of a JPEG file has, up to one more than allowed."""
    scans, place = 0, 2
    while scans <= MAX_JPEG_SCANS and (marker := _SEGMENT.search(data, place)):
        if b"\xff\xd9" in data[place : marker.start()] and scans:
            break
        scans += marker.group() == b"\xff\xda"
        place = marker.end() + max(2, int.from_bytes(data[marker.end() : marker.end() + 2], "big"))
    return scans


def orientation(image: Image.Image, data: bytes) -> int:
    """EXIF orientation 1..8 of an opened picture; 1 where there is none or it makes no sense."""
    if image.format == "PNG" and "exif" not in image.info and (exif := _png_chunk(data, b"eXIf")):
        image.info["exif"] = b"Exif\0\0" + exif
    try:
        # A PNG's own getexif decodes the whole picture first, in case EXIF comes after it.
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF is no reason to refuse the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _png_chunk(data: bytes, kind: bytes) -> bytes | None:
    """The first chunk of a kind."""
    place = 8
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == kind:
            return data[place + 8 : place + 8 + size]
        place += size + 12
    return None
