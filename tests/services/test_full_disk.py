"""The disk is full: what cannot be written is refused or waits, and nothing that was accepted is lost."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.plant import Plant, eventually
from tests.services.test_kills import check

PARAMS = {"steps": 60, "points": 10, "sleep": 0.05}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        sys.platform == "linux"
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take what is left of a disk, to the last byte."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    assert shutil.disk_usage(folder).free == 0
    return ballast


def test_jobs_wait_for_room_and_new_ones_are_refused(small_disk: Path, tmp_path: Path) -> None:
    plant = Plant(tmp_path / "data", f"sqlite:///{small_disk}/jobs.sqlite")
    try:
        plant.start()
        plant.wait_until_ready()
        job = plant.submit("counting", PARAMS)
        eventually(lambda: plant.job(job)["progress"] > 0)
        workers = plant.workers()
        ballast = fill(small_disk)
        answer = eventually(
            lambda: (
                refused
                if (refused := plant.client.post(f"{plant.api}/jobs", json={"demo": "counting"})).status_code
                != 202
                else None
            )
        )
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("unavailable")
        eventually(lambda: not plant.answers("/readyz"))
        assert plant.answers("/healthz")
        assert plant.job(job)["state"] == "running", "what is there can be read"
        ballast.unlink()
        check(plant, job, PARAMS, 0, plant.all_events(job))
        plant.wait_until_ready()
        assert plant.finished(plant.submit("counting"))["state"] == "succeeded"
        assert plant.workers() == workers
    finally:
        plant.stop()
        print(plant.log[-6000:])
