"""The trained models: what each is, was trained on and reaches."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from app.colorizing.backends.choice import Choice
from app.colorizing.backends.tuner import State, Tuned
from app.colorizing.registry import Registry, UnknownModel
from app.networks.card import Card
from app.problems import NotFound, responses
from app.services import Services, services

router = APIRouter(prefix="/models", tags=["Models"])


class Running(BaseModel):
    """How a model is run in the web process that answers, since it was first asked."""

    name: str = Field(description="What runs it now.", examples=["openvino bf16"])
    state: State = Field(
        description="`eager`: as PyTorch runs it; `waiting`, `measuring`, `building`: so until what runs it "
        "best here is ready; `tuned`: by that; `failed`: nothing better could be found or built."
    )
    choice: Choice | None = Field(description="What was found to be best on this machine, and how.")


class ModelCard(Card):
    """A model's card, and what runs it."""

    backend: Running | None = Field(description="Null as long as no picture has been coloured with it.")


class Models(BaseModel):
    """Every model that is served."""

    models: list[ModelCard] = Field(description="Their cards, ordered by id.")
    default: str | None = Field(
        description="Id of the model that colours when none is named.", examples=["horses"]
    )


@router.get("", summary="List the models")
async def list_models(parts: Annotated[Services, Depends(services)]) -> Models:
    """Cards of all models that can colour, and which of them does so by default."""
    cards = [_shown(card, parts.registry) for card in parts.registry.cards.values()]
    return Models(models=cards, default=parts.registry.default_id)


@router.get("/{model_id}", summary="Show a model's card", responses=responses(NotFound))
async def show_model(
    model_id: Annotated[str, Path(examples=["horses"])], parts: Annotated[Services, Depends(services)]
) -> ModelCard:
    """A model's card: task, size, training data, measures, licence, training history, and what runs it."""
    try:
        return _shown(parts.registry.card(model_id), parts.registry)
    except UnknownModel:
        known = ", ".join(parts.registry.cards)
        raise NotFound(f"There is no model {model_id[:64]!r}; known are {known}.") from None


def _shown(card: Card, registry: Registry) -> ModelCard:
    backend = registry.loaded(card.id)
    running = None
    if isinstance(backend, Tuned):
        running = Running(name=backend.name, state=backend.state, choice=backend.choice)
    elif backend is not None:
        running = Running(name=backend.name, state="eager", choice=None)
    return ModelCard.model_construct(**dict(card), backend=running)
