"""Fixtures shared by all tests."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings

IN_CI = os.environ.get("CI", "").lower() == "true"


@pytest.fixture(autouse=True, scope="session")
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, and no process that one starts, writes to the user's own data folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMALAB_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        patch.setenv("CHROMALAB_BACKEND", "eager")  # others where a test is about them
        patch.setenv("CHROMALAB_PROCESSES", "1")  # more only where a test is about them: each costs seconds
        # A logger that is kept keeps what was configured at its first use: tests of logs would see nothing.
        configure = structlog.configure
        patch.setattr(
            structlog,
            "configure",
            lambda **chosen: configure(**chosen | {"cache_logger_on_first_use": False}),
        )
        # A service in a thread may still log when the test is over whose captured stream it was given.
        patch.setattr(logging, "raiseExceptions", False)
        # Rich's own prints every variable of every frame, which takes half a minute.
        structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback
        yield


@pytest.fixture
def settings(tiny_models: Path, tmp_path: Path) -> Settings:
    """Settings of the application under test; override it in a module or class to change one."""
    return Settings(models_dir=tiny_models, data_dir=tmp_path / "data", preload=False, threads=1)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The whole application, not started."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the started application; it sees failures as a stranger would."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def _make_model(models_dir: Path, model_id: str, **changes: Any) -> Path:
    import torch

    from app.networks.build import build
    from app.networks.card import CONFIG_NAME, WEIGHTS_NAME, Card, NetworkSpec, sha256_of
    from app.networks.palette import HORSES_24
    from app.networks.weights import save_weights

    folder = models_dir / model_id
    folder.mkdir(parents=True)
    course = NetworkSpec(type="unet", arguments={"features": 4, **changes.pop("arguments", {})})
    spec = changes.pop("spec", course)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build(spec)
        # As trained by a BatchNorm that has seen other data: statistics that are not the initial 0 and 1.
        for name, buffer in network.named_buffers():
            if name.endswith("running_var"):
                buffer.uniform_(0.5, 2.0)
    save_weights(network, folder / WEIGHTS_NAME)
    card: dict[str, Any] = {
        "id": model_id,
        "title": model_id.capitalize(),
        "task": "palette",
        "network": spec,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "input_size": 32,
        "size_multiple": 4,
        "palette": HORSES_24,
        "trained_on": "nothing: random weights",
        "licence": "none needed",
        "sha256": sha256_of(folder / WEIGHTS_NAME),
    }
    (folder / CONFIG_NAME).write_text(Card.model_validate(card | changes).model_dump_json())
    return folder


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Path]:
    """Writes a tiny model with random weights: `(models_dir, id, **changes of its card)` to its folder."""
    return _make_model


@pytest.fixture(scope="session")
def make_photo_model() -> Callable[..., Path]:
    """Writes a model that takes hints, the real network, narrow: `(models_dir, id="photo", **changes)`."""

    def make(models_dir: Path, model_id: str = "photo", **changes: Any) -> Path:
        from app.networks.card import NetworkSpec

        bins = [(20.0 * a, 20.0 * b) for a in range(-2, 3) for b in range(-2, 3)]
        network = NetworkSpec(
            type="photo-unet", arguments={"bins": len(bins), "widths": [8, 8, 8], "hints": 4}
        )
        given: dict[str, Any] = {
            "task": "ab",
            "palette": None,
            "bins": bins,
            "size_multiple": 32,
            "spec": network,
        }
        return _make_model(models_dir, model_id, **{**given, **changes})

    return make


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with `horses` (palette) and `photo` (ab), both tiny, with random weights. Read only."""
    models = tmp_path_factory.mktemp("models")
    _make_model(
        models, "horses", history=[{"epoch": 1, "train_loss": 2.0, "val_loss": 1.9, "val_accuracy": 0.3}]
    )
    bins = [(20.0 * a, 20.0 * b) for a in range(-2, 3) for b in range(-2, 3)]
    _make_model(models, "photo", task="ab", palette=None, bins=bins, arguments={"classes": len(bins)})
    return models


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's Chromium. Without one the test is skipped, and fails where CI=true."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    if IN_CI:
        pytest.fail("Chromium is not installed, and CI needs it")
    pytest.skip("Chromium is not installed")
