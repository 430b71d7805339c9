"""What a process that takes steps may use of the machine."""

import os
import sys
from collections.abc import Mapping

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Read once by the numeric libraries, so they must be there before those are imported."""


def environment(threads: int) -> dict[str, str]:
    """Variables that hold numeric libraries to so many threads."""
    return dict.fromkeys(THREAD_VARIABLES, str(threads))


def with_package(variables: Mapping[str, str], folder: str) -> dict[str, str]:
    """The variables, with `folder` first on Python's path, whatever the working directory is."""
    paths = [folder, *filter(None, [variables.get("PYTHONPATH")])]
    return {**variables, "PYTHONPATH": os.pathsep.join(paths)}


def stand_back(niceness: int) -> None:
    """Leave the CPU to others first."""
    if sys.platform != "win32":
        os.nice(niceness)


def limit_memory(most: int) -> None:
    """Have every allocation beyond `most` bytes of data fail; only Linux keeps such a limit."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
