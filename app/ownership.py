"""Whose jobs a request may touch, as a dependency of every route that has a job's id in its path."""

from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.guards import key_of, may_see
from app.jobs.job import BATCH
from app.problems import NotFound
from app.services import Services, services


async def own_jobs(request: Request, parts: Annotated[Services, Depends(services)]) -> None:
    """Raise NotFound for a job that the request's key may not see, as if there were none."""
    job_id = request.path_params.get("job_id")
    if job_id is None or key_of(request.scope) is None:
        return
    job = await run_in_threadpool(parts.jobs.job, job_id)
    if not may_see(request.scope, job.client, is_batch=job.demo == BATCH):
        raise NotFound(f"There is no job {job_id[:64]!r}.")
