"""Which colours come into question at a place of a picture: what somebody who gives a hint chooses from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.colorize import CLIENT_GONE, form_schema
from app.colorizing.pipeline import Order
from app.colorizing.presence import while_connected
from app.problems import UnsupportedMedia, responses
from app.services import Services, services

router = APIRouter(tags=["Colorizing"])

Share = Annotated[float, Query(ge=0.0, le=1.0)]


class LikelyColor(BaseModel):
    """A colour as it would be shown at the place, and how much the network believes in it."""

    color: str = Field(examples=["#6f86a8"])
    share: float = Field(
        ge=0.0, le=1.0, description="Part of the network's belief; all shares sum to 1.", examples=[0.62]
    )


class Suggestions(BaseModel):
    """Likely colours at one place, likeliest first, each different enough to be told apart."""

    model: str = Field(examples=["photo"])
    x: float
    y: float
    colors: list[LikelyColor]


@router.post(
    "/colorize/suggestions",
    summary="Likely colours at one place",
    response_model=Suggestions,
    responses=responses(UnsupportedMedia),
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form_schema()}}}
    },
)
async def suggestions(
    request: Request,
    parts: Annotated[Services, Depends(services)],
    x: Annotated[Share, Query(description="Share of the width, from the left.", examples=[0.5])],
    y: Annotated[Share, Query(description="Share of the height, from the top.", examples=[0.25])],
) -> Suggestions | Response:
    """The colours that the network thinks likely at x, y of a picture, whose form is that of `/colorize`.

    Hints that the form gives are heeded: leave out the one whose colour is being asked for. A colour that
    comes back can be given as a hint's `color` as it is.
    """
    try:
        async with parts.colorizer.receive(request) as commission:
            order = Order(commission.options, frozenset({"suggestions"}), place=(x, y))
            result = await while_connected(
                request, parts.colorizer.colorize(commission.upload, commission.card, order)
            )
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    assert result.suggestions is not None
    colors = [LikelyColor(color=each.color, share=min(1.0, each.share)) for each in result.suggestions]
    return Suggestions(model=result.card.id, x=x, y=y, colors=colors)
