"""Bad input of every kind: a clear PictureError, quickly, and nothing else."""

import random
import struct
import time
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.imaging.containers import MAX_JPEG_SCANS
from app.imaging.pictures import (
    BrokenPicture,
    PictureError,
    PictureTooLarge,
    UnsupportedPicture,
    decode_picture,
    probe_picture,
)

LIMIT = 10**6
NOISE = Image.fromarray(np.random.default_rng(10).integers(0, 256, (40, 60, 3), dtype=np.uint8))


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


GOOD = {
    "png": saved(NOISE, "PNG"),
    "png palette": saved(NOISE.quantize(16), "PNG"),
    "png gray with alpha": saved(NOISE.convert("LA"), "PNG"),
    "jpeg": saved(NOISE, "JPEG"),
    "jpeg progressive": saved(NOISE, "JPEG", progressive=True),
    "jpeg cmyk": saved(NOISE.convert("CMYK"), "JPEG"),
    "webp": saved(NOISE, "WEBP"),
    "webp lossless": saved(NOISE.convert("RGBA"), "WEBP", lossless=True),
    "tiff": saved(NOISE, "TIFF"),
    "tiff lzw": saved(NOISE, "TIFF", compression="tiff_lzw"),
    "tiff group 4": saved(NOISE.convert("1"), "TIFF", compression="group4"),
    "tiff jpeg": saved(NOISE, "TIFF", compression="jpeg"),
}


@pytest.mark.parametrize("name", GOOD)
def test_the_files_below_are_good_before_they_are_spoilt(name: str) -> None:
    assert decode_picture(GOOD[name], max_pixels=LIMIT).gray.shape == (40, 60)


def test_an_empty_file() -> None:
    for read in (probe_picture, lambda data: decode_picture(data, max_pixels=LIMIT)):
        with pytest.raises(BrokenPicture, match="empty"):
            read(b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a" + b"\0" * 40, "a GIF"),
        (saved(NOISE, "GIF"), "a GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", "an SVG"),
        (saved(NOISE, "AVIF"), "an AVIF"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "a HEIF"),
        (saved(NOISE, "BMP"), "a BMP"),
        (b"%PDF-1.7", "a PDF"),
        (saved(NOISE, "ICO"), "not a JPEG"),
        (b"just text, whatever its name says", "not a JPEG"),
        (b"\x89PN", "not a JPEG"),
        (b"\0" * 1000, "not a JPEG"),
    ],
)
def test_what_is_not_read_is_named(data: bytes, words: str) -> None:
    with pytest.raises(UnsupportedPicture, match=words):
        probe_picture(data)
    with pytest.raises(UnsupportedPicture, match=words):
        decode_picture(data, max_pixels=LIMIT)


@pytest.mark.parametrize("name", GOOD)
def test_every_truncation_is_an_error_or_harmless(name: str) -> None:
    data = GOOD[name]
    for length in [*range(1, 60), *range(60, len(data) // 2, max(1, len(data) // 40))]:
        with pytest.raises(PictureError):
            decode_picture(data[:length], max_pixels=LIMIT)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_animations_are_refused(format: str) -> None:
    frames = [NOISE, NOISE.rotate(90), NOISE.rotate(180)]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedPicture, match="animation"):
        decode_picture(data, max_pixels=LIMIT)


def test_several_pages_are_refused() -> None:
    data = saved(NOISE, "TIFF", save_all=True, append_images=[NOISE])
    with pytest.raises(UnsupportedPicture, match="pages"):
        probe_picture(data)


def test_a_jpeg_with_a_preview_behind_it_is_one_picture() -> None:
    data = saved(NOISE, "MPO", save_all=True, append_images=[NOISE.resize((6, 4))])
    assert Image.open(BytesIO(data)).format == "MPO"
    picture = decode_picture(data, max_pixels=LIMIT)
    assert (picture.format, picture.width, picture.height) == ("jpeg", 60, 40)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_pixels_are_limited(name: str) -> None:
    assert decode_picture(GOOD[name], max_pixels=2400).width == 60
    for read in (probe_picture, decode_picture):
        with pytest.raises(PictureTooLarge, match="60 x 40 = 2,400 pixels; at most 2,399"):
            read(GOOD[name], max_pixels=2399)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """A gray PNG of zeros, `height` x `width` pixels in a thousandth of the bytes."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    data = bomb(100, 100)
    data = data[:16] + struct.pack(">II", width, height) + data[24:]
    data = data[:29] + struct.pack(">I", zlib.crc32(data[12:29])) + data[33:]
    started = time.perf_counter()
    for _ in range(20):
        with pytest.raises(PictureTooLarge):
            decode_picture(data, max_pixels=10**8)
    assert time.perf_counter() - started < 5


def test_a_true_bomb_of_400_million_pixels_is_refused() -> None:
    data = bomb(20_000, 20_000)
    assert len(data) < 500_000
    with pytest.raises(PictureTooLarge, match="400,000,000"):
        decode_picture(data, max_pixels=10**8)


def test_metadata_bombs_are_refused_or_ignored() -> None:
    good = GOOD["png"]
    vast = zlib.compress(bytes(200_000_000), 9)
    for kind, body in (
        (b"iCCP", b"x\0\0" + vast),
        (b"zTXt", b"x\0\0" + vast),
        (b"iTXt", b"x\0\1\0\0\0" + vast),
    ):
        data = good[:33] + chunk(kind, body) + good[33:]
        try:
            assert decode_picture(data, max_pixels=LIMIT).icc_profile is None
        except PictureError:
            continue


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = GOOD["jpeg progressive"]
    scan = data.rindex(b"\xff\xda")
    start = data.rindex(b"\xff\xc4", 0, scan) if b"\xff\xc4" in data[:scan] else scan
    last = data[start:-2]
    endless = data[:-2] + last * (MAX_JPEG_SCANS + 1) + b"\xff\xd9"
    with pytest.raises(UnsupportedPicture, match="scans"):
        decode_picture(endless, max_pixels=LIMIT)


def test_what_follows_a_jpeg_is_not_its_scans() -> None:
    data = GOOD["jpeg"] + b"\xff\xda\0\x08abcdef" * 500
    assert decode_picture(data, max_pixels=LIMIT).width == 60


@pytest.mark.parametrize("kind", ["I", "F"])
def test_samples_beyond_16_bits_are_refused(kind: str) -> None:
    values = np.array([[70_000, 1]], np.int32 if kind == "I" else np.float32)
    with pytest.raises(UnsupportedPicture):
        decode_picture(saved(Image.fromarray(values), "TIFF"), max_pixels=LIMIT)


@pytest.mark.parametrize("name", GOOD)
def test_damage_never_raises_anything_else(name: str) -> None:
    rng = random.Random(name)
    for _ in range(150):
        data = bytearray(GOOD[name])
        for _ in range(rng.choice((1, 2, 8))):
            place = rng.randrange(len(data)) if rng.random() < 0.4 else rng.randrange(min(len(data), 160))
            match rng.randrange(4):
                case 0:
                    data[place] = rng.randrange(256)
                case 1:
                    data[place : place + 4] = rng.choice(
                        (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")
                    )
                case 2:
                    del data[place : place + rng.randrange(1, 30)]
                case _:
                    data[place:place] = rng.randbytes(rng.randrange(1, 30))
            data = data or bytearray(b"\0")
        started = time.perf_counter()
        for read in (probe_picture, decode_picture):
            try:
                read(bytes(data), max_pixels=LIMIT)
            except PictureError as error:
                assert str(error).endswith(".")
        assert time.perf_counter() - started < 10
