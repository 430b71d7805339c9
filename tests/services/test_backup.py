"""Backup and restore by the very commands of docs/operation.md, while jobs run and after all is lost."""

import io
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.settings import Settings
from tests.jobs.postgres import binaries
from tests.services.conftest import PlantMaker
from tests.services.plant import ROOT, Plant, eventually
from tests.services.test_kills import check

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands are for a shell of Unix")

OPERATION = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
SHORT: dict[str, Any] = {"steps": 5, "points": 2}
LONG: dict[str, Any] = {"steps": 60, "points": 2, "sleep": 0.1}


def documented(what: str, kind: str) -> str:
    (found,) = re.findall(rf"<!-- tested: {what} {kind} -->\n```sh\n(.*?)```", OPERATION, re.DOTALL)
    return str(found)


def run(script: str, plant: Plant, backup: Path) -> None:
    given = {"DATA": str(plant.data_dir), "BACKUP": str(backup), "DATABASE_URL": plant.database_url or ""}
    path = os.pathsep.join([str(binaries()), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        env={**os.environ, **given, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def hand_in_batch(plant: Plant) -> str:
    files = []
    for number in range(3):
        out = io.BytesIO()
        gray = np.random.default_rng(number).integers(0, 256, (32, 32), dtype=np.uint8)
        Image.fromarray(gray).save(out, "PNG")
        files.append(("images", (f"{number}.png", out.getvalue(), "image/png")))
    answer = plant.client.post(f"{plant.api}/colorize/batch", files=files, data={"model": "pool-upsample"})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@pytest.mark.long
def test_what_was_there_is_there_again(make_plant: PlantMaker, tmp_path: Path) -> None:
    plant = make_plant()
    kind = "postgresql" if plant.database_url else "sqlite"
    backup = tmp_path / "backup"
    backup.mkdir()
    plant.start()
    plant.wait_until_ready()
    done, batch = plant.submit("counting", SHORT, 1), hand_in_batch(plant)
    for job_id in (done, batch):
        assert plant.finished(job_id)["state"] == "succeeded"
    coloured = plant.result(batch)
    running = plant.submit("counting", LONG, 2)
    eventually(lambda: plant.job(running)["progress"] > 0)

    run(documented("backup", kind), plant, backup)
    later = plant.submit("counting", SHORT, 3)
    assert plant.finished(later)["state"] == "succeeded"
    assert plant.web is not None
    plant.web.terminate()
    plant.web.wait()
    shutil.rmtree(plant.data_dir)
    run(documented("restore", kind), plant, backup)

    plant.start()
    for seed, params, job_id in ((1, SHORT, done), (2, LONG, running)):
        check(plant, job_id, params, seed, plant.all_events(job_id))
    assert plant.result(batch) == coloured
    assert plant.client.get(f"{plant.api}/jobs/{later}").status_code == 404, "it came after the backup"
    assert plant.get("/jobs?limit=100")["jobs"][0]["id"] == running


def test_the_page_names_the_settings() -> None:
    assert {"data_dir", "database_url"} <= set(Settings.model_fields)
    assert "`DATA` is `CHROMALAB_DATA_DIR`" in OPERATION
    assert "`DATABASE_URL` is `CHROMALAB_DATABASE_URL`" in OPERATION
