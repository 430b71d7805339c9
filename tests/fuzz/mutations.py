"""Spoils files: blindly, and along the parts of their format, so that damage gets past the first check."""

import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    16,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
)
PNG = b"\x89PNG\r\n\x1a\n"
SIDES = (0, 1, 7, 47, 49, 640, 1000, 1024, 16384, 30000, 65535, 100_000, 2**24 + 1, 2**31 - 1, 2**32 - 1)
MOST_BYTES = 1 << 20

Chance = random.Random


class Part(NamedTuple):
    """A piece of a file that its format knows: from its length or type to the next one."""

    start: int
    end: int


def spoilt(data: bytes, other: bytes, chance: Chance) -> bytes:
    """One to four mutations after each other, at times with a piece of another file."""
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        mutate = chance.choice(_MUTATIONS)
        data = mutate(data, other, chance)[:MOST_BYTES] or b"\0"
    return _with_checksums(data) if chance.random() < 0.8 else data


def _flip_bits(data: bytes, _: bytes, chance: Chance) -> bytes:
    changed = bytearray(data)
    for _turn in range(chance.choice((1, 1, 2, 4, 16))):
        changed[_place(data, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _put_number(data: bytes, _: bytes, chance: Chance) -> bytes:
    size, order = chance.choice("BHIQ"), chance.choice("<>")
    number = chance.choice(NUMBERS) & ((1 << 8 * struct.calcsize(size)) - 1)
    place = _place(data, chance)
    packed = bytes(struct.pack(order + size, number))
    return data[:place] + packed + data[place + len(packed) :]


def _cut_off(data: bytes, _: bytes, chance: Chance) -> bytes:
    return data[: _place(data, chance)]


def _drop(data: bytes, _: bytes, chance: Chance) -> bytes:
    place = _place(data, chance)
    return data[:place] + data[place + chance.randrange(1, 64) :]


def _insert(data: bytes, _: bytes, chance: Chance) -> bytes:
    place = _place(data, chance)
    return data[:place] + chance.randbytes(chance.randrange(1, 64)) + data[place:]


def _splice(data: bytes, other: bytes, chance: Chance) -> bytes:
    return data[: _place(data, chance)] + other[_place(other, chance) :]


def _repeat(data: bytes, _: bytes, chance: Chance) -> bytes:
    first, last = sorted((_place(data, chance), _place(data, chance)))
    return data[:last] + data[first:last] * chance.choice((1, 2, 50)) + data[last:]


def _repeat_part(data: bytes, _: bytes, chance: Chance) -> bytes:
    if not (found := parts(data)):
        return data
    part = chance.choice(found)
    piece = data[part.start : part.end] * chance.choice((1, 1, 3, 200))
    return data[: part.end] + piece + data[part.end :]


def _drop_part(data: bytes, _: bytes, chance: Chance) -> bytes:
    if not (found := parts(data)):
        return data
    part = chance.choice(found)
    return data[: part.start] + data[part.end :]


def _swap_parts(data: bytes, _: bytes, chance: Chance) -> bytes:
    if len(found := parts(data)) < 2:
        return data
    first, second = sorted(chance.sample(found, 2))
    return b"".join(
        (
            data[: first.start],
            data[second.start : second.end],
            data[first.end : second.start],
            data[first.start : first.end],
            data[second.end :],
        )
    )


def _borrow_part(data: bytes, other: bytes, chance: Chance) -> bytes:
    own, foreign = parts(data), parts(other)
    if not own or not foreign:
        return data
    part = chance.choice(foreign)
    place = chance.choice(own).start
    return data[:place] + other[part.start : part.end] + data[place:]


def _change_length(data: bytes, _: bytes, chance: Chance) -> bytes:
    """Lie about the length of a part, by a little or by far."""
    if not (found := parts(data)):
        return data
    part = chance.choice(found)
    place, code = _length_field(data, part)
    size = struct.calcsize(code)
    if place + size > len(data):
        return data
    (length,) = struct.unpack_from(code, data, place)
    limit = (1 << 8 * size) - 1
    lie = chance.choice((length - 1, length + 1, length + 12, chance.choice(NUMBERS))) & limit
    return data[:place] + struct.pack(code, lie) + data[place + size :]


def _claim_size(data: bytes, _: bytes, chance: Chance) -> bytes:
    """Write other sides into the header."""
    for pattern, offset, code in (
        (rb"IHDR", 4, ">II"),
        (rb"\xff[\xc0-\xc3]", 5, ">HH"),
        (rb"VP8 ", 14, "<HH"),
        (rb"VP8X", 12, "<IH"),
        (rb"(?s)\x00\x01[\x03\x04]\x00\x01\x00\x00\x00", 8, "<I"),  # a TIFF's ImageWidth
        (rb"(?s)\x01\x01[\x03\x04]\x00\x01\x00\x00\x00", 8, "<I"),
    ):
        if match := re.search(pattern, data):
            place = match.start() + offset
            limits = [(1 << 8 * struct.calcsize(each)) - 1 for each in code[1:]]
            sides = [chance.choice(SIDES) & limit for limit in limits]
            packed = struct.pack(code, *sides)
            return data[:place] + packed + data[place + len(packed) :]
    return data


def _change_samples(data: bytes, _: bytes, chance: Chance) -> bytes:
    """Spoil what a PNG has packed, and pack it again: damage that shows when rows are put together."""
    for part in parts(data) if data.startswith(PNG) else ():
        if data[part.start + 4 : part.start + 8] in (b"IDAT", b"iCCP", b"zTXt"):
            body = data[part.start + 8 : part.end - 4]
            name, packed = (b"", body) if data[part.start + 4] == 73 else _after_name(body)
            try:
                rows = zlib.decompressobj().decompress(packed, MOST_BYTES)
            except zlib.error:
                return data
            if not rows:
                return data
            change = chance.choice((_flip_bits, _cut_off, _drop, _repeat, _put_number))
            repacked = name + zlib.compress(change(rows, b"", chance)[:MOST_BYTES])
            head = struct.pack(">I", len(repacked)) + data[part.start + 4 : part.start + 8]
            return data[: part.start] + head + repacked + bytes(4) + data[part.end :]
    return data


def _after_name(body: bytes) -> tuple[bytes, bytes]:
    end = body.find(b"\0") + 2
    return body[:end], body[end:]


_MUTATIONS: Sequence[Callable[[bytes, bytes, Chance], bytes]] = (
    _flip_bits,
    _flip_bits,
    _put_number,
    _put_number,
    _cut_off,
    _drop,
    _insert,
    _splice,
    _repeat,
    _repeat_part,
    _drop_part,
    _swap_parts,
    _borrow_part,
    _change_length,
    _claim_size,
    _change_samples,
)


def _place(data: bytes, chance: Chance) -> int:
    """Anywhere; more often where headers are."""
    if not data:
        return 0
    return chance.randrange(min(len(data), 200)) if chance.random() < 0.5 else chance.randrange(len(data))


def parts(data: bytes) -> list[Part]:
    """A PNG's chunks, a JPEG's segments, a WebP's chunks, the entries of a TIFF's first directory."""
    if data.startswith(PNG):
        return _chunks(data, 8, ">I", beside=12)
    if data.startswith(b"RIFF"):
        return _chunks(data, 12, "<I", beside=8, length_at=4, even=True)
    if data.startswith(b"\xff\xd8"):
        return _segments(data)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _entries(data)
    return []


def _chunks(
    data: bytes, place: int, code: str, *, beside: int, length_at: int = 0, even: bool = False
) -> list[Part]:
    found: list[Part] = []
    while place + beside <= len(data) and len(found) < 300:
        (length,) = struct.unpack_from(code, data, place + length_at)
        end = min(len(data), place + length + beside + (length & 1 if even else 0))
        found.append(Part(place, end))
        place = end
    return found


def _segments(data: bytes) -> list[Part]:
    found: list[Part] = []
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and len(found) < 300:
        (length,) = struct.unpack_from(">H", data, place + 2)
        end = min(len(data), place + 2 + max(2, length))
        if data[place + 1] == 0xDA:  # a scan's data has no length: up to the next marker
            after = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(data, end)
            end = after.start() if after else len(data)
        found.append(Part(place, end))
        place = end
    return found


def _entries(data: bytes) -> list[Part]:
    order = "<" if data.startswith(b"II") else ">"
    if len(data) < 8:
        return []
    (place,) = struct.unpack_from(order + "I", data, 4)
    if place + 2 > len(data):
        return []
    (count,) = struct.unpack_from(order + "H", data, place)
    starts = range(place + 2, min(place + 2 + 12 * count, len(data) - 12), 12)
    return [Part(start, start + 12) for start in starts]


def _length_field(data: bytes, part: Part) -> tuple[int, str]:
    if data.startswith(PNG):
        return part.start, ">I"
    if data.startswith(b"RIFF"):
        return part.start + 4, "<I"
    if data.startswith(b"\xff\xd8"):
        return part.start + 2, ">H"
    return part.start + 4, "<I" if data.startswith(b"II") else ">I"  # how many values an entry has


def _with_checksums(data: bytes) -> bytes:
    """A PNG with the checksums that its chunks should have; any other file as it is."""
    if not data.startswith(PNG):
        return data
    mended = bytearray(data)
    for part in parts(data):
        if part.end - part.start >= 12:
            struct.pack_into(">I", mended, part.end - 4, zlib.crc32(mended[part.start + 4 : part.end - 4]))
    return bytes(mended)
