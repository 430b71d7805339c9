"""The pages of network shapes: the calculator, two networks compared, and the solver."""

from fastapi import APIRouter

from app.pages.shapes import calculator, comparison, solver

router = APIRouter(include_in_schema=False)
for page in (calculator, comparison, solver):
    router.include_router(page.router)
