"""Runs the benchmarks that need no data of their own and writes the page about them: `make bench`.

    python -m benchmarks [--page FILE] [NAME ...]

Each runs in a process of its own, one after the other, and the page takes over what it prints as it is.
"""

import argparse
import platform
import re
import subprocess
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app import __version__
from app.machine import available_cpus, cpu_model

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BENCHMARKS = {
    "serving": "What the service costs beside the work itself",
    "throughput": "Many clients",
    "backends": "What runs the networks",
    "large_picture": "A large picture",
    "mixed": "Shapes beside everything else; start and memory",
    "shapes": "Shapes",
    "jobs": "Jobs",
    "lab": "The lab",
}
"""Modules, and what they are about."""
LIBRARIES = ("torch", "openvino", "numpy", "pillow", "fastapi", "uvicorn", "litserve", "torchinfo", "fvcore")


def machine() -> str:
    """What it was measured on, in one paragraph."""
    versions = ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))
    name, _, _ = cpu_model().rpartition(" ")
    return (
        f"Chromalab {__version__} on {available_cpus()} CPUs ({name}), {platform.system()}, "
        f"Python {platform.python_version()}, {versions}; {date.today():%Y-%m-%d}."
    )


def run(name: str) -> str:
    """What a benchmark prints, which is shown meanwhile; its last words, too, where it fails."""
    print(f"\n## {BENCHMARKS[name]}: benchmarks.{name}", flush=True)
    command = [sys.executable, "-u", "-m", f"benchmarks.{name}"]
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line)
    if process.returncode:
        said = [*said[-1:], f"(it ended with {process.returncode})\n"]
    return "".join(said).strip("\n")


def written(page: str, name: str, said: str) -> str:
    """The page with a benchmark's section replaced, or added where it had none."""
    section = (
        f"## {BENCHMARKS[name]}\n\n`python -m benchmarks.{name}`\n\n```text\n{said}\n```\n\n{machine()}\n"
    )
    old = re.compile(rf"^## {re.escape(BENCHMARKS[name])}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if old.search(page):
        return old.sub(lambda _: section + "\n", page).rstrip("\n") + "\n"
    return f"{page.rstrip()}\n\n{section}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


HEAD = """# Benchmarks

Written by `make bench`: what each benchmark printed, and on which machine. What counts is ratios within one
run; [benchmarks/README.md](../benchmarks/README.md) tells what is compared, and why it comes out as it does.
"""


def main() -> None:
    """Measure, print and write the page, a section at a time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all unless given: {', '.join(BENCHMARKS)}")
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {min(unknown)}")
    print(machine())
    for name in arguments.names or BENCHMARKS:
        said = run(name)
        page = arguments.page.read_text(encoding="utf-8") if arguments.page.exists() else HEAD
        arguments.page.write_text(written(page, name, said), encoding="utf-8")
    print(f"\n{arguments.page} is written")


if __name__ == "__main__":
    main()
