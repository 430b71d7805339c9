"""Keeps workers, or other processes of ours, running beside the service that started them."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

import app
from app.jobs.worker.limits import with_package

COMMAND = [sys.executable, "-m", "app", "worker", "--supervised"]
STOP_MAY_TAKE = 12.0
"""Seconds that workers get to stop; then they are killed, which loses nothing either."""
ASKED = b"."
"""Comes before the end of a process's input when it is to stop; not when this process has died."""
_SETTLED = 10.0
_SHORTEST_WAIT, _LONGEST_WAIT = 0.1, 10.0

log = structlog.get_logger(__name__)


class Supervisor:
    """So many processes, workers unless `command` says otherwise: each is started again when it ends.

    A process ends when its standard input does: when told to, or when this process is gone. `command` gives
    the command of each by its number from 0; `pass_fds` are open files of this process that they may use.
    """

    def __init__(
        self,
        count: int,
        command: Callable[[int], Sequence[str]] = lambda _: COMMAND,
        *,
        what: str = "a worker",
        pass_fds: Sequence[int] = (),
        stop_may_take: float | None = None,
    ) -> None:
        self._command, self._what, self._pass_fds = command, what, pass_fds
        self._stop_may_take = stop_may_take
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._threads = [
            threading.Thread(target=self._keep_one, args=(n,), daemon=True) for n in range(count)
        ]

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
                process.stdin.write(ASKED)  # where this process dies instead, the input ends without it
                process.stdin.close()
        deadline = time.monotonic() + (self._stop_may_take or STOP_MAY_TAKE)
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(1.0)

    def _keep_one(self, number: int) -> None:
        wait = _SHORTEST_WAIT
        while not self._stopping.is_set():
            begun = time.monotonic()
            process = self._spawn(number)
            if process is None:
                return
            with process:  # its end of the pipe is closed with it
                code = process.wait()
            with self._lock:
                self._running.discard(process)
            if self._stopping.is_set():
                return
            wait = _SHORTEST_WAIT if time.monotonic() - begun > _SETTLED else min(2 * wait, _LONGEST_WAIT)
            log.error(f"{self._what} ended and is started again", code=code, seconds=round(wait, 1))
            self._stopping.wait(wait)

    def _spawn(self, number: int) -> "subprocess.Popen[bytes] | None":
        """A new process, its standard input held open by this process alone; None if it is time to stop."""
        package = str(Path(app.__file__).resolve().parent.parent)
        with self._lock:
            if self._stopping.is_set():
                return None
            process = subprocess.Popen(
                self._command(number),
                stdin=subprocess.PIPE,
                env=with_package(os.environ, package),
                pass_fds=self._pass_fds,
                start_new_session=True,  # Ctrl+C is for the service, which then has its workers stop
            )
            self._running.add(process)
            return process
