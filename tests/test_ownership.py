"""With keys, a batch is its owner's: for everyone else it is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.keys import add_key, known_scopes
from app.main import create_app
from app.settings import Settings
from tests.batches.works import gray_picture

JOBS = "/api/v1/jobs"
Headers = dict[str, str]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    add_key(path, "nobody")
    return path


@pytest.fixture
def client(settings: Settings, keys: Path) -> Iterator[TestClient]:
    app = create_app(settings.model_copy(update={"api_keys_file": keys}))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def key(keys: Path, name: str, *scopes: str) -> Headers:
    return {"X-API-Key": add_key(keys, name, known_scopes(scopes))}


def hand_in(client: TestClient, headers: Headers) -> str:
    files = [("images", ("a.png", gray_picture(1), "image/png"))]
    answer = client.post("/api/v1/colorize/batch", files=files, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ways(job_id: str) -> list[tuple[str, str]]:
    """Every way to touch a batch."""
    here, page = f"{JOBS}/{job_id}", f"/batch/{job_id}"
    reading = [here, f"{here}/events", f"{here}/result", f"{here}/files", f"{here}/files/1", page]
    reading += [f"{here}/figure", f"{here}/series.csv"]
    writing = [f"{here}/cancel", f"{here}/resume", f"{page}/cancel", f"{page}/resume", f"{page}/delete"]
    return [("GET", path) for path in reading] + [("POST", path) for path in writing] + [("DELETE", here)]


def test_others_find_no_batch_by_its_id_whatever_they_try(client: TestClient, keys: Path) -> None:
    ada = key(keys, "ada", "batches")
    ben = key(keys, "ben", "batches", "jobs:read", "jobs:write")
    job_id = hand_in(client, ada)
    unknown = "0" * 32
    for method, path in ways(job_id):
        answer = client.request(method, path, headers=ben, follow_redirects=False)
        assert answer.status_code == 404, (method, path)
        nothing = client.request(method, path.replace(job_id, unknown), headers=ben, follow_redirects=False)
        told = [each.text.replace(job_id, unknown) for each in (answer, nothing)]
        assert told[0] == told[1], "as if there were none"
    lab = client.get(f"/lab/jobs/{job_id}", headers=ben, follow_redirects=False)
    assert lab.status_code == 404
    assert client.get(f"{JOBS}/{job_id}", headers=ada).json()["state"] == "queued"
    assert client.delete(f"{JOBS}/{job_id}", headers=ada).status_code == 204


def test_the_lab_is_for_all_who_may_see_it_and_for_nobody_else(client: TestClient, keys: Path) -> None:
    ada, ben = key(keys, "ada", "jobs:write"), key(keys, "ben", "jobs:read")
    cid = key(keys, "cid", "batches")
    job_id = client.post(JOBS, json={"demo": "rmsprop-counterexample"}, headers=ada).json()["id"]
    assert client.get(f"{JOBS}/{job_id}", headers=ben).status_code == 200
    assert client.post(f"{JOBS}/{job_id}/cancel", headers=ben).status_code == 403
    assert client.get(f"{JOBS}/{job_id}", headers=cid).status_code == 404
    assert client.delete(f"{JOBS}/{job_id}", headers=cid).status_code == 404
    assert client.delete(f"{JOBS}/{job_id}", headers=ada).status_code == 204


def test_lists_show_what_the_key_may_see(client: TestClient, keys: Path) -> None:
    ada, ben = key(keys, "ada", "batches"), key(keys, "ben", "jobs:write", "batches")
    batch = hand_in(client, ada)
    lab = client.post(JOBS, json={"demo": "rmsprop-counterexample"}, headers=ben).json()["id"]

    def listed(headers: Headers, query: str = "") -> list[str]:
        return [job["id"] for job in client.get(f"{JOBS}{query}", headers=headers).json()["jobs"]]

    assert listed(ada) == listed(ada, "?demo=colorize-batch") == [batch]
    assert listed(ada, "?demo=rmsprop-counterexample") == []
    assert listed(ben) == [lab]
    assert listed(ben, "?demo=colorize-batch") == []
