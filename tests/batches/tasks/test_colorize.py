"""The job of a batch, a step at a time: what happens to one picture costs that picture at most."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.batches.tasks import colorize as task
from app.colorizing import pipeline
from app.jobs.storage import Storage, StorageError, StorageFull
from app.jobs.worker.pool import StepFailed, TimedOut
from app.lab.shown import Json
from app.settings import Settings
from tests.batches.works import ask_here, gray_picture, work

FILES = [("images", (f"{place}.png", gray_picture(place), "image/png")) for place in range(4)]
FILES[2] = ("images", ("2.png", b"broken", "image/png"))

Submit = Callable[[], str]


@pytest.fixture
def submit(client: TestClient) -> Submit:
    """Hands a batch of four in, the third of them broken; its id."""

    def hand_in() -> str:
        answer = client.post("/api/v1/colorize/batch", files=FILES)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    return hand_in


def job(client: TestClient, job_id: str) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/jobs/{job_id}").json())


def statuses(client: TestClient, job_id: str) -> list[str]:
    return [one["status"] for one in client.get(f"/api/v1/jobs/{job_id}/files").json()["files"]]


def archive(client: TestClient, job_id: str) -> bytes:
    return bytes(client.get(f"/api/v1/jobs/{job_id}/result").content)


def undisturbed(client: TestClient, settings: Settings, submit: Submit, patch: pytest.MonkeyPatch) -> bytes:
    job_id = submit()
    work(settings, job_id, patch)
    return archive(client, job_id)


def test_each_picture_is_told_of_once_as_soon_as_it_is_done(
    client: TestClient, settings: Settings, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit()
    assert statuses(client, job_id) == ["waiting"] * 4
    seen: list[list[str]] = []

    def look(asked: Json) -> Json:
        seen.append(statuses(client, job_id))
        return ask_here(asked)

    work(settings, job_id, monkeypatch, look)
    assert seen == [
        ["waiting", "waiting", "waiting", "waiting"],
        ["ok", "waiting", "waiting", "waiting"],
        ["ok", "ok", "waiting", "waiting"],
        ["ok", "ok", "problem", "waiting"],
    ]
    assert statuses(client, job_id) == ["ok", "ok", "problem", "ok"]
    assert (job(client, job_id)["state"], job(client, job_id)["progress"]) == ("succeeded", 1.0)
    stream = client.get(f"/api/v1/jobs/{job_id}/events").text.split("\n\n")
    told = [json.loads(one.partition("data: ")[2]) for one in stream if "event: progress" in one]
    assert [(one["progress"], one["file"]["index"]) for one in told] == [
        (0.25, 1),
        (0.5, 2),
        (0.75, 3),
        (1.0, 4),
    ]


@pytest.mark.parametrize("place", range(4))
def test_after_a_death_it_goes_on_at_the_same_picture_with_the_same_result(
    client: TestClient, settings: Settings, submit: Submit, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    expected = undisturbed(client, settings, submit, monkeypatch)
    steps: list[int] = []
    died = False

    def die_after_the_work(asked: Json) -> Json:
        nonlocal died
        done = (asked["state"] or {"done": 0})["done"]
        steps.append(done)
        given = ask_here(asked)
        if done == place and not died:
            died = True
            raise StepFailed("its process was ended by signal 9")
        return given

    job_id = submit()
    work(settings, job_id, monkeypatch, die_after_the_work)
    assert steps == sorted([0, 1, 2, 3, place])
    assert job(client, job_id)["attempts"] == 2
    assert archive(client, job_id) == expected


@pytest.mark.parametrize("failure", [StepFailed("its process was ended by signal 11"), TimedOut()])
def test_a_picture_that_processes_die_of_is_left_out(
    client: TestClient,
    settings: Settings,
    submit: Submit,
    monkeypatch: pytest.MonkeyPatch,
    failure: StepFailed,
) -> None:
    def die_of_the_second(asked: Json) -> Json:
        if (asked["state"] or {}).get("done") == 1 and asked["deaths"] < task.MOST_DEATHS:
            raise failure
        return ask_here(asked)

    job_id = submit()
    work(settings, job_id, monkeypatch, die_of_the_second)
    assert job(client, job_id)["state"] == "succeeded"
    assert statuses(client, job_id) == ["ok", "problem", "problem", "ok"]
    files = client.get(f"/api/v1/jobs/{job_id}/files").json()["files"]
    assert files[1]["problem"]["detail"] == (
        "It was left out: 2 times the process that coloured it ended, or took too long."
    )


def test_no_memory_for_one_picture_costs_that_one(
    client: TestClient, settings: Settings, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = pipeline.colorize, 0

    def sometimes(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise MemoryError
        return real(*given, **more)

    monkeypatch.setattr("app.batches.painting.colorize", sometimes)
    job_id = submit()
    work(settings, job_id, monkeypatch)
    assert statuses(client, job_id) == ["ok", "problem", "problem", "ok"]


@pytest.mark.parametrize(
    ("error", "words"),
    [(StorageFull("no space left"), "is full"), (StorageError("cut"), "does not answer")],
)
def test_a_storage_that_fails_stops_it_and_it_is_resumed(
    client: TestClient,
    settings: Settings,
    submit: Submit,
    monkeypatch: pytest.MonkeyPatch,
    error: StorageError,
    words: str,
) -> None:
    expected = undisturbed(client, settings, submit, monkeypatch)
    job_id = submit()
    real = Storage.write

    def fail(self: Storage, origin: str, name: str, content: bytes) -> None:
        if name == "out/000002":
            raise error
        real(self, origin, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "write", fail)
        work(settings, job_id, monkeypatch)
    stopped = job(client, job_id)
    assert (stopped["state"], stopped["progress"]) == ("failed", 0.25)
    assert words in stopped["error"]
    resumed = client.post(f"/api/v1/jobs/{job_id}/resume").json()["id"]
    assert client.delete(f"/api/v1/jobs/{job_id}").status_code == 204, "the pictures stay for the other"
    work(settings, resumed, monkeypatch)
    assert statuses(client, resumed) == ["ok", "ok", "problem", "ok"]
    assert archive(client, resumed) == expected


def test_a_model_that_is_gone_stops_it(
    client: TestClient, settings: Settings, submit: Submit, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    job_id = submit()
    work(settings.model_copy(update={"models_dir": tmp_path}), job_id, monkeypatch)
    assert job(client, job_id)["state"] == "failed"
    assert "photo" in job(client, job_id)["error"]


def test_pictures_that_are_gone_end_it(
    client: TestClient, settings: Settings, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit()
    Storage.of(settings).remove(job_id)
    work(settings, job_id, monkeypatch)
    assert job(client, job_id)["error"] == "Its pictures are no longer there."
