"""The ZIP, read back by another implementation where there is one."""

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from app.batches.archive import archive, manifest
from app.batches.record import Entry, stored_as
from app.jobs.storage import MissingFile, Storage

ORIGIN = "a" * 32
SETTINGS = {"model": "photo", "options": {"saturation": 1.0}}
ENTRIES = [
    Entry(1, "a.png", 5, "ok", "001-a.png", "png", 3, 2),
    Entry(2, "b.png", 5, "problem", problem={"title": "Too large", "status": 413, "detail": "Too large."}),
    Entry(3, "祖母.jpg", 5, "ok", "003-祖母.jpg", "jpeg", 3, 2),
]
CONTENTS = {1: b"\x89PNG" + bytes(600_000), 3: bytes(range(256)) * 9}


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    storage = Storage(str(tmp_path / "storage"))
    for index, content in CONTENTS.items():
        storage.write(ORIGIN, stored_as("out", index), content)
    return storage


def test_it_has_one_output_for_each_good_input_in_order_and_the_manifest(storage: Storage) -> None:
    pieces = list(archive(storage, ORIGIN, SETTINGS, ENTRIES))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as made:
        assert made.testzip() is None
        assert made.namelist() == ["001-a.png", "003-祖母.jpg", "manifest.json"]
        assert made.read("001-a.png") == CONTENTS[1]
        assert made.read("003-祖母.jpg") == CONTENTS[3]
        assert json.loads(made.read("manifest.json")) == manifest(SETTINGS, ENTRIES)
    assert max(map(len, pieces)) < 300_000, "it is never held whole"


def test_the_same_batch_gives_the_same_bytes(storage: Storage) -> None:
    first, second = (b"".join(archive(storage, ORIGIN, SETTINGS, ENTRIES)) for _ in range(2))
    assert first == second


def test_the_manifest_says_of_each_file_what_became_of_it() -> None:
    told = manifest(SETTINGS, ENTRIES)
    assert (told["model"], told["options"]) == ("photo", {"saturation": 1.0})
    assert [(one["index"], one["name"], one["status"], one["output"]) for one in told["files"]] == [
        (1, "a.png", "ok", "001-a.png"),
        (2, "b.png", "problem", None),
        (3, "祖母.jpg", "ok", "003-祖母.jpg"),
    ]
    assert [one["problem"] and one["problem"]["status"] for one in told["files"]] == [None, 413, None]


def test_another_implementation_reads_it(storage: Storage, tmp_path: Path) -> None:
    if (unzip := shutil.which("unzip")) is None:
        pytest.skip("unzip is not installed")
    whole = tmp_path / "batch.zip"
    whole.write_bytes(b"".join(archive(storage, ORIGIN, SETTINGS, ENTRIES)))
    done = subprocess.run([unzip, "-t", str(whole)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "3 files" in done.stdout or "No errors detected" in done.stdout


def test_a_picture_that_is_gone_breaks_it_off(storage: Storage) -> None:
    storage.drop(ORIGIN, stored_as("out", 3))
    pieces = archive(storage, ORIGIN, SETTINGS, ENTRIES)
    assert next(pieces)
    with pytest.raises(MissingFile):
        list(pieces)
