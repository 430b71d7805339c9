"""Many pictures by REST: handed in whole or not at all, looked at while they are coloured, taken away."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.jobs.storage import StorageError, Writing
from app.problems import MEDIA_TYPE
from app.settings import Settings
from tests.batches.works import gray_picture, work

BATCH, JOBS = "/api/v1/colorize/batch", "/api/v1/jobs"
BROKEN = {
    3: b"",
    10: b"not a picture",
    17: gray_picture(17)[:80],
    25: b"GIF89a" + bytes(50),
    33: gray_picture(33, (300, 200)),
}
"""Of fifty: empty, no picture, cut off, another format, too many pixels."""
STATUSES = {3: 422, 10: 415, 17: 422, 25: 415, 33: 413}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "batch_max_files": 50,
            "batch_max_bytes": 2_000_000,
            "max_body_bytes": 200_000,
            "max_pixels": 50_000,
        }
    )


def files(*named: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("images", (name, content, "application/octet-stream")) for name, content in named]


def hand_in(client: TestClient, *named: tuple[str, bytes], key: str | None = None, **fields: str) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(BATCH, files=files(*named), data=fields, headers=headers)


def kept(settings: Settings) -> set[str]:
    """The batches of which anything is stored."""
    root = settings.data_dir / "batches"
    return {path.name for path in root.iterdir() if any(path.rglob("*"))} if root.is_dir() else set()


TWO = (("a.png", gray_picture(1)), ("b.png", gray_picture(2)))


def test_a_batch_is_a_job(client: TestClient, settings: Settings) -> None:
    answer = hand_in(client, *TWO, saturation="0.5", format="jpeg")
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert int(answer.headers["retry-after"]) > 0
    assert (job["demo"], job["state"], job["progress"], job["seed"]) == ("colorize-batch", "queued", 0.0, 0)
    assert job["params"] == {
        "model": "photo",
        "options": {"format": "jpeg", "saturation": 0.5, "temperature": None, "restore": False},
        "files": 2,
        "bytes": sum(len(content) for _, content in TWO),
    }
    assert job["links"]["result"] == f"{JOBS}/{job['id']}/result"
    assert client.get(f"{JOBS}/{job['id']}").json() == job
    assert client.get(JOBS, params={"demo": "colorize-batch"}).json()["jobs"] == [job]
    assert kept(settings) == {job["id"]}


def test_fifty_pictures_of_which_five_are_broken(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [
        ("same name.png", BROKEN.get(place, gray_picture(place, (20 + place, 30)))) for place in range(50)
    ]
    job_id = hand_in(client, *named, model="horses").json()["id"]
    refused = client.get(f"{JOBS}/{job_id}/result")
    assert (refused.status_code, refused.headers["content-type"]) == (409, MEDIA_TYPE)
    work(settings, job_id, monkeypatch)
    answer = client.get(f"{JOBS}/{job_id}/result")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        manifest = json.loads(made.read("manifest.json"))
        names = made.namelist()
        pictures = {name: made.read(name) for name in names[:-1]}
    assert len(names) == 46
    assert names == [*sorted(names[:-1]), "manifest.json"]
    assert [one["index"] for one in manifest["files"]] == list(range(1, 51))
    assert [one["output"] for one in manifest["files"] if one["status"] == "ok"] == names[:-1]
    told = {
        one["index"] - 1: one["problem"]["status"] for one in manifest["files"] if one["status"] == "problem"
    }
    assert told == STATUSES
    for one in manifest["files"]:
        if one["status"] == "ok":
            with Image.open(io.BytesIO(pictures[one["output"]])) as picture:
                assert picture.size == (one["width"], one["height"]) == (19 + one["index"], 30)
    assert client.get(f"{JOBS}/{job_id}/files").json()["files"] == manifest["files"]
    alone = client.post("/api/v1/colorize", files={"image": named[7]}, data={"model": "horses"})
    assert alone.content == pictures[names[6]], "the same as coloured alone"


def test_single_pictures_are_there_as_they_are_done(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = hand_in(client, ("gran.png", gray_picture(1, (300, 100))), ("broken", b"no")).json()["id"]
    here = f"{JOBS}/{job_id}/files"
    waiting = client.get(f"{here}/1")
    assert (waiting.status_code, waiting.json()["detail"]) == (
        409,
        "Picture 1 is not there: It has not been coloured yet.",
    )
    work(settings, job_id, monkeypatch)
    whole, small = client.get(f"{here}/1"), client.get(f"{here}/1", params={"small": True})
    assert (whole.headers["content-type"], small.headers["content-type"]) == ("image/png", "image/jpeg")
    assert "001-gran.png" in whole.headers["content-disposition"]
    with Image.open(io.BytesIO(whole.content)) as picture, Image.open(io.BytesIO(small.content)) as other:
        assert picture.size == other.size == (300, 100)
    assert client.get(f"{here}/2").status_code == 409
    assert [client.get(f"{here}/{index}").status_code for index in ("0", "3", "x")] == [422, 404, 422]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no form at all": ({}, 415, ""),
    "no files": ({"files": {"model": (None, "photo")}}, 422, "/images"),
    "an empty one": ({"files": files(("", b""))}, 422, "/images"),
    "too many": ({"files": files(*TWO) * 26}, 422, "/images"),
    "an unknown model": ({"files": files(*TWO), "data": {"model": "nonesuch"}}, 422, "/model"),
    "a value out of range": ({"files": files(*TWO), "data": {"saturation": "3"}}, 422, "/saturation"),
    "an unknown field": ({"files": files(*TWO), "data": {"hints": "[]"}}, 422, "/hints"),
    "too many bytes": ({"files": files(("a.png", bytes(2_100_000)))}, 413, ""),
    "too many bytes, not declared": (
        {
            "content": iter([bytes(100_000)] * 21),
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        },
        413,
        "",
    ),
    "another form": ({"content": b"images=1"}, 415, ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_is_refused_and_nothing_of_it_stays(
    client: TestClient, settings: Settings, case: str
) -> None:
    sent, status, pointer = REFUSED[case]
    answer = client.post(BATCH, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE), answer.text
    assert [error["pointer"] for error in answer.json().get("errors", [])] == ([pointer] if pointer else [])
    assert client.get(JOBS).json()["jobs"] == []
    assert kept(settings) == set()


def test_a_file_that_is_too_large_fails_alone(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = hand_in(client, ("big.png", bytes(200_001)), *TWO).json()["id"]
    work(settings, job_id, monkeypatch)
    found = client.get(f"{JOBS}/{job_id}/files").json()["files"]
    assert [one["status"] for one in found] == ["problem", "ok", "ok"]
    assert found[0]["problem"]["detail"] == "The file has 200,001 bytes; at most 200,000 are taken."


def test_the_same_key_gives_the_same_job_and_keeps_nothing_twice(
    client: TestClient, settings: Settings
) -> None:
    first, again = hand_in(client, *TWO, key="k"), hand_in(client, *TWO, key="k")
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    others = [
        hand_in(client, *reversed(TWO), key="k"),
        hand_in(client, TWO[0], (TWO[1][0], TWO[0][1]), key="k"),
        hand_in(client, *TWO, key="k", saturation="0.5"),
    ]
    assert [other.status_code for other in others] == [422] * 3
    assert kept(settings) == {first.json()["id"]}


def test_deleted_with_all_its_pictures(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = hand_in(client, *TWO).json()["id"]
    work(settings, job_id, monkeypatch)
    assert client.delete(f"{JOBS}/{job_id}").status_code == 204
    assert kept(settings) == set()
    assert client.get(f"{JOBS}/{job_id}/files").status_code == 404
    assert client.get(f"{JOBS}/{job_id}/result").status_code == 404


def test_cancelled_what_is_done_stays(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = hand_in(client, *TWO).json()["id"]
    assert client.post(f"{JOBS}/{job_id}/cancel").status_code == 202
    work(settings, job_id, monkeypatch)
    assert client.get(f"{JOBS}/{job_id}").json()["state"] == "cancelled"
    assert client.get(f"{JOBS}/{job_id}/result").status_code == 409
    assert client.post(f"{JOBS}/{job_id}/cancel").status_code == 409


def test_it_is_no_demo(client: TestClient) -> None:
    job_id = hand_in(client, *TWO).json()["id"]
    assert client.get(f"{JOBS}/{job_id}/figure").status_code == 404
    assert "colorize-batch" not in [demo["name"] for demo in client.get("/api/v1/demos").json()["demos"]]
    refused = client.post(JOBS, json={"demo": "colorize-batch", "params": {}})
    assert refused.status_code == 422
    job = client.post(JOBS, json={"demo": "rmsprop-counterexample"}).json()
    assert client.get(f"{JOBS}/{job['id']}/files").status_code == 404


def test_others_do_not_find_a_batch_in_the_list(app: FastAPI, client: TestClient) -> None:
    job_id = hand_in(client, *TWO).json()["id"]
    other = TestClient(app, client=("198.51.100.7", 1))
    assert other.get(JOBS).json()["jobs"] == []
    assert other.get(f"{JOBS}/{job_id}").status_code == 200, "who has the link finds it"


def test_a_storage_that_is_full_takes_none(client: TestClient, settings: Settings) -> None:
    app = client.app
    first = hand_in(client, *TWO).json()
    app.state.services.batches._settings = settings.model_copy(  # type: ignore[attr-defined]
        update={"batch_storage_bytes": first["params"]["bytes"] + 100}
    )
    answer = hand_in(client, *TWO)
    assert (answer.status_code, answer.json()["title"]) == (503, "Unavailable for the moment")
    assert int(answer.headers["retry-after"]) > 0
    assert kept(settings) == {first["id"]}
    client.delete(f"{JOBS}/{first['id']}")
    app.state.services.batches._settings = settings  # type: ignore[attr-defined]
    assert hand_in(client, *TWO).status_code == 202


def test_a_storage_that_fails_loses_nothing(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Writing) -> None:
        raise StorageError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Writing, "keep", fail)
        answer = hand_in(client, *TWO)
    assert answer.status_code == 503
    assert client.get(JOBS).json()["jobs"] == []
    assert not [path for path in Path(settings.data_dir / "batches").rglob("*") if path.is_file()]
