"""What a process that takes steps may use of the machine."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Read once by the numeric libraries, so they must be there before those are imported."""
AUTOGROUP = Path("/proc/self/autogroup")
_TRIES = 5
_BETWEEN_TRIES = 0.12
"""Seconds: of all such requests of a machine the kernel takes ten a second."""


def environment(threads: int) -> dict[str, str]:
    """Variables that hold numeric libraries to so many threads, which sleep while they wait."""
    return dict.fromkeys(THREAD_VARIABLES, str(threads)) | {"OMP_WAIT_POLICY": "passive"}


def with_package(variables: Mapping[str, str], folder: str) -> dict[str, str]:
    """The variables, with `folder` first on Python's path, whatever the working directory is."""
    paths = [folder, *filter(None, [variables.get("PYTHONPATH")])]
    return {**variables, "PYTHONPATH": os.pathsep.join(paths)}


def stand_back(niceness: int) -> None:
    """Leave the CPU to others first.

    Where Linux shares the CPU among sessions, niceness counts within one only. So the session stands back
    too, if it is this process's own.
    """
    if sys.platform == "win32":
        return
    os.nice(niceness)
    if sys.platform == "linux":
        if niceness:
            with suppress(OSError):  # never to interrupt who has just been woken
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        if os.getsid(0) == os.getpid() and AUTOGROUP.exists():
            _group_stands_back(niceness)


def _group_stands_back(niceness: int) -> None:
    for _ in range(_TRIES):
        try:
            AUTOGROUP.write_text(str(niceness), encoding="ascii")
            return
        except BlockingIOError:
            time.sleep(_BETWEEN_TRIES)
        except OSError:  # read-only, as in most containers, which share the CPU otherwise
            return


def limit_memory(most: int) -> None:
    """Have every allocation beyond `most` bytes of data fail; only Linux keeps such a limit."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
