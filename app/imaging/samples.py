"""From an opened Pillow picture to samples: gray of 8 or 16 bits, alpha, and whether there was colour."""

import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.imaging.color import Samples, linear_to_samples, rgb_to_gray
from app.imaging.errors import UnsupportedPicture
from app.imaging.profiles import cmyk_converter, gray_curve
from app.imaging.tiles import in_parallel, strips

_OTHER_ORDER = "B" if sys.byteorder == "little" else "L"
_LOW_BYTES = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBX", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", _OTHER_ORDER))
}
"""Pillow keeps the high byte of 16-bit colour samples; told the opposite byte order, it keeps the low one."""
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
"""The TIFF tag that says what the samples mean, and the meaning that Pillow overlooks at 16 bits."""
_GRAY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
_READ_AS = {
    "1": "L", "L": "L", "LA": "LA", "La": "LA", "P": "RGB", "PA": "RGBA", "RGB": "RGB", "RGBX": "RGB",
    "RGBA": "RGBA", "RGBa": "RGBA", "CMYK": "RGB", "YCbCr": "RGB",
}  # fmt: skip
"""Pillow's modes, and the one each is read as."""


class Pixels(NamedTuple):
    """Gray and alpha (height, width), uint8 or uint16, not yet turned upright."""

    gray: Samples
    alpha: Samples | None
    had_color: bool


def read_pixels(image: Image.Image, data: bytes) -> Pixels:
    """Decode `image`, opened from `data`: gray samples as they are, colour as its luminance."""
    if image.mode in (*_GRAY_16, "I"):
        pixels = _read_gray_16(image)
    elif _raw_mode(image) == "LA;16B":
        # Told that it is RGBA, Pillow passes on the four bytes of a 16-bit gray and alpha as they stand.
        _set_raw_mode(image, "RGBA")
        both = np.asarray(image).view(">u2").astype(np.uint16)
        pixels = Pixels(np.ascontiguousarray(both[..., 0]), np.ascontiguousarray(both[..., 1]), False)
    elif _raw_mode(image) in _LOW_BYTES:
        pixels = _read_color_16(image, data)
    else:
        pixels = _read_8_bit(image, data)
    curve = None if pixels.had_color else gray_curve(image.info.get("icc_profile"))
    if curve is not None:
        table = linear_to_samples(curve[:: 257 if pixels.gray.dtype == np.uint8 else 1], pixels.gray.dtype)
        pixels = pixels._replace(gray=table[pixels.gray])
    return pixels


def _raw_mode(image: Image.Image) -> str | None:
    """How the samples lie in the file, if all of its tiles agree."""
    arguments = [tile.args for tile in getattr(image, "tile", [])]
    modes = {args if isinstance(args, str) else (args or (None,))[0] for args in arguments}
    mode = modes.pop() if len(modes) == 1 else None
    return mode if isinstance(mode, str) else None


def _set_raw_mode(image: Any, mode: str) -> None:
    image.tile = [
        tile._replace(args=mode if isinstance(tile.args, str) else (mode, *tile.args[1:]))
        for tile in image.tile
    ]


def _read_gray_16(image: Image.Image) -> Pixels:
    raw = _raw_mode(image)
    tags: Any = getattr(image, "tag_v2", {})
    inverted = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
    values = np.asarray(image)
    if image.mode == "I" and (values.min() < 0 or values.max() > 65535):
        raise UnsupportedPicture("The picture has 32-bit samples; 8 and 16 bits are read.")
    gray: Samples = values.astype(np.uint16)
    if raw == "I;12":
        gray = gray << 4 | gray >> 8
    if inverted and image.mode != "I":
        gray = 65535 - gray
    key = image.info.get("transparency")
    return Pixels(gray, None if key is None else _keyed(gray, key), False)


def _read_color_16(image: Image.Image, data: bytes) -> Pixels:
    with Image.open(BytesIO(data), formats=[str(image.format)]) as low:
        _set_raw_mode(low, _LOW_BYTES[str(_raw_mode(image))])
        low.load()
        image.load()

        def read(top: int, bottom: int) -> Samples:
            box = (0, top, image.width, bottom)
            mode = _READ_AS[image.mode]
            high_byte, low_byte = (np.asarray(half.crop(box).convert(mode)) for half in (image, low))
            samples: Samples = high_byte.astype(np.uint16) << 8 | low_byte
            return samples

        return _gather(image, np.dtype(np.uint16), read, image.info.get("transparency"))


def _read_8_bit(image: Image.Image, data: bytes) -> Pixels:
    mode = _READ_AS.get(image.mode)
    if mode is None:
        raise UnsupportedPicture(f"Pictures of Pillow's mode {image.mode} are not read.")
    key = image.info.get("transparency")
    if image.mode == "P" and key is not None:
        mode, key = "RGBA", None
    elif image.mode == "L" and isinstance(key, int) and image.format == "PNG":
        key *= 255 // (2 ** data[24] - 1)  # Pillow widens samples of 2 and 4 bits, but not this one
    image.load()
    convert = cmyk_converter(image.info.get("icc_profile")) if image.mode == "CMYK" else None

    def read(top: int, bottom: int) -> Samples:
        strip = image.crop((0, top, image.width, bottom))
        return np.asarray(convert(strip) if convert else strip.convert(mode))

    if mode == "L":
        gray = np.array(image if image.mode == "L" else image.convert("L"))
        return Pixels(gray, None if key is None else _keyed(gray, key), False)
    return _gather(image, np.dtype(np.uint8), read, key)


def _gather(
    image: Image.Image, dtype: np.dtype[Any], read: Callable[[int, int], Samples], key: Any
) -> Pixels:
    """Gray and alpha of a loaded picture from strips (rows, width, channels), without a second copy."""
    width, height = image.size
    gray = np.empty((height, width), dtype)
    with_alpha = key is not None or "A" in image.getbands() or image.has_transparency_data
    alpha = np.empty((height, width), dtype) if with_alpha else None
    colored: list[bool] = []

    def fill(rows: tuple[int, int]) -> None:
        samples = read(*rows)
        here = slice(*rows)
        if alpha is not None:
            alpha[here] = samples[..., -1] if key is None else _keyed(samples, key)
        if samples.shape[-1] < 3:
            gray[here] = samples[..., 0]
            return
        first = samples[..., 0]
        if np.array_equal(first, samples[..., 1]) and np.array_equal(first, samples[..., 2]):
            gray[here] = first
        else:
            colored.append(True)
            gray[here] = rgb_to_gray(samples[..., :3])

    in_parallel(fill, strips(width, height))
    return Pixels(gray, alpha, bool(colored))


def _keyed(samples: NDArray[Any], key: Any) -> Samples:
    """Alpha of a picture one of whose colours is transparent (PNG's tRNS)."""
    matches = samples == key if samples.ndim == 2 else (samples[..., :3] == np.asarray(key)).all(axis=-1)
    return np.where(matches, 0, np.iinfo(samples.dtype).max).astype(samples.dtype)
