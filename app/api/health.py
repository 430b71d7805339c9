"""Whether the service is up, ready for work, and what it has done so far."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import __version__
from app.problems import FieldError, NotFound, Unavailable, responses
from app.services import Services, services

router = APIRouter(tags=["Health"])

RETRY_AFTER = 5


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


class Readiness(BaseModel):
    """The service can do its work."""

    status: Literal["ready"] = "ready"
    models: list[str] = Field(description="Ids of the models that are served.")
    broken: dict[str, str] = Field(description="Models that are not served, and why.")
    workers: int = Field(description="Workers that execute jobs.")


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process is up."""
    return Health()


@router.get("/readyz", responses=responses(Unavailable))
async def readyz(parts: Annotated[Services, Depends(services)]) -> Readiness:
    """Whether there is a model to colour with, the database of jobs takes writes, and a worker is alive.

    Broken models are named and do not stop the others. Once the service is told to stop it is ready no more.
    """
    if parts.place.is_leaving:
        stopping = [FieldError("/service", "is about to stop")]
        raise Unavailable("This service is about to stop.", errors=stopping, retry_after=RETRY_AFTER)
    registry = parts.registry
    jobs = await run_in_threadpool(parts.jobs.health)
    missing: list[str] = []
    errors: list[FieldError] = []
    if registry.default_id is None:
        missing.append("There is no model to colour with.")
        errors += [FieldError(f"/models/{name}", reason) for name, reason in registry.broken.items()]
    if not jobs.writable:
        missing.append("The database of jobs takes no writes.")
        errors.append(FieldError("/database", "takes no writes"))
    elif not jobs.workers:
        missing.append("No worker is alive to execute jobs.")
        errors.append(FieldError("/workers", "none is alive"))
    if missing:
        raise Unavailable(" ".join(missing), errors=errors, retry_after=RETRY_AFTER)
    return Readiness(models=sorted(registry.cards), broken=dict(registry.broken), workers=jobs.workers)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **responses(NotFound)},
)
async def metrics(parts: Annotated[Services, Depends(services)]) -> Response:
    """What the service has done, for Prometheus."""
    if not parts.settings.metrics_enabled:
        raise NotFound("Metrics are switched off on this service.")
    text = await run_in_threadpool(parts.metrics.exposition)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
