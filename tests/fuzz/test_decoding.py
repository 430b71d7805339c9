"""Whatever bytes come: a picture within the limits or a PictureError, in bounded time and memory.

The long run meets LONG_RUN files, the short one as many as a second takes; `CHROMALAB_FUZZ_SEED` gives
others.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.imaging.pictures import Picture, PictureError, decode_picture
from tests.fuzz import decoding
from tests.fuzz.decoding import MOST_PIXELS, Report, made, run
from tests.fuzz.mutations import parts, spoilt
from tests.fuzz.originals import HEIGHT, WIDTH, Original, originals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads and bounds memory in /proc")

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("CHROMALAB_FUZZ_SEED", "1"))
SHORT_RUN = 1_000
LONG_RUN = 100_000
AT_ONCE = 10_000
MAY_TAKE = 1800
"""Seconds that a process may take for its files, on a busy machine."""
GOOD = originals()


@pytest.mark.parametrize("original", GOOD, ids=lambda each: each.name)
def test_the_files_are_what_they_should_be_before_they_are_spoilt(original: Original) -> None:
    if original.is_read:
        picture = decode_picture(original.data, max_pixels=MOST_PIXELS)
        turned = original.name == "jpeg turned"
        assert picture.gray.shape == ((WIDTH, HEIGHT) if turned else (HEIGHT, WIDTH))
    else:
        with pytest.raises(PictureError):
            decode_picture(original.data, max_pixels=MOST_PIXELS)


def test_parts_are_found_in_every_format() -> None:
    counts = {each.name: len(parts(each.data)) for each in GOOD if each.is_read}
    assert {name for name, count in counts.items() if count < 1} == {"tiff big"}  # its directory is another


def test_spoiling_is_repeatable_and_spoils() -> None:
    assert made(3, 14, GOOD) == made(3, 14, originals())
    whole = sum(made(3, number, GOOD)[1] in {each.data for each in GOOD} for number in range(300))
    assert whole < 30


@pytest.mark.filterwarnings("ignore::UserWarning")  # as at run time, of Pillow's
def test_spoilt_files_reach_every_outcome() -> None:
    report = run(SEED, 300)
    assert report.broken == []
    assert set(report.outcomes) == {"picture", "BrokenPicture", "UnsupportedPicture", "PictureTooLarge"}
    assert report.outcomes.total() == report.files == 300


def _raises(data: bytes, *, max_pixels: int) -> Picture:
    raise KeyError("unforeseen")


def _takes_memory(data: bytes, *, max_pixels: int) -> Picture:
    np.ones(decoding.MOST_MEMORY // 4, np.float64)
    raise PictureError("Too late.")


def _gives_too_much(data: bytes, *, max_pixels: int) -> Picture:
    return Picture(np.zeros((2000, 1000), np.uint8), None, None, "png", False)


@pytest.mark.parametrize(
    ("decoder", "words"), [(_raises, "unforeseen"), (_takes_memory, "MiB"), (_gives_too_much, "Assertion")]
)
def test_a_broken_promise_is_found(decoder: object, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "decode_picture", decoder)
    monkeypatch.setattr(decoding, "made", lambda seed, number, good: ("png", GOOD[8].data))
    monkeypatch.setattr(
        decoding, "probe_picture", lambda data, *, max_pixels: _gives_too_much(data, max_pixels=1)
    )
    monkeypatch.setattr(decoding, "originals", lambda: GOOD)
    monkeypatch.setattr(decoding, "WHOLE_WAY_EVERY", 10**9)
    met, decoding_meet = [], decoding.meet

    def meet(data: bytes, *, whole_way: bool) -> str:
        met.append(whole_way)
        return "" if len(met) == 1 else decoding_meet(data, whole_way=False)  # the first is a rehearsal

    monkeypatch.setattr(decoding, "meet", meet)
    report = run(0, 1)
    assert len(report.broken) == 1
    assert words in report.broken[0]


def test_hostile_files_leave_no_trace_in_the_log(tmp_path: Path) -> None:
    report, said = in_a_process(SEED, 400, 0, tmp_path)
    assert report.files == 400
    assert "Warning" not in said, "they could fill it, and what Python remembers of each new text"


def test_no_file_breaks_the_promise(tmp_path: Path) -> None:
    report, _ = in_a_process(SEED, SHORT_RUN, 1_000_000, tmp_path)
    assert report.broken == []
    assert report.files == SHORT_RUN


@pytest.mark.long
def test_no_file_of_very_many_breaks_the_promise(tmp_path: Path) -> None:
    whole = Report()
    for first in range(0, LONG_RUN, AT_ONCE):
        whole.add(in_a_process(SEED, AT_ONCE, first, tmp_path)[0])
    print(
        f"seed {SEED}, {whole.files} files: "
        + ", ".join(f"{count} {name}" for name, count in whole.outcomes.most_common())
        + f"; slowest {1000 * whole.slowest:.0f} ms of processor time, largest {whole.largest >> 20} MiB"
    )
    assert whole.broken == []
    assert whole.files == LONG_RUN


def in_a_process(seed: int, count: int, first: int, folder: Path) -> tuple[Report, str]:
    """What came of so many files, and what was said on the side; one that kills the process is told."""
    progress = folder / "number"
    command = [sys.executable, "-m", "tests.fuzz.decoding", *map(str, (seed, count, first, progress))]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=MAY_TAKE
    )
    if done.returncode != 0:
        return Report(broken=[f"{progress.read_text()}: exit {done.returncode}: {done.stderr[-500:]}"]), ""
    return Report.from_json(done.stdout), done.stderr


def test_one_that_kills_the_process_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, app.imaging.pictures as p\np.probe_picture = lambda *a, **k: os.kill(os.getpid(), 11)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    (tmp_path / "number").write_text("none")
    report, _ = in_a_process(SEED, 1, 7, tmp_path)
    assert len(report.broken) == 1
    assert "exit -11" in report.broken[0]


def test_mutations_change_files_of_every_format() -> None:
    for each in GOOD:
        made_of_it = {spoilt(each.data, GOOD[0].data, random.Random(turn)) for turn in range(40)}
        assert len(made_of_it) > 30, each.name
