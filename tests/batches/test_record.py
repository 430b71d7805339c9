"""What is written down of a batch."""

from pathlib import Path

import pytest

from app.batches.record import (
    BATCH_OPTIONS,
    INDEX,
    BatchParams,
    Entry,
    Tally,
    Upload,
    entries,
    read_index,
    write_index,
)
from app.colorizing.options import Options
from app.jobs.storage import MissingFile, Storage, StorageError

ORIGIN = "a" * 32
UPLOADS = [Upload("a.png", 3), Upload("a.png", 4, {"status": 413}), Upload("祖母.png", 5)]
PARAMS = {"model": "photo", "files": 2, "bytes": 9}


def test_settings_are_all_but_what_is_of_one_picture() -> None:
    params = BatchParams.model_validate({**PARAMS, "options": {"saturation": 0.5}}).to_json()
    assert (params["model"], params["files"], params["bytes"]) == ("photo", 2, 9)
    assert set(params["options"]) == set(BATCH_OPTIONS) == set(Options.model_fields) - {"hints", "candidate"}
    assert params["options"]["saturation"] == 0.5
    assert BatchParams.model_validate(params).to_json() == params


@pytest.mark.parametrize("options", [{"candidate": 1}, {"hints": [{"x": 0, "y": 0, "color": "#000000"}]}])
def test_hints_and_candidates_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="single picture"):
        BatchParams.model_validate({**PARAMS, "options": options})


def test_the_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    with pytest.raises(MissingFile):
        read_index(storage, ORIGIN)
    write_index(storage, ORIGIN, UPLOADS)
    assert read_index(storage, ORIGIN) == UPLOADS


@pytest.mark.parametrize("content", [b"", b"{", b'[{"odd": 1}]', b"[1]"])
def test_a_spoiled_index_is_told(tmp_path: Path, content: bytes) -> None:
    storage = Storage(str(tmp_path))
    storage.write(ORIGIN, INDEX, content)
    with pytest.raises(StorageError, match=INDEX):
        read_index(storage, ORIGIN)


def test_entries_are_in_order_and_know_what_events_have_told() -> None:
    told = [
        Entry(2, "a.png", 4, "problem", problem={"status": 413}).to_json(),
        Entry(1, "a.png", 3, "ok", "001-a.png", "png", 2, 2).to_json(),
    ]
    found = entries(UPLOADS, told)
    assert [(one.index, one.name, one.status) for one in found] == [
        (1, "a.png", "ok"),
        (2, "a.png", "problem"),
        (3, "祖母.png", "waiting"),
    ]
    assert Tally.of(found) == Tally(done=2, problems=1)
