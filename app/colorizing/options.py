"""What a person may ask of a picture's colours, validated alike for REST, pages and the command line."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json

from app.imaging.encode import OutputFormat

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


def _rgb(value: str) -> str:
    if re.fullmatch("#[0-9a-fA-F]{6}", value) is None:
        raise ValueError("must be a colour such as #3a6ea5")
    return value


class Hint(_Strict):
    """A known colour at x, y (shares of width and height), within a radius (share of the shorter side)."""

    x: Unit
    y: Unit
    color: Annotated[str, AfterValidator(_rgb)]
    radius: Unit | None = None


def _from_text(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    if not value.strip():
        return []
    try:
        hints = from_json(value, allow_inf_nan=False)
    except ValueError as error:  # on input nested too deeply as well
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(hints, list):
        raise ValueError("must be a list of {x, y, color, radius?}")
    return hints


def _object(value: Any) -> Any:
    if not isinstance(value, Mapping | Hint):
        raise ValueError("must be an object {x, y, color, radius?}")
    return value


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
    restore: Annotated[
        bool,
        Field(description="Give a faded picture its contrast back, gently; luminance is kept unless asked."),
    ] = False
    candidate: Annotated[
        int, Field(ge=0, le=99, description="Which of the model's alternatives, 0 its first choice.")
    ] = 0
    hints: Annotated[
        tuple[Annotated[Hint, BeforeValidator(_object)], ...],
        BeforeValidator(_from_text),
        Field(
            max_length=MOST_HINTS, description="Colours that are known: JSON list of {x, y, color, radius?}."
        ),
    ] = ()
