"""A writer of 16-bit colour PNG (ISO/IEC 15948), which Pillow cannot write."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import Samples
from app.imaging.tiles import strips

Bytes = NDArray[np.uint8]


def encode_png16(rgb: Samples, alpha: Samples | None, icc_profile: bytes | None, level: int) -> bytes:
    """PNG of uint16 samples (height, width, 3), with alpha (height, width) or without."""
    height, width = rgb.shape[:2]
    color_type = 2 if alpha is None else 6
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    chunks = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header)]
    if icc_profile:
        chunks.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    packer = zlib.compressobj(level)
    for rows in _filtered(rgb, alpha):
        packed = packer.compress(rows)
        if packed:
            chunks.append(_chunk(b"IDAT", packed))
    chunks += [_chunk(b"IDAT", packer.flush()), _chunk(b"IEND", b"")]
    return b"".join(chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _filtered(rgb: Samples, alpha: Samples | None) -> Iterator[bytes]:
    """The picture's rows as filtered bytes, a strip at a time."""
    height, width = rgb.shape[:2]
    channels = 3 if alpha is None else 4
    above = np.zeros((1, width * channels * 2), np.uint8)
    for top, bottom in strips(width, height):
        samples = np.empty((bottom - top, width, channels), ">u2")
        samples[..., :3] = rgb[top:bottom]
        if alpha is not None:
            samples[..., 3] = alpha[top:bottom]
        rows = samples.reshape(bottom - top, -1).view(np.uint8)
        yield _filter(rows, np.concatenate([above, rows[:-1]]), channels * 2)
        above = rows[-1:]


def _filter(rows: Bytes, above: Bytes, step: int) -> bytes:
    """Each row by the filter whose differences are smallest (section 12.8), the filter's number before it."""
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    corner = np.zeros_like(rows)
    corner[:, step:] = above[:, :-step]
    predictions = {1: left, 2: above, 4: _paeth(left, above, corner)}
    best = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    least = np.full(len(rows), np.iinfo(np.int64).max)
    for number, prediction in predictions.items():
        difference = rows - prediction
        cost = np.abs(difference.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64)
        better = cost < least
        least[better] = cost[better]
        best[better, 0] = number
        best[better, 1:] = difference[better]
    return best.tobytes()


def _paeth(left: Bytes, above: Bytes, corner: Bytes) -> Bytes:
    """Whichever neighbour is nearest to left + above - corner; ties in that order (section 9.4)."""
    a, b, c = (neighbour.astype(np.int16) for neighbour in (left, above, corner))
    to_left, to_above, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    of_two = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, of_two)
