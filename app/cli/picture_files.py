"""Which files the command line colours, and where each result goes."""

import os
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from app.imaging.encode import OutputFormat

WRITTEN: dict[str, OutputFormat] = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
"""Format of a result by the ending of its name."""
READ: dict[str, OutputFormat] = {**WRITTEN, ".tif": "png", ".tiff": "png"}
"""What is looked for in folders, and the format it is answered in unless another is asked for."""
ENDINGS: dict[OutputFormat, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}


_LEFT = re.compile(r"\..*\.[0-9a-f]{8}\.(?P<process>[0-9]+)\.part", re.DOTALL)


class FileError(Exception):
    """A file that cannot be coloured; the message says why."""


@dataclass(frozen=True, slots=True)
class Task:
    """One picture to colour: `problem` says why it cannot be, before anything is tried."""

    source: Path
    target: Path
    format: OutputFormat
    problem: str | None = None


def plan(inputs: Sequence[Path], out: Path, *, format: OutputFormat | None, recursive: bool) -> list[Task]:
    """A task for every picture among files and folders; none overwrites an input or another's result.

    Pictures of a folder keep their place below `out`, a folder; for a single picture it may be a file's name.
    """
    if len(inputs) == 1 and not inputs[0].is_dir() and names_a_file(out):
        return _refuse_overwriting([Task(inputs[0], out, format or WRITTEN[out.suffix.lower()])])
    tasks = []
    for source, place in _pictures(inputs, out, recursive):
        suffix = source.suffix.lower()
        kind = format or READ.get(suffix, "png")
        ending = source.suffix if WRITTEN.get(suffix) == kind else ENDINGS[kind]
        tasks.append(Task(source, out / place.with_suffix(ending), kind))
    return _refuse_overwriting(tasks)


def names_a_file(out: Path) -> bool:
    """Whether an output path means one picture rather than a folder."""
    return out.suffix.lower() in WRITTEN and not out.is_dir()


def read_bytes(path: Path, most: int) -> bytes:
    """A picture file's bytes; raises FileError if it is no regular file or has more than `most` bytes."""
    try:
        if not path.is_file():
            raise FileError("is not a file" if path.exists() else "does not exist")
        if (size := path.stat().st_size) > most:
            raise FileError(f"has {size:,} bytes; at most {most:,} are taken")
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, making its folder if needed; raises FileError."""
    own = f"{zlib.crc32(os.fsencode(path.name)):08x}.{os.getpid()}"
    part = path.with_name(f".{path.name[:60]}.{own}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileError(f"the result cannot be written: {error.strerror}") from None


@cache
def _sweep(folder: Path) -> None:
    """Remove what was left half-written in a folder by processes that have been killed; once in a run."""
    if sys.platform == "win32":  # where signal 0 is not a question
        return
    for left in folder.iterdir():
        if (found := _LEFT.fullmatch(left.name)) is not None:
            try:
                os.kill(int(found["process"]), 0)
            except ProcessLookupError:
                left.unlink(missing_ok=True)
            except (OSError, OverflowError):  # it runs, as somebody else; or it is no process of ours
                continue


def _pictures(inputs: Iterable[Path], out: Path, recursive: bool) -> Iterator[tuple[Path, Path]]:
    """Each picture with its place below the output folder."""
    for given in inputs:
        if not given.is_dir():
            yield given, Path(given.name)
            continue
        own = out.resolve()
        for folder, folders, files in os.walk(given):
            here = Path(folder)
            folders[:] = sorted(
                name for name in folders
                if recursive and not name.startswith(".") and (here / name).resolve() != own
            )  # fmt: skip
            for name in sorted(files):
                if Path(name).suffix.lower() in READ and not name.startswith("."):
                    yield here / name, (here / name).relative_to(given)


def _refuse_overwriting(tasks: list[Task]) -> list[Task]:
    inputs = {identity for task in tasks if (identity := _identity(task.source))}
    taken: dict[Path, Path] = {}
    checked = []
    for task in dict.fromkeys(tasks):  # a file named twice is coloured once
        problem = None
        if _identity(task.target) in inputs:
            problem = f"its result {task.target} would overwrite an input"
        elif (other := taken.setdefault(task.target, task.source)) != task.source:
            problem = f"its result {task.target} would overwrite that of {other}"
        checked.append(replace(task, problem=problem))
    return checked


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
