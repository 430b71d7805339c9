"""Feeds spoilt files to the decoder in a process of its own, which is bounded and can be let die.

    python -m tests.fuzz.decoding SEED COUNT [FIRST]

Prints one JSON document: how many files had which outcome, what the dearest cost, and every file that broke
the promise: a picture within the limits or a PictureError, in bounded time and memory. A file is made from
the seed and its number alone, so `python -m tests.fuzz.decoding SEED 1 NUMBER` meets it again.
"""

import json
import random
import re
import resource
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.colorizing.options import UnsupportedOption
from app.colorizing.pipeline import Order, colorize
from app.imaging.pictures import (
    OutputFormat,
    Picture,
    PictureError,
    decode_picture,
    encode_picture,
    probe_picture,
)
from app.networks.card import Card
from tests.fuzz.mutations import spoilt
from tests.fuzz.originals import Original, originals

Floats = NDArray[np.float32]

MOST_PIXELS = 1_000_000
MOST_SECONDS = 10.0
"""Processor time of one file, many times what it takes; a busy machine counts for more."""
MOST_MEMORY = 96 << 20
"""Bytes of resident memory that one file may add: that of a million pixels is up to 20 bytes each."""
MOST_ADDRESSES = 1 << 30
"""Bytes of address space beyond what is taken at the start; a second line, where malloc fails."""
_WRITTEN: tuple[OutputFormat, ...] = ("png", "jpeg", "webp")
WHOLE_WAY_EVERY = 20
"""One file in so many goes the whole way, to a coloured picture and into a file again."""


@dataclass
class Report:
    """What came of many files."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """Processor seconds."""
    largest: int = 0
    """Bytes of memory."""
    broken: list[str] = field(default_factory=list)
    """What is wrong, by the file's number."""

    def add(self, other: "Report") -> None:
        """Take another's counts in."""
        self.files += other.files
        self.outcomes += other.outcomes
        self.slowest = max(self.slowest, other.slowest)
        self.largest = max(self.largest, other.largest)
        self.broken += other.broken

    def to_json(self) -> str:
        """As a line."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, line: str) -> "Report":
        """From a line."""
        given = json.loads(line)
        return cls(**{**given, "outcomes": Counter(given["outcomes"])})


def made(seed: int, number: int, good: list[Original]) -> tuple[str, bytes]:
    """The file of that number, and what it was made from."""
    chance = random.Random(f"{seed}/{number}")
    first, second = chance.choice(good), chance.choice(good)
    return first.name, spoilt(first.data, second.data, chance)


def meet(data: bytes, *, whole_way: bool) -> str:
    """Decode a file; the name of the outcome. Raises AssertionError for a picture that is none."""
    try:
        info = probe_picture(data, max_pixels=MOST_PIXELS)
        picture = decode_picture(data, max_pixels=MOST_PIXELS)
    except PictureError as error:
        if isinstance(error.__cause__, MemoryError):
            raise
        text = str(error)
        assert text.endswith(".") and text.isprintable() and len(text) < 300, text
        return type(error).__name__
    assert (info.width, info.height, info.format) == (picture.width, picture.height, picture.format)
    assert 0 < picture.gray.size <= MOST_PIXELS
    assert picture.gray.dtype in (np.uint8, np.uint16) and picture.gray.flags.c_contiguous
    if picture.alpha is not None:
        assert (picture.alpha.shape, picture.alpha.dtype) == (picture.gray.shape, picture.gray.dtype)
    _write(picture)
    if whole_way:
        _color(data)
    return "picture"


def _write(picture: Picture) -> None:
    """What was read, and the profile that goes on, can be written in each format that can hold it."""
    rgb = np.repeat(picture.gray[..., None], 3, axis=-1)
    for name in _WRITTEN:
        if picture.gray.size < 100_000 and max(rgb.shape) <= 16383:
            content = encode_picture(rgb, format=name, alpha=picture.alpha, icc_profile=picture.icc_profile)
            assert probe_picture(content).pixels == picture.gray.size


def _color(data: bytes) -> None:
    with suppress(UnsupportedOption):  # too long a side for its own format
        colorize(data, _Undecided(), Card.model_validate(_CARD), Order(), max_pixels=MOST_PIXELS, threads=1)


class _Undecided:
    """A network that gives every colour the same probability."""

    name = "undecided"

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, 2, h, w)."""
        return np.full((len(planes), 2, *planes.shape[-2:]), 0.5, np.float32)


_CARD = {
    "id": "none",
    "title": "None",
    "task": "ab",
    "network": {"type": "unet"},
    "parameters": 1,
    "input_size": 32,
    "size_multiple": 4,
    "bins": [(-10.0, 20.0), (30.0, 5.0)],
    "trained_on": "nothing",
    "licence": "none",
    "sha256": "0" * 64,
}


def run(seed: int, count: int, first: int = 0, progress: Path | None = None) -> Report:
    """Meet `count` files from number `first` on; `progress` holds the number of the one that is met."""
    good = originals()
    meet(good[0].data, whole_way=True)  # what is computed once does not count against a file
    report = Report()
    for number in range(first, first + count):
        name, data = made(seed, number, good)
        if progress is not None:
            progress.write_text(str(number))
        Path("/proc/self/clear_refs").write_text("5")
        before, began = _status("VmRSS"), time.process_time()
        try:
            outcome = meet(data, whole_way=number % WHOLE_WAY_EVERY == 0)
        except BaseException as error:
            outcome = "broken"
            report.broken.append(f"{number} ({name}): {type(error).__name__}: {error}"[:300])
        took, grew = time.process_time() - began, _status("VmHWM") - before
        if took > MOST_SECONDS:
            report.broken.append(f"{number} ({name}): {took:.1f} s")
        if grew > MOST_MEMORY:
            report.broken.append(f"{number} ({name}): {grew >> 20} MiB")
        report.files += 1
        report.outcomes[outcome] += 1
        report.slowest, report.largest = max(report.slowest, took), max(report.largest, grew)
    return report


def _status(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


def main() -> None:
    """Bound this process, meet the files, tell."""
    seed, count, first = (int(each) for each in [*sys.argv[1:4], "0"][:3])
    progress = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    most = _status("VmSize") + MOST_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    print(run(seed, count, first, progress).to_json())


if __name__ == "__main__":
    main()
