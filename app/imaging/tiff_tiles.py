"""How large a TIFF's tiles are, before a decoder makes room for one: 150 bytes can ask for two gigabytes.

Read from the file itself, every entry of the first directory: of one given twice, decoders differ in which
they believe (TIFF 6.0, sections 2 and 15; BigTIFF has 8-byte counts and offsets).
"""

import struct
from collections.abc import Iterator

TILE_WIDTH, TILE_LENGTH = 322, 323
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}
"""The types of whole numbers."""


def tile_pixels(data: bytes) -> int:
    """The most pixels that a tile of the first picture can have; 0 where it has no tiles."""
    sides = {TILE_WIDTH: 0, TILE_LENGTH: 0}
    try:
        for tag, value in _numbers(data):
            if tag in sides:
                sides[tag] = max(sides[tag], value)
    except struct.error:  # cut off: what decoders make of it, they make of less
        pass
    return sides[TILE_WIDTH] * sides[TILE_LENGTH]


def _numbers(data: bytes) -> Iterator[tuple[int, int]]:
    """Tag and first value of every entry that holds whole numbers."""
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    offset, count, size = ("Q", "Q", 20) if big else ("I", "H", 12)
    (place,) = struct.unpack_from(order + offset, data, 8 if big else 4)
    (entries,) = struct.unpack_from(order + count, data, place)
    place += struct.calcsize(count)
    room = struct.calcsize(offset)
    for start in range(place, min(place + entries * size, len(data)), size):
        tag, kind = struct.unpack_from(order + "HH", data, start)
        if (code := _CODES.get(kind)) is None:
            continue
        (amount,) = struct.unpack_from(order + offset, data, start + 4)
        value_at = start + 4 + room
        if amount * struct.calcsize(code) > room:
            (value_at,) = struct.unpack_from(order + offset, data, value_at)
        if value_at + struct.calcsize(code) <= len(data):
            yield tag, struct.unpack_from(order + code, data, value_at)[0]
