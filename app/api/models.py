"""The trained models: what each is, was trained on and reaches."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from app.colorizing.registry import UnknownModel
from app.networks.card import Card
from app.problems import NotFound, responses
from app.services import Services, services

router = APIRouter(prefix="/models", tags=["Models"])


class Models(BaseModel):
    """Every model that is served."""

    models: list[Card] = Field(description="Their cards, ordered by id.")
    default: str | None = Field(
        description="Id of the model that colours when none is named.", examples=["horses"]
    )


@router.get("", summary="List the models")
async def list_models(parts: Annotated[Services, Depends(services)]) -> Models:
    """Cards of all models that can colour, and which of them does so by default."""
    return Models(models=list(parts.registry.cards.values()), default=parts.registry.default_id)


@router.get("/{model_id}", summary="Show a model's card", responses=responses(NotFound))
async def show_model(
    model_id: Annotated[str, Path(examples=["horses"])], parts: Annotated[Services, Depends(services)]
) -> Card:
    """A model's card: task, size, training data, measures, licence and training history per epoch."""
    try:
        return parts.registry.card(model_id)
    except UnknownModel:
        known = ", ".join(parts.registry.cards)
        raise NotFound(f"There is no model {model_id[:64]!r}; known are {known}.") from None
