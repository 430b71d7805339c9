"""The keys of a running service follow their file, and tell when they were last used."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog.testing

from app.keyring import NOTED_EVERY, KeyRing, LastUses
from app.keys import Key, KeysError, add_key, digest, revoke_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def name_of(ring: KeyRing, shown: str) -> str | None:
    return key.name if (key := ring.find(shown)) else None


def test_missing_and_unreadable_files(path: Path) -> None:
    with pytest.raises(KeysError, match="FileNotFoundError"):
        KeyRing(path)
    path.write_bytes(b"\xff")
    with pytest.raises(KeysError, match="UnicodeDecodeError"):
        KeyRing(path)


def test_an_empty_file_lets_nobody_in(path: Path) -> None:
    path.write_text("# none yet\n")
    ring = KeyRing(path)
    for shown in ("", "admin", "chromalab_", "password", "root", " "):
        assert ring.find(shown) is None


def test_a_ring_follows_its_file(path: Path) -> None:
    key = add_key(path, "ada")
    ring = KeyRing(path)
    assert name_of(ring, key) == "ada"
    assert name_of(ring, "wrong") is None
    second = add_key(path, "bob")
    assert name_of(ring, second) == "bob"
    revoke_key(path, "ada")
    assert name_of(ring, key) is None


def test_a_file_that_breaks_or_goes_leaves_the_keys_known(path: Path) -> None:
    key = add_key(path, "ada")
    ring = KeyRing(path)
    path.write_text("nonsense")
    with structlog.testing.capture_logs() as logged:
        assert name_of(ring, key) == "ada"
        assert name_of(ring, key) == "ada"
    assert [each["log_level"] for each in logged] == ["error"], "once for each change, not for each request"
    path.unlink()
    assert name_of(ring, key) == "ada"


def test_an_expired_key_is_found_as_what_it_is(path: Path, tmp_path: Path) -> None:
    path.write_text(f"ada sha256:{digest('a')} expires=2020-01-01")
    uses = LastUses(tmp_path / "used")
    found = KeyRing(path, uses).find("a")
    assert found is not None and found.has_expired
    assert uses.of(found) is None, "it was not used: it let nobody in"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o644, False), (0o660, True), (0o602, True)])
def test_a_file_that_others_may_write_is_told_of(path: Path, mode: int, told: bool) -> None:
    add_key(path, "ada")
    path.chmod(mode)
    with structlog.testing.capture_logs() as logged:
        KeyRing(path)
    assert bool(logged) is told


def test_a_use_is_noted_to_the_minute_and_costs_one_write_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, writes = Clock(), 0
    touch = Path.touch

    def counted(file: Path, *arguments: object, **more: object) -> None:
        nonlocal writes
        writes += 1
        touch(file, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "touch", counted)
    uses, key = LastUses(tmp_path / "used", clock), Key("ada", digest("a"))
    assert uses.of(key) is None
    begun = clock.now
    for _ in range(1000):
        clock.now += NOTED_EVERY / 1001
        uses.note(key)
    assert writes == 1
    assert uses.of(key) == datetime.fromtimestamp(begun + NOTED_EVERY / 1001, UTC)
    clock.now += NOTED_EVERY
    uses.note(key)
    assert (writes, uses.of(key)) == (2, datetime.fromtimestamp(clock.now, UTC))


def test_a_clock_that_is_set_back_does_not_stop_the_notes(tmp_path: Path) -> None:
    clock, key = Clock(), Key("ada", digest("a"))
    uses = LastUses(tmp_path / "used", clock)
    uses.note(key)
    clock.now -= 86400
    uses.note(key)
    assert uses.of(key) == datetime.fromtimestamp(clock.now, UTC)


def test_processes_share_their_notes_and_names_are_not_in_them(tmp_path: Path) -> None:
    clock, key = Clock(), Key("ada", digest("a"))
    first, second = LastUses(tmp_path / "used", clock), LastUses(tmp_path / "used", clock)
    first.note(key)
    clock.now += 5
    second.note(key)
    assert first.of(key) == datetime.fromtimestamp(clock.now, UTC)
    assert [file.name for file in (tmp_path / "used").iterdir()] == [digest("a")[:32]]


def test_where_nothing_can_be_noted_keys_still_open(path: Path, tmp_path: Path) -> None:
    key, other = add_key(path, "ada"), add_key(path, "bob")
    (tmp_path / "file").write_text("")
    ring = KeyRing(path, LastUses(tmp_path / "file" / "used"))
    with structlog.testing.capture_logs() as logged:
        assert (name_of(ring, key), name_of(ring, other)) == ("ada", "bob")
    assert len(logged) == 1, "said once"
