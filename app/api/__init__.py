"""The REST face: one module an area, gathered under /api/v1; health and reference at the root."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from app.api import (
    batches,
    colorize,
    convolve,
    demos,
    docs,
    events,
    health,
    job_schemas,
    jobs,
    models,
    schemas,
    security,
    shapes,
    suggestions,
)
from app.ownership import own_jobs
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

_NAMED = (ProblemBody, colorize.ColorizedPicture, *schemas.NAMED, *job_schemas.NAMED, *batches.NAMED)
"""Bodies that routes refer to by name only."""


def install(app: FastAPI, *, asks_for_keys: bool = False) -> None:
    """Put every REST route into `app`, and problems and keys into its OpenAPI document."""
    owned = [Depends(own_jobs)]
    v1 = APIRouter(prefix=PREFIX, responses=_EVERYWHERE)
    v1.include_router(models.router)
    v1.include_router(colorize.router)
    v1.include_router(batches.router, dependencies=owned)
    v1.include_router(suggestions.router)
    v1.include_router(shapes.router)
    v1.include_router(convolve.router)
    v1.include_router(demos.router)
    v1.include_router(jobs.router, dependencies=owned)
    v1.include_router(events.router, dependencies=owned)
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(docs.router)
    docs.mount_assets(app)
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        docs.add_schemas(document, _NAMED)
        if asks_for_keys:
            security.add_security(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
