"""Health, readiness and metrics."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app import __version__
from app.jobs.service import Health as JobsHealth
from app.jobs.service import Jobs
from app.main import create_app
from app.problems import MEDIA_TYPE
from app.serving.place import Place
from app.settings import Settings


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """A folder with one broken model."""
    (tmp_path / "broken").mkdir()
    return tmp_path


@pytest.fixture
def settings(models_dir: Path) -> Settings:
    return Settings(models_dir=models_dir, preload=False)


def test_healthz(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "version": __version__}


@pytest.fixture
def a_worker_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jobs, "health", lambda _: JobsHealth(writable=True, workers=1))


@pytest.mark.usefixtures("a_worker_is_alive")
def test_readyz_names_the_models(
    models_dir: Path, settings: Settings, make_model: Callable[..., Path]
) -> None:
    make_model(models_dir, "good")
    with TestClient(create_app(settings)) as client:
        response = client.get("/readyz")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["models"], set(body["broken"])) == ("ready", ["good"], {"broken"})
    assert body["workers"] == 1


def test_not_ready_without_a_worker(
    settings: Settings, models_dir: Path, make_model: Callable[..., Path]
) -> None:
    make_model(models_dir, "good")
    with TestClient(create_app(settings)) as client:
        response = client.get("/readyz")
    assert response.status_code == 503
    assert [error["pointer"] for error in response.json()["errors"]] == ["/workers"]


def test_not_ready_without_a_database(
    settings: Settings, models_dir: Path, tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    make_model(models_dir, "good")
    (tmp_path / "file").touch()
    lost = settings.model_copy(update={"data_dir": tmp_path / "file" / "below"})
    with TestClient(create_app(lost)) as client:
        response = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert response.status_code == 503
    assert [error["pointer"] for error in response.json()["errors"]] == ["/database"]


@pytest.mark.usefixtures("a_worker_is_alive")
def test_not_ready_without_a_model(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["content-type"] == MEDIA_TYPE
    assert int(response.headers["retry-after"]) > 0
    (error,) = response.json()["errors"]
    assert error["pointer"] == "/models/broken"
    assert "config.json" in error["detail"]


@pytest.mark.usefixtures("a_worker_is_alive")
def test_not_ready_any_more_once_told_to_stop(
    models_dir: Path, settings: Settings, make_model: Callable[..., Path]
) -> None:
    make_model(models_dir, "good")
    place = Place()
    with TestClient(create_app(settings, place)) as client:
        assert client.get("/readyz").status_code == 200
        place.leave()
        response = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert response.status_code == 503
    assert [error["pointer"] for error in response.json()["errors"]] == ["/service"]


def test_metrics_count_by_route(client: TestClient) -> None:
    client.get("/healthz")
    client.get("/api/v1/models/none")
    client.get("/api/v1/models/none-either")
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    assert 'chromalab_http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in lines
    assert (
        'chromalab_http_requests_total{method="GET",route="/api/v1/models/{model_id}",status="404"} 2.0'
        in lines
    )


def test_metrics_can_be_switched_off(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"metrics_enabled": False}))
    with TestClient(app) as client:
        assert client.get("/metrics").status_code == 404
