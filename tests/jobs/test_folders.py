"""Work folders: made by whoever writes, removed with their jobs."""

import os
import time
from pathlib import Path

import pytest

from app.jobs.folders import Folders


def make(folders: Folders, origin: str, age: float = 0.0) -> Path:
    folder = folders.of(origin)
    (folder / "models" / f"job-{origin}").mkdir(parents=True)
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def test_a_removed_folder_is_gone_and_may_be_removed_again(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folder = make(folders, "a")
    folders.remove("a")
    folders.remove("a")
    assert not folder.exists()


def test_old_folders_without_a_job_are_swept(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    kept, old, young = make(folders, "kept", 9000), make(folders, "old", 9000), make(folders, "young")
    folders.sweep(lambda: {"kept"})
    assert (kept.exists(), old.exists(), young.exists()) == (True, False, True)


def test_a_model_is_there_while_its_job_is(tmp_path: Path) -> None:
    folders, origin = Folders(tmp_path), "0123456789abcdef" * 2
    model = make(folders, origin) / "models" / f"job-{origin}"
    assert folders.model(f"job-{origin}") is None, "it is not finished"
    (model / "config.json").touch()
    assert folders.model(f"job-{origin}") == model
    folders.remove(origin)
    assert folders.model(f"job-{origin}") is None


@pytest.mark.parametrize("model_id", ["horses", "job-", "job-../..", "job-" + "0" * 31, "job-" + "Z" * 32])
def test_other_ids_are_no_models_of_jobs(tmp_path: Path, model_id: str) -> None:
    assert Folders(tmp_path).model(model_id) is None
