"""The started service, asked about shapes: answers as JSON, refusals as where and why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from app.main import create_app
from app.settings import Settings

PREFIX = "/api/v1"
SECONDS = 2.0
"""Of processor time, and far above what is allowed: work is bounded by counting it, and machines differ."""


@dataclass(frozen=True)
class Service:
    """A client of the whole application."""

    client: TestClient

    def post(self, path: str, body: object) -> Response:
        """The response to a body: text as it is, anything else as JSON (NaN and half characters too)."""
        raw = body if isinstance(body, (str, bytes)) else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        return self.client.post(PREFIX + path, content=raw, headers=headers)

    def ask(self, path: str, body: object) -> Any:
        """The answer to a question that is taken."""
        response = self.post(path, body)
        assert response.status_code == 200, response.text
        return response.json()

    def get(self, path: str) -> Any:
        """What can be read at a path."""
        response = self.client.get(PREFIX + path)
        assert response.status_code == 200, response.text
        return response.json()

    def refusal(self, path: str, body: object) -> tuple[str, str]:
        """Where and why a question is refused with 422."""
        response = self.post(path, body)
        assert response.status_code == 422, response.text[:500]
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["status"] == 422 and problem["instance"] == (PREFIX + path).partition("?")[0]
        (error,) = problem["errors"]
        assert problem["detail"].rstrip(".") == error["detail"].rstrip(".")
        return error["pointer"], error["detail"]


@contextmanager
def started() -> Iterator[Service]:
    """The whole application, for all tests of a module: arithmetic leaves nothing behind."""
    app = create_app(Settings(preload=False, threads=1))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Service(client)
