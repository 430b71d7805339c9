"""The application as a whole: wiring, start-up, and the contract that holds for every route."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from app import guards
from app.keys import add_key
from app.main import create_app
from app.problems import MEDIA_TYPE
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "module", ["app.main", "app.api", "app.pages", "app.imaging", "app.shapes", "app.cli"]
)
def test_importing_does_not_import_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_starting_and_answering_pages_does_not_import_torch() -> None:
    code = """
import sys
from fastapi.testclient import TestClient
from app.main import create_app
from app.settings import Settings
with TestClient(create_app(Settings(preload=False))) as client:
    assert client.get("/").status_code == client.get("/models").status_code == 200
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    "path", ["/", "/models", "/docs", "/healthz", "/api/v1/models", "/nowhere", "/api/nowhere"]
)
def test_every_answer_is_guarded_and_numbered(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert len(headers["x-request-id"]) == 32


def test_request_ids_are_taken_over_only_if_they_are_ids(client: TestClient) -> None:
    given = "0123456789abcdef0123456789abcdef"
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    forged = client.get("/healthz", headers={"X-Request-ID": "x\ty"}).headers["x-request-id"]
    assert forged != "x\ty"


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def test_every_route_refuses_other_methods_as_a_problem(app: FastAPI, client: TestClient) -> None:
    seen = 0
    for route in iter_route_contexts(app.routes):
        if route.path is None or not route.methods or "{" in route.path:
            continue
        for method in set(METHODS) - methods_of(app, route.path):
            response = client.request(method, route.path)
            assert response.status_code == 405, (method, route.path)
            assert response.headers["content-type"] == MEDIA_TYPE
            assert response.headers["allow"]
            seen += 1
    assert seen > 20


def methods_of(app: FastAPI, path: str) -> set[str]:
    routes = iter_route_contexts(app.routes)
    return {method for route in routes if route.path == path for method in route.methods or ()}


def test_body_limit(settings: Settings) -> None:
    small = settings.model_copy(update={"max_body_bytes": 10_000})
    with TestClient(create_app(small), raise_server_exceptions=False) as client:
        for content in (b"x" * 10_001, (b"x" * 1000 for _ in range(11))):
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            response = client.post("/api/v1/colorize", content=content, headers=headers)
            assert response.status_code == 413
            assert response.headers["content-type"] == MEDIA_TYPE
            assert response.headers["x-request-id"]


def test_keys_rate_and_hosts_are_wired(settings: Settings, tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys", "ada")
    changes = {
        "api_keys_file": tmp_path / "keys",
        "rate_limit": "2/minute",
        "allowed_hosts": ["lab.example.org"],
    }
    app = create_app(settings.model_copy(update=changes))
    headers = {"X-API-Key": key}
    with TestClient(app, base_url="http://lab.example.org", raise_server_exceptions=False) as client:
        assert client.get("/api/v1/models").status_code == 401
        statuses = [client.get("/api/v1/models", headers=headers).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert client.get("/api/v1/models", headers={**headers, "Host": "evil.example"}).status_code == 400
        assert client.get("/healthz").status_code == 200


PREFLIGHT = {"Origin": "https://friend.example", "Access-Control-Request-Method": "POST"}


def test_no_other_site_is_let_in(client: TestClient) -> None:
    assert client.options("/api/v1/colorize", headers=PREFLIGHT).status_code == 405
    response = client.get("/api/v1/models", headers={"Origin": "https://friend.example"})
    assert "access-control-allow-origin" not in response.headers


def test_a_named_site_is_let_in_even_to_errors(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"cors_origins": ["https://friend.example"]}))
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.options("/api/v1/colorize", headers=PREFLIGHT).status_code == 200
        response = client.post(
            "/api/v1/nowhere", headers={"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}
        )
        assert response.status_code == 404
        assert response.headers["access-control-allow-origin"] == "https://friend.example"
        stranger = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert client.post("/api/v1/colorize", headers=stranger).status_code == 403


def test_a_person_gets_problems_as_a_page_within_the_policy(client: TestClient) -> None:
    response = client.get("/nowhere", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert "Not found" in response.text
    assert response.headers["content-security-policy"] == guards.CONTENT_SECURITY_POLICY


@pytest.fixture
def openapi(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def test_openapi_is_3_1_and_complete(openapi: dict[str, Any]) -> None:
    assert openapi["openapi"].startswith("3.1")
    schemas = openapi["components"]["schemas"]
    assert {"ProblemBody", "FieldError"} <= set(schemas)
    assert "HTTPValidationError" not in schemas, "a 422 is documented as the problem it is"
    for reference in references(openapi):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_every_operation_documents_its_problems(openapi: dict[str, Any]) -> None:
    for path, operations in openapi["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            if path.startswith("/api/"):
                assert {"413", "422", "429", "503"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert set(response["content"]) == {MEDIA_TYPE}


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in references(item)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for item in node.values() for found in references(item)]
    return []
