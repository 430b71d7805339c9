"""Jobs by REST: handed in, looked at, cancelled, deleted; no worker runs here."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.problems import MEDIA_TYPE
from app.settings import Settings

JOBS = "/api/v1/jobs"
BODY = {"demo": "rmsprop-counterexample", "params": {"learning_rate": "91/410"}, "seed": 3}
FIELDS = {
    "id",
    "demo",
    "params",
    "seed",
    "state",
    "progress",
    "created",
    "started",
    "finished",
    "attempts",
    "error",
    "resumed_from",
    "links",
}


def submit(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(JOBS, json={"demo": "rmsprop-counterexample", **body})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_a_job_is_accepted_with_where_and_when_to_look(client: TestClient) -> None:
    answer = client.post(JOBS, json=BODY)
    job = answer.json()
    here = f"{JOBS}/{job['id']}"
    assert answer.status_code == 202
    assert answer.headers["location"] == here
    assert int(answer.headers["retry-after"]) > 0
    assert "idempotent-replayed" not in answer.headers
    assert set(job) == FIELDS
    assert (job["demo"], job["seed"], job["state"]) == ("rmsprop-counterexample", 3, "queued")
    assert (job["progress"], job["attempts"], job["error"]) == (0.0, 0, None)
    assert (job["started"], job["finished"], job["resumed_from"]) == (None, None, None)
    assert job["params"]["learning_rate"] == "91/410"
    assert job["params"]["target"] == "2", "what was left out is filled in"
    assert job["links"] == {
        "self": here,
        "events": f"{here}/events",
        "cancel": f"{here}/cancel",
        "result": f"{here}/result",
    }
    assert abs(datetime.now(UTC) - datetime.fromisoformat(job["created"])) < timedelta(minutes=1)
    assert client.get(here).json() == job
    assert re.fullmatch("[0-9a-f]{32}", job["id"])


def test_settings_may_be_left_out(client: TestClient) -> None:
    assert submit(client)["seed"] == 0


def test_the_same_key_and_body_give_the_same_job(client: TestClient) -> None:
    headers = {"Idempotency-Key": "a key"}
    first, second = (client.post(JOBS, json=BODY, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"]
    assert len(client.get(JOBS).json()["jobs"]) == 1
    other = client.post(JOBS, json={**BODY, "seed": 4}, headers=headers)
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "/Idempotency-Key"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b'"min-norm"', ""),
        (b"{}", "/demo"),
        (b'{"demo": 7}', "/demo"),
        (b'{"demo": "no-such"}', "/demo"),
        (b'{"demo": "min-norm", "seed": -1}', "/seed"),
        (b'{"demo": "min-norm", "seed": 9223372036854775808}', "/seed"),
        (b'{"demo": "min-norm", "seed": 1.5}', "/seed"),
        (b'{"demo": "min-norm", "seed": "1"}', "/seed"),
        (b'{"demo": "min-norm", "seed": true}', "/seed"),
        (b'{"demo": "min-norm", "params": []}', "/params"),
        (b'{"demo": "min-norm", "other": 1}', "/other"),
        (b'{"demo": "min-norm", "params": {"other": 1}}', "/params/other"),
        (b'{"demo": "min-norm", "params": {"n": 1000000}}', "/params/n"),
        (b'{"demo": "min-norm", "params": {"learning_rate": NaN}}', "/params/learning_rate"),
        (b'{"demo": "min-norm", "params": {"n": ' + b"9" * 5000 + b"}}", "/params/n"),
        (b'{"demo": "min-norm", "params": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001, ""),
        (b'{"demo": "min-norm\xff"}', ""),
        (b'{"demo": "\\ud800"}', "/demo"),
    ],
)
def test_what_is_wrong_is_pointed_at(client: TestClient, body: bytes, pointer: str) -> None:
    answer = client.post(JOBS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert client.get(JOBS).json()["jobs"] == []


def test_a_body_that_is_too_long_is_refused(client: TestClient) -> None:
    answer = client.post(JOBS, content=b" " * 2**19, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none_is_refused(client: TestClient, key: str) -> None:
    assert client.post(JOBS, json=BODY, headers={"Idempotency-Key": key}).status_code == 422


def test_jobs_are_listed_in_pages(client: TestClient) -> None:
    ids = [submit(client, seed=seed)["id"] for seed in range(5)]
    client.post(f"{JOBS}/{ids[1]}/cancel")
    first = client.get(f"{JOBS}?state=&demo=&limit=2&cursor=").json()
    assert [job["id"] for job in first["jobs"]] == [ids[4], ids[3]]
    second = client.get(f"{JOBS}?limit=2&cursor={first['next_cursor']}").json()
    third = client.get(f"{JOBS}?limit=2&cursor={second['next_cursor']}").json()
    assert [job["id"] for job in second["jobs"] + third["jobs"]] == [ids[2], ids[1], ids[0]]
    assert third["next_cursor"] is None
    cancelled = client.get(f"{JOBS}?state=cancelled&demo=rmsprop-counterexample").json()["jobs"]
    assert [job["id"] for job in cancelled] == [ids[1]]
    assert client.get(f"{JOBS}?demo=none").json() == {"jobs": [], "next_cursor": None}


@pytest.mark.parametrize(
    "query",
    [
        "state=asleep",
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=x",
        "cursor=-1",
        "cursor=" + "9" * 19,
        "demo=%00",
    ],
)
def test_a_list_that_cannot_be_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"{JOBS}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


def test_a_job_is_cancelled_once_and_resumed_once(client: TestClient) -> None:
    job = submit(client, seed=9)
    answer = client.post(job["links"]["cancel"])
    assert answer.status_code == 202
    assert answer.headers["location"] == job["links"]["self"]
    assert answer.json()["state"] == "cancelled"
    assert answer.json()["finished"] is not None
    assert client.post(job["links"]["cancel"]).status_code == 409
    again = client.post(f"{job['links']['self']}/resume")
    assert again.status_code == 202
    assert again.headers["location"] == again.json()["links"]["self"]
    assert (again.json()["resumed_from"], again.json()["seed"]) == (job["id"], 9)
    assert client.post(f"{job['links']['self']}/resume").status_code == 409


def test_a_deleted_job_is_gone(client: TestClient) -> None:
    here = submit(client)["links"]["self"]
    answer = client.delete(here)
    assert (answer.status_code, answer.content) == (204, b"")
    for method, path in (
        ("GET", ""),
        ("GET", "/events"),
        ("GET", "/result"),
        ("GET", "/figure"),
        ("GET", "/series.csv"),
        ("POST", "/cancel"),
        ("POST", "/resume"),
        ("DELETE", ""),
    ):
        gone = client.request(method, here + path)
        assert (gone.status_code, gone.headers["content-type"]) == (404, MEDIA_TYPE)


@pytest.mark.parametrize("job_id", ["none", "%00", "0" * 32, "0" * 5000, "..", "%F0%9F%90%B4"])
def test_an_unknown_job_is_not_found(client: TestClient, job_id: str) -> None:
    for path in (f"{JOBS}/{job_id}", f"{JOBS}/{job_id}/events", f"{JOBS}/{job_id}/result"):
        assert client.get(path).status_code == 404


def test_a_job_that_has_not_finished_has_no_result_but_a_figure_and_series(client: TestClient) -> None:
    here = submit(client)["links"]["self"]
    answer = client.get(f"{here}/result")
    assert answer.status_code == 409
    assert "queued" in answer.json()["detail"]
    figure = client.get(f"{here}/figure").json()
    assert set(figure) >= {"data", "layout"}
    assert client.get(f"{here}/figure?name=distance").json() != figure
    assert client.get(f"{here}/figure?name=none").status_code == 404
    series = client.get(f"{here}/series.csv")
    assert series.headers["content-type"].startswith("text/csv")
    assert series.headers["content-disposition"].startswith('attachment; filename="rmsprop-counterexample-')
    assert series.text == "series,x,y\r\n"


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_jobs": 3, "max_jobs_per_client": 2})

    def test_a_client_with_too_many_jobs_is_told_to_wait(self, client: TestClient, app: FastAPI) -> None:
        first = submit(client)
        submit(client)
        answer = client.post(JOBS, json=BODY)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        with TestClient(app, client=("192.0.2.7", 1)) as other:
            submit(other)
            full = other.post(JOBS, json=BODY)
            assert full.status_code == 503
            assert int(full.headers["retry-after"]) > 0
        client.post(first["links"]["cancel"])
        submit(client)


class TestWithoutADatabase:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        nowhere = "postgresql://nobody@127.0.0.1:1/none"
        return Settings.model_validate(settings.model_dump() | {"database_url": nowhere})

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", ""),
            ("GET", ""),
            ("GET", "/" + "0" * 32),
            ("POST", f"/{'0' * 32}/cancel"),
            ("DELETE", f"/{'0' * 32}"),
        ],
    )
    def test_jobs_are_unavailable_and_the_rest_is_not(
        self, client: TestClient, method: str, path: str
    ) -> None:
        answer = client.request(method, JOBS + path, json=BODY if method == "POST" and not path else None)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "postgresql" not in answer.text
        assert client.get("/api/v1/demos").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["errors"] == [{"pointer": "/database", "detail": "takes no writes"}]
