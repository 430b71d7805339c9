"""One application for all who only look at it: starting one takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings


@pytest.fixture(scope="module")
def surface(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The whole application of a module's tests."""
    data = tmp_path_factory.mktemp("surface")
    return create_app(Settings(models_dir=tiny_models, data_dir=data, preload=False, threads=1))


@pytest.fixture(scope="module")
def stranger(surface: FastAPI) -> Iterator[TestClient]:
    """A client of it, started."""
    with TestClient(surface, raise_server_exceptions=False) as client:
        yield client
