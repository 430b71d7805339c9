"""Tiles that would take gigabytes are refused before any room is made for one."""

import struct
import sys
from io import BytesIO
from typing import Literal

import numpy as np
import pytest
import tifffile

from app.imaging.pictures import PictureTooLarge, decode_picture, probe_picture
from app.imaging.tiff_tiles import tile_pixels
from app.machine import peak_memory

LIMIT = 10**6


def tiff(width: int, length: int, order: str = "<", kind: int = 4, extra: bytes = b"") -> bytes:
    """A picture of 48 x 36 in one tile of that size, of which there is next to nothing."""
    code = {3: "HH", 4: "I"}[kind]
    sides = [
        struct.pack(order + "HHI" + code, tag, kind, 1, *([side, 0] if kind == 3 else [side]))
        for tag, side in ((322, width), (323, length))
    ]
    entries = [(256, 48), (257, 36), (258, 8), (259, 8), (262, 1), (277, 1)]
    known = [struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in entries]
    data = [struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in ((324, 8), (325, 4))]
    all_of_them = [*known, *sides, *([extra] if extra else []), *data]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 12) + b"tile"
    return head + struct.pack(order + "H", len(all_of_them)) + b"".join(all_of_them) + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_their_size_is_read(order: str, kind: int) -> None:
    assert tile_pixels(tiff(640, 4096, order, kind)) == 640 * 4096


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_others_write_them_as_we_read_them(order: Literal["<", ">"], big: bool) -> None:
    tiles, strips = BytesIO(), BytesIO()
    tifffile.imwrite(tiles, np.zeros((36, 48), np.uint8), tile=(16, 32), byteorder=order, bigtiff=big)
    tifffile.imwrite(strips, np.zeros((36, 48), np.uint8), byteorder=order, bigtiff=big)
    assert (tile_pixels(tiles.getvalue()), tile_pixels(strips.getvalue())) == (16 * 32, 0)


def test_of_two_the_larger_counts() -> None:
    second = struct.pack("<HHII", 322, 4, 1, 2**31)
    assert tile_pixels(tiff(16, 16, extra=second)) == 2**31 * 16


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_a_cut_off_directory_is_no_error_here(cut: int) -> None:
    assert tile_pixels(tiff(16, 32)[:cut]) in {0, 16 * 32}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's mark")
@pytest.mark.parametrize("sides", [(65536, 16384), (16384, 16384), (2**31 - 1, 2**31 - 1)])
def test_giants_are_refused_before_there_is_room_for_them(sides: tuple[int, int]) -> None:
    data = tiff(*sides)
    with peak_memory() as before:
        pass
    with peak_memory() as peak:
        for read in (probe_picture, decode_picture):
            with pytest.raises(PictureTooLarge, match="tiles"):
                read(data, max_pixels=LIMIT)
    assert peak.mebibytes - before.mebibytes < 64


def test_tiles_may_be_larger_than_a_small_picture() -> None:
    out = BytesIO()
    tifffile.imwrite(out, np.full((36, 48), 7, np.uint8), tile=(512, 512))
    assert (decode_picture(out.getvalue(), max_pixels=2000).gray == 7).all()
