"""Small real files: every kind that is read, written by several writers, and kinds that are refused."""

from typing import Any, NamedTuple

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tests.imaging.files import png_of, saved, tiff_of

WIDTH, HEIGHT = 48, 36


class Original(NamedTuple):
    """A whole file, and whether it is one that is read."""

    name: str
    data: bytes
    is_read: bool = True


def originals() -> list[Original]:
    """All of them; the same bytes every time."""
    color = _piece("astronaut", 60, 200)
    gray = _piece("camera", 150, 220)
    alpha = np.linspace(0, 255, color[..., 0].size).astype(np.uint8).reshape(gray.shape)
    read = {**_jpegs(color, gray), **_pngs(color, gray, alpha), **_webps(color, alpha), **_tiffs(color, gray)}
    found = [Original(name, data) for name, data in read.items()]
    return found + [Original(name, data, False) for name, data in _refused(color, gray).items()]


def _piece(photograph: str, top: int, left: int) -> NDArray[np.uint8]:
    whole: NDArray[np.uint8] = getattr(skimage.data, photograph)()
    return np.ascontiguousarray(whole[top : top + HEIGHT, left : left + WIDTH])


def _jpegs(color: NDArray[np.uint8], gray: NDArray[np.uint8]) -> dict[str, bytes]:
    picture = Image.fromarray(color)
    turned = Image.Exif()
    turned[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "jpeg": saved(picture, "JPEG"),
        "jpeg progressive": saved(picture, "JPEG", progressive=True),
        "jpeg gray": saved(Image.fromarray(gray), "JPEG"),
        "jpeg cmyk": saved(picture.convert("CMYK"), "JPEG"),
        "jpeg turned": saved(picture, "JPEG", exif=turned),
        "jpeg profile": saved(picture, "JPEG", icc_profile=profile, subsampling=0),
        "jpeg restarts": saved(picture, "JPEG", restart_marker_blocks=2),
        "mpo": saved(picture, "MPO", save_all=True, append_images=[picture.resize((8, 6))]),
    }


def _pngs(color: NDArray[np.uint8], gray: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> dict[str, bytes]:
    picture, with_alpha = Image.fromarray(color), np.dstack([color, alpha])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    palette = picture.quantize(16)
    deep_gray = (gray.astype(np.uint16) << 8) | gray
    deep = (with_alpha.astype(np.uint16) << 8) | with_alpha
    return {
        "png": saved(picture, "PNG"),
        "png 1 bit": saved(picture.convert("1"), "PNG"),
        "png gray": saved(Image.fromarray(gray), "PNG"),
        "png gray keyed": saved(Image.fromarray(gray), "PNG", transparency=int(gray[0, 0])),
        "png gray alpha": saved(Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)]), "PNG"),
        "png alpha": saved(Image.fromarray(with_alpha), "PNG"),
        "png profile": saved(picture, "PNG", icc_profile=profile, dpi=(300, 300)),
        "png palette": saved(palette, "PNG"),
        "png palette alpha": saved(palette, "PNG", transparency=bytes(range(0, 256, 16))),
        "png gray 16": png_of(deep_gray, greyscale=True, bitdepth=16),
        "png 16": png_of(deep[..., :3], greyscale=False, bitdepth=16),
        "png 16 alpha": png_of(deep, greyscale=False, alpha=True, bitdepth=16),
        "png interlaced": png_of(color, interlace=True, greyscale=False, bitdepth=8),
        "png gray 16 interlaced": png_of(deep_gray, interlace=True, greyscale=True, bitdepth=16),
    }


def _webps(color: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> dict[str, bytes]:
    picture, with_alpha = Image.fromarray(color), Image.fromarray(np.dstack([color, alpha]))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "webp": saved(picture, "WEBP"),
        "webp lossless": saved(picture, "WEBP", lossless=True),
        "webp alpha": saved(with_alpha, "WEBP"),
        "webp lossless alpha profile": saved(with_alpha, "WEBP", lossless=True, icc_profile=profile),
    }


def _tiffs(color: NDArray[np.uint8], gray: NDArray[np.uint8]) -> dict[str, bytes]:
    picture = Image.fromarray(color)
    deep = color.astype(np.uint16) * 257
    deep_gray = gray.astype(np.uint16) * 257
    return {
        "tiff": _tiff(color),
        "tiff strips": _tiff(color, rowsperstrip=4),
        "tiff tiles": _tiff(color, tile=(16, 16), compression="zlib"),
        "tiff planes": _tiff(color.transpose(2, 0, 1), planarconfig="separate", photometric="rgb"),
        "tiff big-endian": _tiff(gray, byteorder=">"),
        "tiff 16": _tiff(deep),
        "tiff gray 16": _tiff(deep_gray, byteorder=">"),
        "tiff big": _tiff(gray, bigtiff=True),
        "tiff lzw": saved(picture, "TIFF", compression="tiff_lzw"),
        "tiff lzw gray 16": saved(Image.fromarray(deep_gray), "TIFF", compression="tiff_lzw"),
        "tiff deflate": saved(picture, "TIFF", compression="tiff_adobe_deflate"),
        "tiff packbits": saved(picture.quantize(16), "TIFF", compression="packbits"),
        "tiff group 4": saved(picture.convert("1"), "TIFF", compression="group4"),
        "tiff jpeg": saved(picture, "TIFF", compression="jpeg"),
        "tiff cmyk": saved(picture.convert("CMYK"), "TIFF"),
        "tiff alpha": saved(picture.convert("RGBA"), "TIFF", compression="tiff_lzw"),
    }


def _refused(color: NDArray[np.uint8], gray: NDArray[np.uint8]) -> dict[str, bytes]:
    picture = Image.fromarray(color)
    frames: dict[str, Any] = {"save_all": True, "append_images": [picture.rotate(90), picture.rotate(180)]}
    return {
        "gif": saved(picture, "GIF"),
        "gif animated": saved(picture, "GIF", **frames),
        "png animated": saved(picture, "PNG", **frames),
        "webp animated": saved(picture, "WEBP", **frames),
        "tiff pages": saved(picture, "TIFF", save_all=True, append_images=[picture]),
        "tiff float": _tiff(gray.astype(np.float32)),
        "avif": saved(picture, "AVIF"),
        "bmp": saved(picture, "BMP"),
        "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    }


def _tiff(samples: NDArray[Any], **options: Any) -> bytes:
    return tiff_of(samples, datetime=False, software="", **options)
