"""A service in a process of its own, and a client that costs next to nothing."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
BOUNDARY = "----chromalab-benchmark"


@dataclass(frozen=True)
class Service:
    """A running `chromalab serve`."""

    host: str
    port: int
    pid: int

    def resident(self) -> int:
        """Resident memory of all its processes now, in bytes (Linux)."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most resident memory since `forget_peak`, each process' own added up, in bytes (Linux)."""
        return self._status("VmHWM")

    def processor_seconds(self) -> float:
        """Time on processors so far, of all threads of all its web processes (Linux)."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def pids(self) -> list[int]:
        """The process and those it has started (Linux)."""
        started = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [self.pid, *(int(pid) for file in started for pid in file.read_text().split())]

    def forget_peak(self) -> None:
        """Measure the peak from now on."""
        for pid in self.pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _status(self, field: str) -> int:
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids()]
        return 1024 * sum(int(re.findall(rf"{field}:\s+(\d+) kB", text)[0]) for text in texts)


@contextmanager
def service(log: Path | None = None, **settings: object) -> Iterator[Service]:
    """Serve on a free port until the block is left; `settings` are Chromalab's, `log` takes its log."""
    environment = os.environ | {f"CHROMALAB_{name.upper()}": str(value) for name, value in settings.items()}
    environment["CHROMALAB_LOG_LEVEL"] = "warning"
    environment.setdefault("CHROMALAB_WORKERS", "0")
    command = [sys.executable, "-c", "import app.cli; app.cli.main()", "serve", "--port", "0"]
    with log.open("ab") if log else nullcontext() as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        address = urlsplit(re.findall(r"http://\S+", said)[0])
        assert address.hostname is not None and address.port is not None
        yield Service(address.hostname, address.port, process.pid)
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True)
class Answer:
    """Status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def timings(self) -> dict[str, float]:
        """Seconds of each stage in Server-Timing."""
        found = re.findall(r"(\w+);dur=([\d.]+)", self.headers["server-timing"])
        return {name: float(milliseconds) / 1000 for name, milliseconds in found}


class Connection:
    """A kept-alive connection; sends ready-made bytes and reads the answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, service: Service) -> "Connection":
        """Connect."""
        return cls(*await asyncio.open_connection(service.host, service.port, limit=1 << 20))

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read its answer."""
        self._writer.write(request)
        await self._writer.drain()
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await self._reader.readexactly(int(headers["content-length"]))
        return Answer(int(head[0].split()[1]), headers, body)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def ask(service: Service, request: bytes) -> Answer:
    """One request over a connection of its own."""
    connection = await Connection.to(service)
    try:
        return await connection.ask(request)
    finally:
        connection.close()


def colorize_request(service: Service, picture: bytes, model: str | None, **fields: str) -> bytes:
    """The bytes of a POST that has a picture coloured."""
    parts = [b'name="image"; filename="picture"\r\n\r\n' + picture]
    texts = fields | ({"model": model} if model else {})
    parts += [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in texts.items()]
    body = b"".join(
        b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts
    )
    body += f"--{BOUNDARY}--\r\n".encode()
    head = (
        f"POST /api/v1/colorize HTTP/1.1\r\nHost: {service.host}:{service.port}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def scene(width: int, height: int, seed: int = 0) -> Image.Image:
    """A gray picture as busy as a photograph: shapes, slopes and a little grain."""
    random = np.random.default_rng(seed)
    coarse = random.random((max(2, height // 64), max(2, width // 64)), dtype=np.float32)
    shapes = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    fine = random.random((max(2, height // 6), max(2, width // 6)), dtype=np.float32)
    detail = Image.fromarray(fine).resize((width, height), Image.Resampling.BILINEAR)
    values = 180 * np.asarray(shapes) + 50 * np.asarray(detail)
    values += random.integers(0, 6, (height, width), dtype=np.uint8)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))
