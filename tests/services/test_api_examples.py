"""Every curl command of README.md and docs/api.md is sent to a real service, in order, and answered."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.services.conftest import PlantMaker
from tests.services.curl import Curl
from tests.services.plant import ROOT, Plant

LOADING_MAY_TAKE = 600
"""Seconds for the first picture, which brings torch and the model; on an idle machine four."""
PLACES = re.compile(r"http://(localhost|127\.0\.0\.1)(:8000)?")


def commands(path: Path) -> Iterator[str]:
    """The commands of a page, those over several lines put together."""
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for line in "".join(blocks).replace("\\\n", " ").replace("$ curl", "curl").split("\ncurl"):
        command = ("curl" + line) if not line.startswith("curl") else line
        if command.startswith("curl ") and (told := whole(command)):
            yield told


def whole(text: str) -> str:
    """The first lines of a text up to where its quotes are closed."""
    lines = text.splitlines()
    for end in range(1, len(lines) + 1):
        told = "\n".join(lines[:end])
        if told.count("'") % 2 == 0:
            return told
    raise AssertionError(text)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The files that the examples name."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    gray = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    picture = Image.fromarray(np.kron(gray, np.ones((16, 16), np.uint8)))
    for name in ("a.jpg", "b.jpg", "photo.jpg", "b.tif"):
        picture.save(folder / name)
    return folder


@pytest.mark.parametrize("make_plant", ["sqlite"], indirect=True)
def test_every_example_is_answered(make_plant: PlantMaker, pictures: Path) -> None:
    pages = [list(commands(ROOT / page)) for page in ("docs/api.md", "README.md")]
    assert [len(found) >= 3 for found in pages] == [True, True]
    plant = make_plant(picture_timeout=LOADING_MAY_TAKE, threads=1)
    plant.client.timeout = LOADING_MAY_TAKE
    plant.start()
    plant.wait_until_ready()
    for found in pages:
        job_id = ""
        for command in found:
            job_id = answered(plant, command, job_id, pictures)


def answered(plant: Plant, command: str, job_id: str, pictures: Path) -> str:
    """The id of the job that later commands mean by ID."""
    request = Curl.read(command)
    assert PLACES.match(request.url), command
    request.url = PLACES.sub(plant.address, request.url, count=1)
    if "/ID" in request.url:
        assert job_id, "the job comes first"
        request.url = request.url.replace("/ID", f"/{job_id}")
        assert plant.finished(job_id)["state"] == "succeeded"
    answer = request.send(plant.client, pictures)
    assert answer.status_code in (200, 202), (command, answer.text)
    if request.output is not None and request.output.endswith((".jpg", ".png")):
        with Image.open(pictures / request.output) as made:
            assert made.mode == "RGB", command
    return str(answer.json()["id"]) if answer.status_code == 202 else job_id
