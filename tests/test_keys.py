"""API keys in their file."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from app.keys import KeyRing, KeysError, add_key, digest, read_keys, revoke_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_a_key_is_kept_only_as_its_hash(path: Path) -> None:
    key = add_key(path, "ada")
    assert key not in path.read_text()
    assert read_keys(path) == {hashlib.sha256(key.encode()).hexdigest(): "ada"}
    assert len(key) > 40


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_the_file_is_its_owners(path: Path) -> None:
    add_key(path, "ada")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_come_and_go_without_touching_others(path: Path) -> None:
    path.write_text(f"# the staff\nold sha256:{digest('old')}  # since 2020\n\nlast sha256:{digest('last')}")
    key = add_key(path, "new")
    assert set(read_keys(path).values()) == {"old", "last", "new"}
    revoke_key(path, "old")
    assert read_keys(path) == {digest("last"): "last", digest(key): "new"}
    assert path.read_text().startswith("# the staff\n\nlast")


def test_a_name_is_there_once(path: Path) -> None:
    add_key(path, "ada")
    with pytest.raises(KeysError, match="already"):
        add_key(path, "ada")
    with pytest.raises(KeysError, match="no key named bob"):
        revoke_key(path, "bob")


@pytest.mark.parametrize("name", ["", "a b", "a#b", "-a", "a" * 65, "a\nb"])
def test_names_that_are_none(path: Path, name: str) -> None:
    with pytest.raises(KeysError, match="not a name"):
        add_key(path, name)
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ada", "line 1"),
        (f"\nada sha256:{digest('a')}x", "line 2"),
        (f"ada sha1:{digest('a')}", "line 1"),
        (f"ada sha256:{digest('a')}\nada sha256:{digest('b')}", "line 2: the name ada is there twice"),
    ],
)
def test_broken_files_are_refused_by_line(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(KeysError, match=message):
        read_keys(path)


def test_missing_and_unreadable_files(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="FileNotFoundError"):
        KeyRing(path)
    path.write_bytes(b"\xff")
    with pytest.raises(KeysError, match="UnicodeDecodeError"):
        KeyRing(path)


def test_a_ring_follows_its_file(path: Path) -> None:
    key = add_key(path, "ada")
    ring = KeyRing(path)
    assert ring.owner(key) == "ada"
    assert ring.owner("wrong") is None
    second = add_key(path, "bob")
    assert ring.owner(second) == "bob"
    revoke_key(path, "ada")
    assert ring.owner(key) is None


def test_a_file_that_breaks_or_goes_leaves_the_keys_known(path: Path) -> None:
    key = add_key(path, "ada")
    ring = KeyRing(path)
    path.write_text("nonsense")
    assert ring.owner(key) == "ada"
    path.unlink()
    assert ring.owner(key) == "ada"


def test_a_write_that_fails_keeps_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(path, "ada")
    before = path.read_text()

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        add_key(path, "bob")
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]
