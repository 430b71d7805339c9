"""What stays of a request: a job with its pictures, or nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.batches.receiving import receive
from app.batches.service import Batches
from app.jobs.desk import Desk
from app.jobs.storage import MissingFile, Storage
from app.settings import Settings
from tests.batches.works import gray_picture, work

FILES = [("images", ("a.png", gray_picture(1), "image/png"))]


def post(client: TestClient) -> Any:
    return client.post("/api/v1/colorize/batch", files=FILES)


def kept(settings: Settings) -> set[str]:
    root = settings.data_dir / "batches"
    return {path.name for path in root.iterdir()} if root.is_dir() else set()


@pytest.fixture
def stored_and_lost(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the database store a job and fail before it says so; or not store it."""
    real = Desk.submit

    def arrange(*, stores: bool) -> None:
        def submit(self: Desk, order: Any) -> Any:
            if stores:
                real(self, order)
            raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection was lost"))

        monkeypatch.setattr(Desk, "submit", submit)

    return arrange


@pytest.mark.parametrize("stores", [True, False])
def test_the_pictures_stay_if_the_job_did(
    client: TestClient, settings: Settings, stored_and_lost: Callable[..., None], stores: bool
) -> None:
    stored_and_lost(stores=stores)
    assert post(client).status_code == 503
    jobs = {job["id"] for job in client.get("/api/v1/jobs").json()["jobs"]}
    assert len(jobs) == stores
    assert kept(settings) == jobs


def test_too_many_jobs_leave_no_pictures(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = post(client).json()["id"]
    monkeypatch.setattr(client.app.state.services.jobs._desk, "_most", 1)  # type: ignore[attr-defined]
    assert post(client).status_code == 503
    assert kept(settings) == {first}


def test_bytes_under_way_count_and_count_no_more_when_they_are_done(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: Batches = client.app.state.services.batches  # type: ignore[attr-defined]
    seen: list[int] = []

    async def look(*given: Any, **more: Any) -> Any:
        seen.append(batches._receiving)
        return await receive(*given, **more)

    monkeypatch.setattr("app.batches.service.receive", look)
    assert post(client).status_code == 202
    assert seen[0] > len(FILES[0][1][1])
    assert batches._receiving == 0


def test_a_picture_that_cannot_be_read_is_told_before_anything_is_sent(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = post(client).json()["id"]
    work(settings, job_id, monkeypatch)

    def gone(self: Storage, origin: str, name: str, size: int = 0) -> Iterator[bytes]:
        raise MissingFile(name)
        yield b""

    monkeypatch.setattr(Storage, "pieces", gone)
    for path in ("result", "files/1"):
        assert client.get(f"/api/v1/jobs/{job_id}/{path}").status_code == 404


def test_without_a_model_there_is_nothing_to_begin(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.colorizing.registry.PREFERRED_DEFAULTS", ())
    registry = client.app.state.services.registry  # type: ignore[attr-defined]
    for model_id in list(registry.cards):
        registry.remove(model_id)
    answer = post(client)
    assert (answer.status_code, answer.json()["detail"]) == (503, "There is no model to colour with.")
    assert kept(settings) == set()
