"""Networks in links: round trips, bounds, and links that were damaged."""

import random
import zlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.shapes.link import MAX_LINK, MAX_TEXT, BrokenLink, pack, unpack


@given(st.text(max_size=300))
def test_what_was_packed_comes_back(text: str) -> None:
    packed = pack(text)
    assert packed is not None and packed.isascii() and packed.replace("-", "").replace("_", "").isalnum()
    assert unpack(packed) == text


def test_what_does_not_fit_is_not_packed() -> None:
    letters = random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=20_000)
    assert pack("".join(letters)) is None
    assert len(pack("a" * MAX_TEXT) or "x" * MAX_LINK) < 1_000


@pytest.mark.parametrize("packed", ["!", "abc", "é", "A" * 7, ""])
def test_damaged_links_are_told_from_others(packed: str) -> None:
    with pytest.raises(BrokenLink, match="broken"):
        unpack(packed)


def test_a_link_cut_off_anywhere_is_broken() -> None:
    packed = pack('{"input": [3, 32, 32], "layers": [{"type": "ReLU"}]}')
    assert packed is not None
    for end in range(len(packed)):
        with pytest.raises(BrokenLink):
            unpack(packed[:end])


def test_a_bomb_does_not_go_off() -> None:
    deflate = zlib.compressobj(9, wbits=-15)
    bomb = deflate.compress(b" " * 50_000_000) + deflate.flush()
    with pytest.raises(BrokenLink, match="too much"):
        unpack(urlsafe_b64encode(bomb).decode().rstrip("="))
