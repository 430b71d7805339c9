"""A service whose network takes hints."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.api.colorizing import service


@pytest.fixture(scope="package")
def steerable(
    tmp_path_factory: pytest.TempPathFactory, make_photo_model: Callable[..., Path]
) -> Iterator[TestClient]:
    """A client of a service whose `photo` takes hints: the real network, narrow, with random weights."""
    models = tmp_path_factory.mktemp("models")
    make_photo_model(models)
    with service(models) as client:
        yield client
