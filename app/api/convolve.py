"""Convolution and cross-correlation of small grids, and the sum behind any one output."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.computed import computed
from app.api.schemas import ConvolveAnswer, ConvolveTask, gives, takes
from app.services import Services, services
from app.shapes import convolve as library

router = APIRouter(prefix="/convolve", tags=["Shapes"])

_WRITE_UP = {
    "image": [[0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]],
    "kernel": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "mode": "convolution",
    "padding": 1,
}
_TASK = takes(ConvolveTask, examples={"The write-up's filter": _WRITE_UP})
Place = Annotated[int, Query(ge=0, le=2**31, examples=[1])]


@router.post(
    "",
    summary="Convolve two grids",
    response_class=Response,
    responses=gives(ConvolveAnswer, "The output.", library.convolve(_WRITE_UP)),
    openapi_extra=_TASK,
)
async def convolve(request: Request, parts: Annotated[Services, Depends(services)]) -> Response:
    """Convolve a small picture with a kernel, or cross-correlate them as networks do; integers stay exact."""
    return await computed(request, parts, library.convolve)


@router.post(
    "/terms",
    summary="Show the sum behind one output",
    response_class=Response,
    responses=gives(None, "Every product, in the order they are added, and their sum."),
    openapi_extra=_TASK,
)
async def terms(
    request: Request, parts: Annotated[Services, Depends(services)], row: Place, column: Place
) -> Response:
    """The products whose sum is one output of the same request; indices outside the picture are padding."""
    return await computed(request, parts, partial(_terms, row, column))


def _terms(row: int, column: int, body: Any) -> object:
    return library.explain(library.parse_task(body), row, column)
