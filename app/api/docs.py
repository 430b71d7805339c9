"""The interactive API reference at /docs, served without any other site; and what problems mean."""

import html
import inspect
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app.problems import KINDS

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/docs/assets/favicon.png">
{head}
</head>
<body>
{body}
</body>
</html>
"""
_START = """const address = document.currentScript.dataset.openapi;
SwaggerUIBundle({
  url: address,
  dom_id: "#reference",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


@router.get("/docs")
async def reference() -> HTMLResponse:
    """The interactive reference."""
    return HTMLResponse(
        _PAGE.format(
            title="Chromalab: API reference",
            head='<link rel="stylesheet" href="/docs/assets/swagger-ui.css">',
            body=(
                '<div id="reference"></div>\n'
                '<script src="/docs/assets/swagger-ui-bundle.js"></script>\n'
                '<script src="/docs/start.js" data-openapi="/openapi.json"></script>'
            ),
        )
    )


@router.get("/docs/start.js")
async def start() -> Response:
    """The script that starts the reference; its own file because the policy allows no script in a page."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/problems")
async def problems() -> HTMLResponse:
    """What each kind of problem means: where the `type` of every error leads."""
    entries = "\n".join(
        f'<dt id="{kind.slug}"><strong>{html.escape(kind.title)}</strong> ({kind.status})</dt>\n'
        f"<dd><p>{_as_html(inspect.cleandoc(kind.__doc__ or ''))}</p></dd>"
        for kind in KINDS
    )
    body = f'<p><a href="/docs">API reference</a></p>\n<h1>Problems</h1>\n<dl>\n{entries}\n</dl>'
    return HTMLResponse(_PAGE.format(title="Chromalab: problems", head="", body=f"<main>\n{body}\n</main>"))


def _as_html(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def mount_assets(app: FastAPI) -> None:
    """Serve Swagger UI from inside the fastapi-offline wheel."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package fastapi-offline is not installed")
    app.mount("/docs/assets", StaticFiles(directory=Path(spec.origin).parent / "static"), name="docs-assets")


def add_schemas(openapi: dict[str, Any], models: Sequence[type[BaseModel]]) -> None:
    """Add the schemas of models to an OpenAPI document whose routes refer to them by name."""
    template = "#/components/schemas/{model}"
    _, definitions = models_json_schema([(model, "serialization") for model in models], ref_template=template)
    openapi.setdefault("components", {}).setdefault("schemas", {}).update(definitions["$defs"])
