"""The lab: its demos, each with its form and its runs live, jobs, and runs compared."""

from fastapi import APIRouter

from app.pages.lab import catalogue, comparison, demo, jobs

router = APIRouter()
# Fixed addresses before `/lab/{demo}`, which would take them for demos.
for page in (catalogue, comparison, jobs, demo):
    router.include_router(page.router)
