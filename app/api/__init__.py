"""The REST face: one module an area, gathered under /api/v1; health and reference at the root."""

from typing import Any

from fastapi import APIRouter, FastAPI

from app.api import colorize, docs, health, models
from app.problems import (
    BadRequest,
    Forbidden,
    InternalError,
    ProblemBody,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unprocessable,
    responses,
)

PREFIX = "/api/v1"
_EVERYWHERE = responses(
    BadRequest, Unauthorized, Forbidden, TooLarge, Unprocessable, TooManyRequests, InternalError, Unavailable
)

_NAMED = (ProblemBody, colorize.ColorizedPicture)
"""Bodies that routes refer to by name only."""


def install(app: FastAPI) -> None:
    """Put every REST route into `app`, and problems into its OpenAPI document."""
    v1 = APIRouter(prefix=PREFIX, responses=_EVERYWHERE)
    v1.include_router(models.router)
    v1.include_router(colorize.router)
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(docs.router)
    docs.mount_assets(app)
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        docs.add_schemas(document, _NAMED)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
