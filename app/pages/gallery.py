"""The samples through every network: coloured when first asked for, then kept in memory."""

import asyncio
from io import BytesIO
from typing import ClassVar
from weakref import WeakKeyDictionary

from PIL import Image
from starlette.concurrency import run_in_threadpool

from app.colorizing.colorizer import Colorizer
from app.colorizing.inbox import Upload
from app.colorizing.pipeline import Order
from app.networks.card import Card
from app.pages import samples
from app.services import Services

QUALITY = 78
MOST_PRINTS = 256


class Gallery:
    """Prints of one running service: small, and as many as there are models times samples."""

    _galleries: ClassVar["WeakKeyDictionary[Colorizer, Gallery]"] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._prints: dict[tuple[str, str], bytes] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}

    @classmethod
    def of(cls, parts: Services) -> "Gallery":
        """The gallery of a service."""
        return cls._galleries.setdefault(parts.colorizer, cls())

    async def print(self, colorizer: Colorizer, card: Card, sample: str) -> bytes:
        """A sample coloured by a model, as WebP; made once even if many ask together. Raises Problems."""
        key = (card.sha256, sample)
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._prints:
                upload = Upload(f"{sample}.jpg", BytesIO(samples.gray(sample)))
                result = await colorizer.colorize(upload, card, Order())
                assert result.image is not None
                while len(self._prints) >= MOST_PRINTS:  # the oldest: of models that have gone since
                    self._prints.pop(next(iter(self._prints)))
                self._prints[key] = await run_in_threadpool(_print, result.image)
            return self._prints[key]


def _print(image: bytes) -> bytes:
    buffer = BytesIO()
    samples.to_cell(Image.open(BytesIO(image))).save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
