"""The web processes' folder: there while one serves, and swept by the next where it was left behind."""

import sys
from pathlib import Path

import pytest

from app.serving.shared import PREFIX, shared_folder, sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="one process serves there")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_it_goes_when_it_is_left(root: Path) -> None:
    with shared_folder() as folder:
        (folder / "passes").write_bytes(b"\0")
        assert folder.parent == root
    assert list(root.iterdir()) == []


def test_what_a_killed_service_left_is_removed_and_what_is_used_stays(root: Path) -> None:
    left = root / f"{PREFIX}left"
    left.mkdir()
    (left / "in-use").touch()
    (left / "counter_1.db").write_bytes(b"numbers")
    with shared_folder() as first:
        assert not left.exists()
        with shared_folder() as second:
            assert first.exists()
            assert second.exists()
        assert first.exists()


def test_what_is_not_such_a_folder_is_left_alone(root: Path) -> None:
    others = [root / f"{PREFIX}postgres", root / "chromalab", root / "else" / "in-use"]
    for other in others:
        other.mkdir(parents=True)
    (root / f"{PREFIX}link").symlink_to(root / "else")
    (root / f"{PREFIX}file").write_text("kept")
    elsewhere = root / f"{PREFIX}odd"
    elsewhere.mkdir()
    (root / "target").touch()
    (elsewhere / "in-use").symlink_to(root / "target")
    before = sorted(root.rglob("*"))
    sweep(root)
    assert sorted(root.rglob("*")) == before


def test_another_users_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = root / f"{PREFIX}left"
    left.mkdir()
    (left / "in-use").touch()
    monkeypatch.setattr("os.getuid", lambda: 12345)
    sweep(root)
    assert left.exists()
