"""Visitors of every kind, well-meaning and not, for a service under load: one request or session each."""

import asyncio
import io
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.service import BOUNDARY, Service, colorize_request, scene
from tests.fuzz.mutations import spoilt
from tests.fuzz.originals import originals

PATIENCE = 300.0
"""Seconds after which a visitor that has no answer counts as forgotten."""
GONE, FORGOTTEN, CUT = "hung up by us", "no answer", "connection lost"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor met: a status or one of the words above, and how long it took."""

    kind: str
    met: int | str
    seconds: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of visitor: how many of a hundred, what it does, and which statuses it may meet beside 503."""

    name: str
    share: int
    visit: Callable[["Kinds", random.Random], Awaitable[int | str]]
    foreseen: frozenset[int | str]


class Kinds:
    """The visitors of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._good = [_picture(512, 512, "JPEG", seed) for seed in range(4)]
        self._good += [
            _picture(640, 480, "PNG", 9),
            _picture(64, 64, "PNG", 10),
            _picture(512, 384, "WEBP", 11),
        ]
        self._large = [_picture(2400, 1600, "JPEG", 12)]
        self._originals = originals()

    def choose(self, chance: random.Random) -> Kind:
        """One of them, as often as it comes."""
        return chance.choices(KINDS, [kind.share for kind in KINDS])[0]

    async def colors(self, chance: random.Random) -> int:
        """Has an ordinary picture coloured."""
        return await self._ask(colorize_request(self.service, chance.choice(self._good), None))

    async def colors_large(self, chance: random.Random) -> int:
        """Has one of a few megapixels coloured."""
        return await self._ask(colorize_request(self.service, chance.choice(self._large), None))

    async def colors_rubbish(self, chance: random.Random) -> int:
        """Sends a damaged file for a picture."""
        first, second = chance.choice(self._originals), chance.choice(self._originals)
        return await self._ask(
            colorize_request(self.service, spoilt(first.data, second.data, chance), None, saturation="1.5")
        )

    async def hangs_up(self, chance: random.Random) -> str:
        """Sends a picture, all of it or half, and goes."""
        request = colorize_request(self.service, chance.choice(self._good), None)
        _, writer = await asyncio.open_connection(self.service.host, self.service.port)
        with suppress(ConnectionError):
            writer.write(request[: chance.choice((len(request), len(request) // 2))])
            await writer.drain()
            await asyncio.sleep(chance.random())
        writer.transport.abort()
        return GONE

    async def asks_shapes(self, chance: random.Random) -> int:
        """Asks for a network's shapes."""
        depth = chance.randrange(1, 12)
        layer = {"type": "Conv2d", "out_channels": "NF", "kernel_size": "k", "padding": "same"}
        layers = [layer if number % 2 == 0 else {"type": "ReLU"} for number in range(depth)]
        body = {"input": ["NIC", chance.choice((32, 64, "H")), 32], "layers": layers}
        return await self._ask(self.post("/api/v1/shapes", body))

    async def solves(self, chance: random.Random) -> int:
        """Asks which settings reach a size."""
        body = {
            "type": "ConvTranspose2d",
            "input": [8, 8],
            "output": [chance.randrange(9, 40)] * 2,
            "kernel_size": chance.randrange(2, 7),
            "solve": ["stride", "padding", "output_padding"],
        }
        return await self._ask(self.post("/api/v1/shapes/solve", body))

    async def reads_pages(self, chance: random.Random) -> int:
        """Reads a page, the models or the metrics."""
        pages = ("/", "/shapes", "/lab", "/models", "/api/v1/models", "/metrics", "/healthz", "/none")
        return await self._ask(self.get(chance.choice(pages)))

    async def runs_a_job(self, chance: random.Random) -> int:
        """Hands a job in and follows its events, to the end or not so far; some are cancelled."""
        body = {"demo": "rmsprop-counterexample", "params": {}, "seed": chance.randrange(10**6)}
        status, content = await self.answer(self.post("/api/v1/jobs", body))
        if status != 202:
            return status
        links = json.loads(content)["links"]
        if chance.random() < 0.2:
            await self._ask(self.post(links["cancel"], None))
        with suppress(TimeoutError):  # it leaves in the middle
            await asyncio.wait_for(self._ask(self.get(links["events"])), chance.choice((0.2, 2.0, 30.0)))
        return status

    async def brings_a_batch(self, chance: random.Random) -> int:
        """Hands a few pictures in, one of them broken."""
        pictures = [chance.choice(self._good) for _ in range(3)] + [b"rubbish"]
        parts = [b'name="images"; filename="picture"\r\n\r\n' + picture for picture in pictures]
        body = b"".join(
            b"--%b\r\nContent-Disposition: form-data; %b\r\n" % (BOUNDARY.encode(), part) for part in parts
        )
        return await self._ask(
            self._head("POST", "/api/v1/colorize/batch", f"multipart/form-data; boundary={BOUNDARY}", body)
            + body
            + f"--{BOUNDARY}--\r\n".encode()
        )

    def get(self, path: str) -> bytes:
        """A request."""
        return self._head("GET", path)

    def post(self, path: str, body: object) -> bytes:
        """A request with JSON."""
        content = b"" if body is None else json.dumps(body).encode()
        return self._head("POST", path, "application/json", content, end=0) + content

    async def answer(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of a request over a connection of its own."""
        reader, writer = await asyncio.open_connection(self.service.host, self.service.port)
        try:
            writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return int(head.split()[1]), body
        finally:
            writer.transport.abort()

    async def _ask(self, request: bytes) -> int:
        return (await self.answer(request))[0]

    def _head(
        self,
        method: str,
        path: str,
        content_type: str = "",
        body: bytes | None = None,
        end: int | None = None,
    ) -> bytes:
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.service.host}:{self.service.port}\r\n"
        if body is not None:
            length = len(body) + (len(BOUNDARY) + 6 if end is None else end)
            head += f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
        return f"{head}\r\n".encode()


def _kind(
    name: str, share: int, visit: Callable[[Kinds, random.Random], Awaitable[int | str]], *met: int
) -> Kind:
    return Kind(name, share, visit, frozenset({503, *met}))


KINDS: Sequence[Kind] = (
    _kind("picture", 30, Kinds.colors, 200),
    _kind("large picture", 3, Kinds.colors_large, 200),
    _kind("spoilt picture", 15, Kinds.colors_rubbish, 200, 413, 415, 422),
    Kind("hangs up", 5, Kinds.hangs_up, frozenset({GONE})),
    _kind("shapes", 20, Kinds.asks_shapes, 200),
    _kind("solve", 8, Kinds.solves, 200),
    _kind("page", 10, Kinds.reads_pages, 200, 404),
    _kind("job and its events", 7, Kinds.runs_a_job, 202, 429),
    _kind("batch", 2, Kinds.brings_a_batch, 202, 429),
)
assert sum(kind.share for kind in KINDS) == 100


def _picture(width: int, height: int, format: str, seed: int) -> bytes:
    out = io.BytesIO()
    scene(width, height, seed).save(out, format)
    return out.getvalue()
