"""API keys in their file."""

import hashlib
import multiprocessing
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from app import keys as module
from app.keys import Key, KeysError, add_key, digest, expiry, known_scopes, read_keys, revoke_key
from app.scopes import ALL


def names(path: Path) -> dict[str, str]:
    return {key.digest: key.name for key in read_keys(path).values()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_a_key_is_kept_only_as_its_hash(path: Path) -> None:
    key = add_key(path, "ada")
    assert key not in path.read_text()
    assert names(path) == {hashlib.sha256(key.encode()).hexdigest(): "ada"}
    assert len(key) > 40


def test_keys_differ_and_hold_256_bits(path: Path) -> None:
    made = {add_key(path, f"key-{number}") for number in range(20)}
    assert len(made) == 20
    assert {len(key.removeprefix("chromalab_")) for key in made} == {43}, "43 characters of 6 bits"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_the_file_is_its_owners(path: Path) -> None:
    add_key(path, "ada")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_come_and_go_without_touching_others(path: Path) -> None:
    path.write_text(f"# the staff\nold sha256:{digest('old')}  # since 2020\n\nlast sha256:{digest('last')}")
    key = add_key(path, "new")
    assert set(names(path).values()) == {"old", "last", "new"}
    revoke_key(path, "old")
    assert names(path) == {digest("last"): "last", digest(key): "new"}
    assert path.read_text().startswith("# the staff\n\nlast")


def test_a_name_is_there_once(path: Path) -> None:
    add_key(path, "ada")
    with pytest.raises(KeysError, match="already"):
        add_key(path, "ada")
    with pytest.raises(KeysError, match="no key named bob"):
        revoke_key(path, "bob")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a#b",
        "-a",
        "a" * 65,
        "a\nb",
        "a\n",
        "../a",
        "a/b",
        "a\\b",
        "\u00e4",
        "a\x00",
        "a\u2028b",
        "a sha256:b",
        "\u0661",
    ],
)
def test_names_that_are_none(path: Path, name: str) -> None:
    with pytest.raises(KeysError, match="not a name"):
        add_key(path, name)
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"ada sha256:{digest('a')} scopes=all", "line 1: 'all' is no scope"),
        (f"ada sha256:{digest('a')} scopes=", "line 1"),
        (f"ada sha256:{digest('a')} scopes=shapes,", "line 1: '' is no scope"),
        (f"ada sha256:{digest('a')} expires=soon", "line 1: 'soon' is no date"),
        (f"ada sha256:{digest('a')} expires=9999-12-31T23:59:59-23:00", "line 1: .* is no date"),
        (f"ada sha256:{digest('a')} owner=me", "line 1"),
        (f"ada sha256:{digest('a')} scopes=shapes scopes=metrics", "line 1"),
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


def test_a_write_that_fails_keeps_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(path, "ada")
    before = path.read_text()

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        add_key(path, "bob")
    assert path.read_text() == before
    assert {file.name for file in path.parent.iterdir()} == {"keys", "keys.lock"}


def test_what_a_key_is_good_for_and_how_long_is_kept(path: Path) -> None:
    until = datetime(2999, 1, 31, 12, tzinfo=UTC)
    before = datetime.now(UTC).replace(microsecond=0)
    key = add_key(path, "ada", known_scopes(["shapes", "jobs:read"]), until)
    found = read_keys(path)[digest(key)]
    assert found == Key("ada", digest(key), known_scopes(["jobs:read", "shapes"]), found.created, until)
    assert found.created is not None and before <= found.created <= datetime.now(UTC)
    assert not found.has_expired


def test_a_line_of_an_older_version_has_every_scope_and_no_end(path: Path) -> None:
    path.write_text(f"ada sha256:{digest('a')}\n")
    assert read_keys(path) == {digest("a"): Key("ada", digest("a"), ALL)}
    assert not read_keys(path)[digest("a")].has_expired


@pytest.mark.parametrize(
    ("text", "span"),
    [("90d", timedelta(days=90)), ("12h", timedelta(hours=12)), ("30m", timedelta(minutes=30))],
)
def test_an_end_may_be_given_as_a_span(text: str, span: timedelta) -> None:
    until = datetime.now(UTC) + span
    assert abs(expiry(text) - until) < timedelta(minutes=1)


def test_an_end_may_be_given_as_a_date() -> None:
    assert expiry("2999-01-31") == datetime(2999, 1, 31, tzinfo=UTC)
    assert expiry("2999-01-31T12:00+02:00") == datetime(2999, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "d", "0d", "-1d", "1y", "2020-01-01", "tomorrow", "1d\n", "123456d"])
def test_ends_that_are_none(text: str) -> None:
    with pytest.raises(KeysError, match=r"no date|over already"):
        expiry(text)


def test_a_scope_that_is_none_is_told_those_that_are() -> None:
    with pytest.raises(KeysError, match="'admin' is no scope; there are batches, colorize"):
        known_scopes(["shapes", "admin"])


def _add_ten(path: str, first: int) -> None:
    for number in range(first, first + 10):
        add_key(Path(path), f"key-{number}")


def test_added_by_several_at_once_all_are_there(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    adding = [spawn.Process(target=_add_ten, args=(str(path), 10 * number)) for number in range(3)]
    for each in adding:
        each.start()
    for each in adding:
        each.join(300)
        assert each.exitcode == 0
        each.close()
    assert set(names(path).values()) == {f"key-{number}" for number in range(30)}


def test_a_file_that_somebody_else_keeps_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with FileLock(f"{path}.lock"), pytest.raises(KeysError, match="somebody else"):
        add_key(path, "ada")
    add_key(path, "ada")


@pytest.mark.skipif(os.name == "nt", reason="links ask for a privilege there")
def test_a_link_to_the_file_stays_one(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(path)
    add_key(link, "ada")
    assert link.is_symlink() and set(names(path).values()) == {"ada"}
