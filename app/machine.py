"""What this machine grants the process."""

import hashlib
import math
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MOST_PROCESSES = 4
MEMORY_OF_ONE = 2**30
"""Bytes of memory that one more web process is worth: PyTorch, a model, and a large picture in work."""
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


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor and what it can do, as one line; where Linux does not tell, what the platform says."""
    try:
        first, _, _ = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    told = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
    fields = {name.strip().lower(): value.strip() for name, value in told.items()}
    flags = " ".join(sorted((fields.get("flags") or fields.get("features") or "").split()))
    name = fields.get("model name") or fields.get("cpu part") or platform.machine()
    return f"{name} {hashlib.sha256(flags.encode()).hexdigest()[:16]}"


def default_processes() -> int:
    """One web process a CPU, for Python keeps one busy; fewer where memory is short."""
    if sys.platform == "win32":  # a listening socket cannot be handed on there
        return 1
    return max(1, min(available_cpus(), MOST_PROCESSES, _memory() // MEMORY_OF_ONE))


def _memory() -> int:
    """Bytes of memory this process may take: the container's limit (cgroup v2), else the machine's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return machine
