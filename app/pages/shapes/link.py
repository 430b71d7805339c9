"""A network in a link: its text, deflated and in base64 for addresses; bounded both ways."""

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

MAX_LINK = 8_000
"""Characters of a packed network in an address; what needs more is not put there."""
MAX_TEXT = 400_000
"""Characters of a network's text, unpacked."""
_RAW_DEFLATE = -15


class BrokenLink(ValueError):
    """The link is cut off, was changed, or holds more than a network may have."""


def pack(text: str) -> str | None:
    """The text for an address, or None where it does not fit."""
    deflate = zlib.compressobj(9, wbits=_RAW_DEFLATE)
    packed = urlsafe_b64encode(deflate.compress(text.encode()) + deflate.flush()).decode().rstrip("=")
    return packed if len(packed) <= MAX_LINK else None


def unpack(packed: str) -> str:
    """The text of an address; raises BrokenLink."""
    try:
        data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        inflate = zlib.decompressobj(wbits=_RAW_DEFLATE)
        text = inflate.decompress(data, MAX_TEXT + 1).decode()
    except (binascii.Error, zlib.error, ValueError):
        raise BrokenLink("the link is broken: it was cut off or changed on its way") from None
    if not inflate.eof or len(text) > MAX_TEXT:
        raise BrokenLink("the link is broken: it was cut off, or holds too much")
    return text
