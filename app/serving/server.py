"""One web process: uvicorn with our bounds, and what it starts and stops beside it."""

import asyncio
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog
import uvicorn
from fastapi import FastAPI

from app.serving.place import REQUESTS_MAY_TAKE, Place
from app.serving.protocol import PunctualProtocol
from app.settings import Settings

OPEN_FILES = 65536
"""Files and connections that a process may have open at once, where the system lets it raise its limit."""
FILES_KEPT_FREE = 256
"""Of those, for databases, models, uploads on disk and pipes: connections never take the last."""

log = structlog.get_logger(__name__)


class Company(Protocol):
    """Processes that run beside this one as long as it serves."""

    def start(self) -> None:
        """Start them, without waiting for them."""

    def stop(self) -> None:
        """Have them stop, and wait until they have."""


class Server(uvicorn.Server):
    """Serves, tells once it does, and has company for as long."""

    def __init__(
        self,
        config: uvicorn.Config,
        app: FastAPI,
        place: Place,
        begun: Callable[[list[socket.socket]], Sequence[Company]],
        drain_seconds: float = 0.0,
    ) -> None:
        super().__init__(config)
        self._app, self._place, self._begun = app, place, begun
        self._company: Sequence[Company] = ()
        self._drain_seconds = drain_seconds if place.is_first else 0.0  # the others stop when the first does
        self._orphaned = False
        self._leave_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then start what `begun` gives for the sockets that are listened to."""
        await super().startup(sockets)
        if self.started:
            listening = sockets or [each for server in self.servers for each in server.sockets]
            self._company = self._begun(listening)
            for each in self._company:
                each.start()

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop: when told to, and everyone had time to notice; at once when told a second time."""
        if not await super().on_tick(counter):
            return False
        if self._leave_at is None:
            self._leave_at = time.monotonic() + self._drain_seconds
            self._place.leave()
            if self._drain_seconds:
                log.info("told to stop; serving on for a moment", seconds=self._drain_seconds)
        return time.monotonic() >= self._leave_at or len(self._captured_signals) > 1

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the company while requests finish; streams of events would never finish by themselves."""
        self._app.state.services.jobs.feed.close()
        stopping = [asyncio.to_thread(each.stop) for each in self._company]
        await asyncio.gather(*stopping, super().shutdown(sockets))
        if self._place.folder is not None and (self._place.is_first or self._orphaned):
            # Here, because uvicorn then lets the signal that stopped it end the process on the spot.
            await asyncio.to_thread(shutil.rmtree, self._place.folder, ignore_errors=True)

    def stop_with_parent(self) -> None:
        """Stop in good order when the standard input ends: whoever started this process wants it, or died."""

        def watch() -> None:
            asked = b""
            with suppress(OSError, ValueError):
                asked = sys.stdin.buffer.read()
            self._orphaned = not asked
            self.should_exit = True

        threading.Thread(target=watch, name="parent", daemon=True).start()


def configuration(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application; uvloop and httptools are used where they are installed."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=PunctualProtocol,
        ws="none",  # there are no WebSockets here
        access_log=False,  # app.telemetry writes one, with request ids
        log_config=None,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=REQUESTS_MAY_TAKE,
    )


def may_open_many() -> int:
    """Raise this process's limit on open files as far as it may; how many connections that allows."""
    if sys.platform == "win32":
        return 500  # what a select() there takes
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a limit below the one it names
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(64, min(soft, OPEN_FILES) - FILES_KEPT_FREE)


def address(listening: Sequence[socket.socket]) -> str:
    """The URL under which a listening socket is reached."""
    host, port = listening[0].getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def sibling_command(index: int, count: int, sockets: Sequence[socket.socket], folder: Path) -> list[str]:
    """The command of a further web process that serves from sockets which this one has opened."""
    descriptors = ",".join(str(each.fileno()) for each in sockets)
    place = f"{index}/{count}/{descriptors}/{os.fspath(folder)}"
    return [sys.executable, "-m", "app", "serve", "--sibling", place]
