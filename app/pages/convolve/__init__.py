"""The page of convolution: two grids by hand, sum by sum, and the same kernel on a picture."""

from fastapi import APIRouter

from app.pages.convolve import page

router = APIRouter(include_in_schema=False)
router.include_router(page.router)
