"""Batches of real processes: killed in the middle, or on two hosts that share database and storage."""

import io
import json
import os
import socket
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.services.conftest import PlantMaker
from tests.services.plant import Plant, eventually

PICTURES = 12
BROKEN = 5
"""Index, from 1, of the one that is no picture."""


@pytest.fixture(scope="module")
def files() -> list[tuple[str, tuple[str, bytes, str]]]:
    found = []
    for index in range(1, PICTURES + 1):
        out = io.BytesIO()
        rows = np.random.default_rng(index).integers(0, 256, (40, 40), dtype=np.uint8)
        Image.fromarray(np.kron(rows, np.ones((16, 16), np.uint8))).save(out, "PNG")
        content = b"broken" if index == BROKEN else out.getvalue()
        found.append(("images", (f"{index}.png", content, "image/png")))
    return found


def hand_in(plant: Plant, files: Any, model: str = "pool-upsample") -> str:
    answer = plant.client.post(f"{plant.api}/colorize/batch", files=files, data={"model": model})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def has_come(plant: Plant, job_id: str, share: float) -> bool:
    return bool(plant.job(job_id)["progress"] > share)


@pytest.mark.long
def test_killed_in_the_middle_it_goes_on_and_gives_the_same_zip(make_plant: PlantMaker, files: Any) -> None:
    plant = make_plant()
    plant.start()
    plant.wait_until_ready()
    calm = hand_in(plant, files)
    assert plant.finished(calm)["state"] == "succeeded"
    job_id = hand_in(plant, files)
    for share in (0.1, 0.5):
        eventually(partial(has_come, plant, job_id, share), every=0.02)
        plant.kill_workers()
    job = plant.finished(job_id)
    assert (job["state"], job["error"], job["progress"]) == ("succeeded", None, 1.0)
    assert plant.result(job_id) == plant.result(calm)
    told = plant.get(f"/jobs/{job_id}/files")["files"]
    assert [one["index"] for one in told if one["status"] == "problem"] == [BROKEN]
    stream = plant.client.get(f"{plant.api}/jobs/{job_id}/events").text
    indices = [json.loads(line[6:])["file"]["index"] for line in stream.splitlines() if '"file"' in line]
    assert indices == list(range(1, PICTURES + 1)), "each is told of once"


@pytest.mark.parametrize(
    "make_plant", ["postgresql", pytest.param("sqlite", marks=pytest.mark.long)], indirect=True
)
def test_what_comes_to_one_host_is_coloured_on_another(
    make_plant: PlantMaker, files: Any, tmp_path: Path
) -> None:
    storage = tmp_path / "shared pictures"
    web = make_plant(workers=0, storage_url=str(storage))
    if web.database_url is None:
        web.database_url = f"sqlite:///{tmp_path}/shared.sqlite"
    other = Plant(tmp_path / "elsewhere", web.database_url, {"storage_url": str(storage)})
    web.start()
    try:
        job_id = hand_in(web, files)
        other.data_dir.mkdir(parents=True, exist_ok=True)
        other.start_worker()
        assert web.finished(job_id)["state"] == "succeeded"
        with zipfile.ZipFile(io.BytesIO(web.result(job_id))) as made:
            assert len(made.namelist()) == PICTURES
        assert not list((tmp_path / "elsewhere").glob("batches"))
    finally:
        other.stop()


def test_an_upload_that_is_cut_off_leaves_nothing(plant: Plant, files: Any) -> None:
    before = plant.get("/jobs?demo=colorize-batch")["jobs"]
    with socket.create_connection(("127.0.0.1", plant.port)) as wire:
        head = (
            b"POST /api/v1/colorize/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        part = b'--x\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\n\r\n'
        wire.sendall(head + part + files[0][1][1] + bytes(2_000_000))
        root = plant.data_dir / "batches"
        eventually(lambda: any(path.suffix == ".part" and path.stat().st_size > 1e6 for path in below(root)))
    eventually(lambda: not [path for path in below(root) if not_a_job(path, before)])
    assert plant.get("/jobs?demo=colorize-batch")["jobs"] == before


def below(root: Path) -> list[Path]:
    """Files below a folder, some of whose folders may be removed while one looks."""
    return [Path(folder, name) for folder, _, names in os.walk(root) for name in names]


def not_a_job(path: Path, jobs: list[dict[str, Any]]) -> bool:
    """Whether a stored file belongs to none of the jobs."""
    return not any(job["id"] in path.parts for job in jobs)
