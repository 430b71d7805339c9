"""Runs every benchmark that needs no data of its own, after a line about the machine: `make bench`."""

import platform
import runpy
import sys
from importlib.metadata import version

from app import __version__
from app.machine import available_cpus

BENCHMARKS = ("serving", "large_picture", "shapes", "jobs")


def main() -> None:
    """Measure and print."""
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("torch", "numpy", "pillow", "fastapi", "uvicorn")
    )
    print(f"Chromalab {__version__}, Python {platform.python_version()}, {libraries}")
    print(f"{platform.platform()}, {available_cpus()} CPUs\n")
    for name in BENCHMARKS:
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
        print()


if __name__ == "__main__":
    main()
