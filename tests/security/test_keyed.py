"""The whole application with keys: what each opens, what it says of itself, and that pages work."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.keyring import FOLDER
from app.keys import add_key, digest, known_scopes, revoke_key
from app.main import create_app
from app.scopes import ALL
from app.settings import Settings
from app.telemetry import configure_logging


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keyed")


@pytest.fixture(scope="module")
def keys(data: Path) -> dict[str, str]:
    """A key for each scope, and one for everything."""
    made: dict[str, str] = {
        scope: add_key(data / "keys", f"only-{scope.replace(':', '-')}", [scope]) for scope in ALL
    }
    return {**made, "all": add_key(data / "keys", "all")}


@pytest.fixture(scope="module")
def client(tiny_models: Path, data: Path, keys: dict[str, str]) -> Iterator[TestClient]:
    settings = Settings(
        models_dir=tiny_models, data_dir=data, preload=False, threads=1, api_keys_file=data / "keys"
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_a_scope_opens_its_own_and_nothing_else(client: TestClient, keys: dict[str, str]) -> None:
    asked = {
        "metrics": ("GET", "/metrics"),
        "shapes": ("GET", "/api/v1/shapes/layers"),
        "jobs:write": ("POST", "/api/v1/jobs"),
        "colorize": ("POST", "/api/v1/colorize"),
        "batches": ("POST", "/api/v1/colorize/batch"),
    }
    for scope, (method, path) in asked.items():
        for name, key in keys.items():
            status = client.request(method, path, headers={"X-API-Key": key}).status_code
            assert (status != 403) == (name in {scope, "all"}), (path, name, status)
            assert status != 401


def test_no_spelling_of_a_path_leads_around_its_scope(client: TestClient, keys: dict[str, str]) -> None:
    for path in ("/metrics%0A", "/metrics/", "/api/v1/shapes/layers%0A", "/api/v1/shapes%0A", "/%6Detrics"):
        answer = client.get(path, headers={"X-API-Key": keys["jobs:read"]}, follow_redirects=False)
        assert answer.status_code == 403, path


def test_a_key_in_the_address_opens_nothing(client: TestClient, keys: dict[str, str]) -> None:
    for name in ("key", "api_key", "X-API-Key", "access_token"):
        assert client.get("/api/v1/models", params={name: keys["all"]}).status_code == 401
    assert client.get("/api/v1/models", headers={"Cookie": f"key={keys['all']}"}).status_code == 401


def test_a_browser_is_asked_and_its_pages_work_by_the_password(
    client: TestClient, keys: dict[str, str]
) -> None:
    """A browser sends the password with all that a page then asks of the same host, scripts' requests too."""
    asked = client.get("/", headers={"Accept": "text/html"})
    assert asked.status_code == 401 and asked.headers["www-authenticate"].startswith("Basic ")
    given = {"Authorization": "Basic " + base64.b64encode(f"anyone:{keys['all']}".encode()).decode()}
    page = client.get("/", headers={"Accept": "text/html", **given})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert client.get("/static/x/css/base.css").status_code == 200, "style comes with the question, too"
    form = {**given, "Origin": "http://testserver", "Accept": "text/html"}
    text = {"text": "nn.Sequential(nn.Linear(3, 2))"}
    assert client.post("/shapes", data=text, headers=form).status_code < 400
    foreign = {**form, "Origin": "https://evil.example"}
    assert client.post("/shapes", data=text, headers=foreign).status_code == 403


def test_openapi_says_how_a_key_is_shown_and_what_it_must_be_good_for(
    client: TestClient, keys: dict[str, str]
) -> None:
    document = client.get("/openapi.json", headers={"X-API-Key": keys["metrics"]}).json()
    schemes = document["components"]["securitySchemes"]
    assert {each["type"] for each in schemes.values()} == {"http", "apiKey"}
    assert document["paths"]["/healthz"]["get"]["security"] == []
    shapes = document["paths"]["/api/v1/shapes"]["post"]["security"]
    assert shapes == [{name: ["shapes"]} for name in schemes]
    reading = document["paths"]["/api/v1/jobs/{job_id}"]["get"]["security"]
    assert {scope for each in reading for (scope,) in each.values()} == {"batches", "jobs:read", "jobs:write"}
    assert document["paths"]["/api/v1/models"]["get"]["security"] == [{name: []} for name in schemes]


def test_openapi_says_nothing_of_keys_where_none_are_asked_for(settings: Settings) -> None:
    document = create_app(settings).openapi()
    assert "securitySchemes" not in document["components"]
    assert "security" not in json.dumps(document["paths"])


def test_every_use_is_logged_by_the_key_s_name_and_never_by_the_key(
    client: TestClient, keys: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", "json")
    client.get("/api/v1/models", headers={"X-API-Key": keys["shapes"]})
    client.get("/metrics", headers={"X-API-Key": keys["shapes"]})
    client.get("/api/v1/models", headers={"X-API-Key": "chromalab_stolen"})
    lines = capsys.readouterr().err
    told = [json.loads(line) for line in lines.splitlines()]
    requests = [(each["status"], each.get("key")) for each in told if each["event"] == "request"]
    assert requests == [(200, "only-shapes"), (403, None), (401, None)]
    assert [(each["why"], each.get("key")) for each in told if each["event"] == "refused"] == [
        ("a key without the scope", "only-shapes"),
        ("an unknown key", None),
    ]
    assert keys["shapes"] not in lines and "stolen" not in lines
    assert all(each["timestamp"].endswith("Z") for each in told), "UTC"


def test_last_uses_are_kept_in_the_data_folder(client: TestClient, keys: dict[str, str], data: Path) -> None:
    client.get("/api/v1/models", headers={"X-API-Key": keys["all"]})
    assert (data / FOLDER / digest(keys["all"])[:32]).exists()


def test_a_revoked_key_opens_nothing_from_the_next_request_on(client: TestClient, data: Path) -> None:
    key = add_key(data / "keys", "leaving", known_scopes(["shapes"]))
    headers = {"X-API-Key": key}
    assert client.get("/api/v1/models", headers=headers).status_code == 200
    revoke_key(data / "keys", "leaving")
    assert client.get("/api/v1/models", headers=headers).status_code == 401
