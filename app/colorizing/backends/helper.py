"""Work that a serving process has done by a process of its own, which stands back behind everything else."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import app

NICENESS = 19
MAY_TAKE = 300
"""Seconds of processor time after which it is ended, and four times that by the clock."""
LOOK_EVERY = 0.5


class HelperFailed(RuntimeError):
    """It ended without an answer; the message says why."""


def run(module: str, arguments: Sequence[str], stop: threading.Event) -> bytes:
    """What a module run as a program prints; it is ended when `stop` is set. Raises HelperFailed, OSError."""
    package = str(Path(app.__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    with (
        TemporaryFile() as printed,
        TemporaryFile() as said,
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,  # ends with this process
            stdout=printed,
            stderr=said,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl+C is for the service
        ) as process,
    ):
        deadline = time.monotonic() + 4 * MAY_TAKE
        while process.poll() is None:
            if stop.wait(LOOK_EVERY) or time.monotonic() > deadline:
                process.kill()
                raise HelperFailed("it was stopped" if stop.is_set() else "it took too long")
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise HelperFailed(lines[-1][:300] if lines else f"it ended with code {process.returncode}")
        printed.seek(0)
        return printed.read()


def stand_back() -> None:
    """For the process itself: yield to all others, take no more than its time, end when its input does."""
    with suppress(AttributeError, OSError):
        os.nice(NICENESS)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (MAY_TAKE, MAY_TAKE))

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 1024):  # not by sys.stdin, which is locked while it waits
                pass
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
