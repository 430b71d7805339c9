"""What each request asks of a key: every route of the application has its place here, or a test fails."""

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.scopes import ALL, SCOPES, needed

ANY_KEY = {
    *("/", "/docs", "/docs/start.js", "/docs/problems", "/docs/assets", "/openapi.json"),
    *("/healthz", "/readyz", "/static", "/static/{hashed}/vendor/plotly.min.js"),
    *("/api/v1/models", "/api/v1/models/{model_id}", "/api/v1/demos", "/api/v1/demos/{name}"),
    *("/models", "/models/compare.csv", "/models/history.csv", "/models/{model_id}"),
    *("/models/{model_id}/{name}.svg",),
    *("/models/{model_id}/samples/{name}.webp", "/samples/{name}/{kind}.jpg", "/write-up", "/write-up.csv"),
    *("/lab", "/lab/{name}", "/lab/{name}/preview"),
}
"""Routes that show nothing of anybody and cost little, when they are only read."""
WORK = {
    "/api/v1/colorize": {"colorize"},
    "/api/v1/colorize/suggestions": {"colorize"},
    "/colorize": {"colorize"},
    "/api/v1/colorize/batch": {"batches"},
    "/api/v1/jobs": {"jobs:write"},
    "/lab/{name}": {"jobs:write"},
}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route; a mount takes GET."""
    found = [
        (method, route.path)
        for route in iter_route_contexts(app.routes)
        if route.path is not None
        for method in (route.methods or {"GET"})
    ]
    assert len(found) > 60
    return found


def test_every_route_asks_for_a_scope_or_is_listed_as_open_to_any_key(app: FastAPI) -> None:
    for method, path in routes(app):
        wanted = needed(method, path)
        if method in {"GET", "HEAD"}:
            assert bool(wanted) != (path in ANY_KEY), (method, path)
        else:
            assert wanted, (method, path)
        assert wanted <= ALL


def test_work_asks_for_the_scope_of_its_name() -> None:
    for path, scopes in WORK.items():
        assert needed("POST", path) == scopes, path


def test_areas() -> None:
    assert needed("POST", "/api/v1/shapes/solve") == needed("GET", "/shapes/compare") == {"shapes"}
    assert needed("POST", "/api/v1/convolve") == needed("POST", "/convolve/picture") == {"shapes"}
    assert needed("GET", "/batch/1") == needed("POST", "/batch/1/delete") == {"batches"}
    assert needed("GET", "/metrics") == needed("HEAD", "/metrics") == {"metrics"}
    reading = {"batches", "jobs:read", "jobs:write"}
    assert needed("GET", "/api/v1/jobs/1/files/2") == needed("GET", "/api/v1/jobs") == reading
    assert needed("DELETE", "/api/v1/jobs/1") == {"batches", "jobs:write"}
    assert needed("GET", "/lab/jobs/1") == {"jobs:read", "jobs:write"}
    assert needed("POST", "/lab/jobs/1/cancel") == {"jobs:write"}


def test_the_router_takes_a_line_break_at_the_end_and_so_do_scopes(app: FastAPI) -> None:
    for method, path in routes(app):
        assert needed(method, f"{path}\n") == needed(method, path), (method, path)


@pytest.mark.parametrize("tail", ["/", "//", "/x", ".csv", "\x00", " "])
def test_nothing_behind_a_path_leads_around_its_scope(app: FastAPI, tail: str) -> None:
    for method, path in routes(app):
        if needed(method, path):
            assert needed(method, path + tail), (method, path)


def test_every_scope_opens_something_and_is_described(app: FastAPI) -> None:
    opened = {scope for method, path in routes(app) for scope in needed(method, path)}
    assert opened == ALL == set(SCOPES)
    assert all(meaning.endswith(".") for meaning in SCOPES.values())
