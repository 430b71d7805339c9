"""Pictures sent to be coloured, and what the answers are held against."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from app.main import create_app
from app.settings import Settings

URL = "/api/v1/colorize"
MAX_PIXELS = 2_000_000
MAX_BYTES = 1_000_000


@contextmanager
def service(models: Path, **limits: int) -> Iterator[TestClient]:
    """A client of a service with these models, which meets its failures as anyone would."""
    settings = Settings(models_dir=models, preload=False, threads=1).model_copy(update=limits)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def picture(width: int = 48, height: int = 32, format: str = "PNG", **how: Any) -> bytes:
    rows, columns = np.mgrid[0:height, 0:width]
    gray = (60 + 120 * columns / width + 40 * (rows > height / 2)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(gray).save(file, format, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def post(
    client: TestClient, data: bytes | None = None, /, name: str = "gran.png", **fields: str
) -> httpx2.Response:
    files = {"image": (name, picture() if data is None else data)}
    answer: httpx2.Response = client.post(URL, files=files, data=fields)
    return answer


def problem(answer: httpx2.Response, status: int, *pointers: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert {"type", "title", "detail", "instance"} <= body.keys()
    if pointers:
        assert tuple(error["pointer"] for error in body["errors"]) == pointers
    return body
