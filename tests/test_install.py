"""scripts/install: what it asks pip for, seen by a stand-in for Python that writes down its arguments."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
STAND_IN = """#!/bin/sh
for word; do
    printf '%s ' "$word"
    [ ! -f "$word" ] || cat "$word"
done >> "$ASKED"
echo >> "$ASKED"
"""
CUDA = re.compile(r"^(nvidia-|cuda-|triton)", re.MULTILINE)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell script")


def install(lock: str, tmp_path: Path, **environment: str) -> str:
    """Everything that pip was asked for, with the requirement files it was given written out."""
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)
    asked = tmp_path / "asked"
    subprocess.run(
        [ROOT / "scripts" / "install", python, lock],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ASKED": str(asked), **environment},
        check=True,
    )
    return asked.read_text()


def names(text: str) -> set[str]:
    return set(re.findall(r"(?:^|\s)([a-z0-9-]+)==", text))


@pytest.mark.parametrize("lock", LOCKS)
def test_without_an_index_the_lock_as_it_is(lock: str, tmp_path: Path) -> None:
    asked = install(lock, tmp_path)
    assert names(asked) == names((ROOT / lock).read_text())
    assert "--no-deps" not in asked


@pytest.mark.parametrize("lock", LOCKS)
def test_with_an_index_torch_comes_from_there_and_cuda_not_at_all(lock: str, tmp_path: Path) -> None:
    asked = install(lock, tmp_path, TORCH_INDEX="INDEX")
    whole = (ROOT / lock).read_text()
    assert CUDA.search(whole)
    assert not CUDA.search(asked)
    assert names(asked) == {name for name in names(whole) if not CUDA.match(name)}
    from_index, from_default = asked.split("--requirement")
    assert names(from_index) == names(whole) & {"torch", "torchvision"}
    assert "--index-url INDEX" in from_index
    assert "INDEX" not in from_default


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_pin_everything_and_name_no_address(lock: str) -> None:
    for line in (ROOT / lock).read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line), line
        assert "://" not in line


def test_the_locks_agree() -> None:
    runtime, development = (set((ROOT / lock).read_text().splitlines()) for lock in LOCKS)
    assert {line.partition(" ;")[0] for line in runtime} <= {line.partition(" ;")[0] for line in development}
