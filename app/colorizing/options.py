"""What a person may ask of a picture's colours, validated alike for REST, pages and the command line."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json

from app.imaging.encode import OutputFormat
from app.networks.card import Card

MOST_HINTS = 1000

Format = OutputFormat
"""Formats of an answer."""
Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class UnsupportedOption(ValueError):
    """An option that this model, or this picture, cannot honour; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Hint(_Strict):
    """A known colour at x, y (shares of width and height), within a radius (share of the shorter side)."""

    x: Unit
    y: Unit
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    radius: Unit | None = None


def _from_text(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    if not value.strip():
        return []
    return from_json(value, allow_inf_nan=False)  # raises ValueError, on input nested too deeply as well


class Options(_Strict):
    """Everything optional about colouring one picture."""

    format: Annotated[
        Format | None,
        Field(description="Format of the answer; as uploaded if it can be, else png, unless given."),
    ] = None
    saturation: Annotated[
        float,
        Field(ge=0.0, le=2.0, description="Chroma is multiplied by this: 0 is gray, 1 what the model says."),
    ] = 1.0
    temperature: Annotated[
        float | None,
        Field(
            ge=0.0,
            le=1.0,
            description="0 takes each place's likeliest colour, 1 their mean; the model's own unless given.",
        ),
    ] = None
    candidate: Annotated[
        int, Field(ge=0, le=99, description="Which of the model's alternatives, 0 its first choice.")
    ] = 0
    hints: Annotated[
        tuple[Hint, ...],
        BeforeValidator(_from_text),
        Field(
            max_length=MOST_HINTS, description="Colours that are known: JSON list of {x, y, color, radius?}."
        ),
    ] = ()


def check_supported(card: Card, options: Options) -> None:
    """Raise UnsupportedOption for what no such model can do."""
    if options.hints:
        raise UnsupportedOption("hints", f"Hints are not supported by the model {card.id!r}.")
    if options.candidate:
        raise UnsupportedOption(
            "candidate", f"Candidates are not supported by the model {card.id!r}; 0 is its only one."
        )
