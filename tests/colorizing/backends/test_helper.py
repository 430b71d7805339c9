"""Processes that do work for a serving one: what they print, how they fail, and that they end with it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.colorizing.backends import helper


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "some_work.py"


def test_what_it_prints_comes_back(module: Path) -> None:
    module.write_text("import sys; print(sys.argv[1:])")
    assert helper.run("some_work", ["a", "b c"], threading.Event()).strip() == b"['a', 'b c']"


def test_its_last_words_are_the_reason(module: Path) -> None:
    module.write_text("raise ValueError('no such model')")
    with pytest.raises(helper.HelperFailed, match="ValueError: no such model"):
        helper.run("some_work", [], threading.Event())


def test_it_may_end_by_a_signal(module: Path) -> None:
    module.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(helper.HelperFailed, match="code -9"):
        helper.run("some_work", [], threading.Event())


def test_it_is_ended_when_told_to(module: Path) -> None:
    module.write_text("import time; time.sleep(600)")
    stop = threading.Event()
    stop.set()
    with pytest.raises(helper.HelperFailed, match="stopped"):
        helper.run("some_work", [], stop)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="no niceness here")
def test_it_stands_back_and_ends_with_its_parent() -> None:
    code = (
        "import os, time; from app.colorizing.backends.helper import stand_back;"
        "stand_back(); print(os.nice(0), flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert int(process.stdout.readline()) == helper.NICENESS
        process.stdin.close()
        assert process.wait(60) == 1
