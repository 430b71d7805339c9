"""Keeps workers running beside the service that started them."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

import app
from app.jobs.worker.limits import with_package

COMMAND = [sys.executable, "-m", "app", "worker", "--supervised"]
STOP_MAY_TAKE = 12.0
"""Seconds that workers get to stop; then they are killed, which loses nothing either."""
_SETTLED = 10.0
_SHORTEST_WAIT, _LONGEST_WAIT = 0.1, 10.0

log = structlog.get_logger(__name__)


class Supervisor:
    """So many worker processes: each is started again when it ends, and ends when this process does."""

    def __init__(self, count: int) -> None:
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._threads = [threading.Thread(target=self._keep_one, daemon=True) for _ in range(count)]

    def start(self) -> None:
        """Start them all, without waiting for them to be ready."""
        for thread in self._threads:
            thread.start()

    @property
    def pids(self) -> list[int]:
        """Of the workers that run now."""
        with self._lock:
            return [process.pid for process in self._running]

    def stop(self) -> None:
        """Have them stop, and wait until they have."""
        self._stopping.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            assert process.stdin is not None
            with suppress(OSError):
                process.stdin.close()
        deadline = time.monotonic() + STOP_MAY_TAKE
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(1.0)

    def _keep_one(self) -> None:
        wait = _SHORTEST_WAIT
        while not self._stopping.is_set():
            begun = time.monotonic()
            process = self._spawn()
            if process is None:
                return
            with process:  # its end of the pipe is closed with it
                code = process.wait()
            with self._lock:
                self._running.discard(process)
            if self._stopping.is_set():
                return
            wait = _SHORTEST_WAIT if time.monotonic() - begun > _SETTLED else min(2 * wait, _LONGEST_WAIT)
            log.error("a worker ended and is started again", code=code, seconds=round(wait, 1))
            self._stopping.wait(wait)

    def _spawn(self) -> "subprocess.Popen[bytes] | None":
        """A new worker, its standard input held open by this process alone; None if it is time to stop."""
        package = str(Path(app.__file__).resolve().parent.parent)
        with self._lock:
            if self._stopping.is_set():
                return None
            process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                env=with_package(os.environ, package),
                start_new_session=True,  # Ctrl+C is for the service, which then has its workers stop
            )
            self._running.add(process)
            return process
