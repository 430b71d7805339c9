"""What this machine grants the process."""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_PROCESS = Path("/proc/self")


def available_cpus(quota_file: Path = _CGROUP_QUOTA) -> int:
    """CPUs this process may use: its affinity, cut to the container's quota (cgroup v2); at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text(encoding="ascii").split()
        granted = math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no cgroup v2, or "max": no quota
        return cpus
    return max(1, min(cpus, granted))


@dataclass
class Peak:
    """The most resident memory of this process in MiB while it was watched."""

    mebibytes: float = 0.0


@contextmanager
def peak_memory(process: Path = _PROCESS) -> Iterator[Peak]:
    """Watch the process; where the kernel's mark cannot be put back (not Linux), of its whole life."""
    with suppress(OSError):
        (process / "clear_refs").write_text("5", encoding="ascii")
    peak = Peak()
    yield peak
    try:
        status = (process / "status").read_text(encoding="ascii", errors="replace")
        peak.mebibytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
        peak.mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
