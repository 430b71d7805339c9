"""Small real files: every kind that is read, written by several writers, and kinds that are refused."""

from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import png
import skimage.data
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

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
        "jpeg": _saved(picture, "JPEG"),
        "jpeg progressive": _saved(picture, "JPEG", progressive=True),
        "jpeg gray": _saved(Image.fromarray(gray), "JPEG"),
        "jpeg cmyk": _saved(picture.convert("CMYK"), "JPEG"),
        "jpeg turned": _saved(picture, "JPEG", exif=turned),
        "jpeg profile": _saved(picture, "JPEG", icc_profile=profile, subsampling=0),
        "jpeg restarts": _saved(picture, "JPEG", restart_marker_blocks=2),
        "mpo": _saved(picture, "MPO", save_all=True, append_images=[picture.resize((8, 6))]),
    }


def _pngs(color: NDArray[np.uint8], gray: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> dict[str, bytes]:
    picture, with_alpha = Image.fromarray(color), np.dstack([color, alpha])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    palette = picture.quantize(16)
    deep_gray = (gray.astype(np.uint16) << 8) | gray
    deep = (with_alpha.astype(np.uint16) << 8) | with_alpha
    return {
        "png": _saved(picture, "PNG"),
        "png 1 bit": _saved(picture.convert("1"), "PNG"),
        "png gray": _saved(Image.fromarray(gray), "PNG"),
        "png gray keyed": _saved(Image.fromarray(gray), "PNG", transparency=int(gray[0, 0])),
        "png gray alpha": _saved(Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)]), "PNG"),
        "png alpha": _saved(Image.fromarray(with_alpha), "PNG"),
        "png profile": _saved(picture, "PNG", icc_profile=profile, dpi=(300, 300)),
        "png palette": _saved(palette, "PNG"),
        "png palette alpha": _saved(palette, "PNG", transparency=bytes(range(0, 256, 16))),
        "png gray 16": _png(deep_gray, greyscale=True, bitdepth=16),
        "png 16": _png(deep[..., :3], greyscale=False, bitdepth=16),
        "png 16 alpha": _png(deep, greyscale=False, alpha=True, bitdepth=16),
        "png interlaced": _png(color, interlace=True, greyscale=False, bitdepth=8),
        "png gray 16 interlaced": _png(deep_gray, interlace=True, greyscale=True, bitdepth=16),
    }


def _webps(color: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> dict[str, bytes]:
    picture, with_alpha = Image.fromarray(color), Image.fromarray(np.dstack([color, alpha]))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "webp": _saved(picture, "WEBP"),
        "webp lossless": _saved(picture, "WEBP", lossless=True),
        "webp alpha": _saved(with_alpha, "WEBP"),
        "webp lossless alpha profile": _saved(with_alpha, "WEBP", lossless=True, icc_profile=profile),
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
        "tiff lzw": _saved(picture, "TIFF", compression="tiff_lzw"),
        "tiff lzw gray 16": _saved(Image.fromarray(deep_gray), "TIFF", compression="tiff_lzw"),
        "tiff deflate": _saved(picture, "TIFF", compression="tiff_adobe_deflate"),
        "tiff packbits": _saved(picture.quantize(16), "TIFF", compression="packbits"),
        "tiff group 4": _saved(picture.convert("1"), "TIFF", compression="group4"),
        "tiff jpeg": _saved(picture, "TIFF", compression="jpeg"),
        "tiff cmyk": _saved(picture.convert("CMYK"), "TIFF"),
        "tiff alpha": _saved(picture.convert("RGBA"), "TIFF", compression="tiff_lzw"),
    }


def _refused(color: NDArray[np.uint8], gray: NDArray[np.uint8]) -> dict[str, bytes]:
    picture = Image.fromarray(color)
    frames: dict[str, Any] = {"save_all": True, "append_images": [picture.rotate(90), picture.rotate(180)]}
    return {
        "gif": _saved(picture, "GIF"),
        "gif animated": _saved(picture, "GIF", **frames),
        "png animated": _saved(picture, "PNG", **frames),
        "webp animated": _saved(picture, "WEBP", **frames),
        "tiff pages": _saved(picture, "TIFF", save_all=True, append_images=[picture]),
        "tiff float": _tiff(gray.astype(np.float32)),
        "avif": _saved(picture, "AVIF"),
        "bmp": _saved(picture, "BMP"),
        "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    }


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def _png(samples: NDArray[Any], interlace: bool = False, **options: Any) -> bytes:
    height, width = samples.shape[:2]
    out = BytesIO()
    writer = png.Writer(width, height, interlace=interlace, **options)
    rows = samples.reshape(height, -1).tolist()
    if interlace:
        writer.write_array(out, [value for row in rows for value in row])
    else:
        writer.write(out, rows)
    return out.getvalue()


def _tiff(samples: NDArray[Any], **options: Any) -> bytes:
    out = BytesIO()
    tifffile.imwrite(out, samples, datetime=False, software="", **options)
    return out.getvalue()
