"""The HTML face: pages that work without script, and the static files behind them."""

from fastapi import APIRouter, Depends

from app.ownership import own_jobs
from app.pages import batches, convolve, home, lab, models, samples, shapes, write_up
from app.pages.assets import mount_static
from app.pages.problem_page import problem_page

__all__ = ["mount_static", "problem_page", "router"]

router = APIRouter(include_in_schema=False)
for page in (home, batches, shapes, convolve, lab, models, samples, write_up):
    router.include_router(page.router, dependencies=[Depends(own_jobs)] if page in (batches, lab) else None)
