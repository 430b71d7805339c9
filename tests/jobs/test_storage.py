"""Files of jobs: whole or not there, in a folder and in what is no folder."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
import pytest

from app.jobs.storage import MissingFile, Storage, StorageError, StorageFull
from app.settings import Settings

A, B = "a" * 32, "b" * 32


@pytest.fixture(params=["folder", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """In a folder; and in fsspec's memory, which stands for what is reached by an address."""
    if request.param == "folder":
        yield Storage(str(tmp_path / "kept here #1"))
        return
    root = f"memory://{uuid4().hex}"
    yield Storage(root)
    fsspec.filesystem("memory").store.clear()


def test_what_is_written_is_read(storage: Storage) -> None:
    content = os.urandom(700_000)
    storage.write(A, "in/000001", content)
    storage.write(B, "in/000001", b"other")
    assert storage.read(A, "in/000001") == content
    assert b"".join(storage.pieces(A, "in/000001", 4096)) == content
    assert storage.read(B, "in/000001") == b"other"
    storage.write(A, "in/000001", b"anew")
    assert storage.read(A, "in/000001") == b"anew"


def test_what_is_not_there_is_told(storage: Storage) -> None:
    with pytest.raises(MissingFile):
        storage.read(A, "index.json")
    with pytest.raises(MissingFile):
        next(storage.pieces(A, "index.json"))


def test_removed_is_removed_and_others_stay(storage: Storage) -> None:
    for origin in (A, B):
        storage.write(origin, "in/000001", b"x")
        storage.write(origin, "index.json", b"{}")
    storage.remove(A)
    storage.remove(A)
    storage.drop(B, "in/000001")
    storage.drop(B, "in/000001")
    for origin, name in ((A, "in/000001"), (A, "index.json"), (B, "in/000001")):
        with pytest.raises(MissingFile):
            storage.read(origin, name)
    assert storage.read(B, "index.json") == b"{}"


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    kept = storage.begin(A, "out/000001")
    kept.write(b"half")
    with pytest.raises(MissingFile):
        storage.read(A, "out/000001")
    kept.write(b" whole")
    kept.keep()
    assert storage.read(A, "out/000001") == b"half whole"
    dropped = storage.begin(A, "out/000001")
    dropped.write(b"other")
    dropped.drop()
    assert storage.read(A, "out/000001") == b"half whole"
    assert [path.name for path in (tmp_path / A / "out").iterdir()] == ["000001"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    storage = Storage(str(tmp_path))
    storage.write(A, "out/000001", b"before")

    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        storage.write(A, "out/000001", b"after")
    assert storage.read(A, "out/000001") == b"before"
    assert [path.name for path in (tmp_path / A / "out").iterdir()] == ["000001"]


def test_a_storage_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as told:
        Storage(str(tmp_path / "file")).write(A, "index.json", b"")
    assert not told.value.full
    with pytest.raises(StorageError, match="nonesuch"):
        Storage("nonesuch://bucket").read(A, "index.json")


def test_only_what_no_job_has_and_is_old_is_swept(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    for origin in (A, B, "c" * 32):
        storage.write(origin, "in/000001", b"x")
    long_ago = time.time() - 7200
    for origin in (A, B):
        os.utime(tmp_path / origin / "in" / "000001", (long_ago, long_ago))
    storage.sweep(lambda: {A})
    assert sorted(path.name for path in tmp_path.iterdir()) == [A, "c" * 32]


def test_a_storage_that_is_not_there_yet_is_swept_in_vain(storage: Storage) -> None:
    def never() -> set[str]:
        raise AssertionError("nothing is there")

    storage.sweep(never)


def test_the_settings_say_where(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"data_dir": tmp_path / "data"}
    Storage.of(Settings(**chosen)).write(A, "x", b"1")
    Storage.of(Settings(**chosen, storage_url=str(tmp_path / "elsewhere"))).write(A, "x", b"2")
    assert (tmp_path / "data" / "batches" / A / "x").read_bytes() == b"1"
    assert (tmp_path / "elsewhere" / A / "x").read_bytes() == b"2"
