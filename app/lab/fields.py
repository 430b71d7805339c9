"""Fields of params models: bounds, defaults and what a form needs to know, in one line each."""

from typing import Any, Literal

from pydantic import Field

Scale = Literal["linear", "log"]


def number(
    default: Any,
    title: str,
    description: str,
    *,
    low: float,
    high: float,
    scale: Scale = "linear",
    symbol: str = "",
    unit: str = "",
    above: bool = False,
) -> Any:
    """A bounded number; `scale` is a slider's, `symbol` is LaTeX, `above` leaves `low` itself out."""
    extra: dict[str, Any] = (
        {"scale": scale} | ({"symbol": symbol} if symbol else {}) | ({"unit": unit} if unit else {})
    )
    bound: dict[str, Any] = {"gt": low} if above else {"ge": low}
    return Field(default, title=title, description=description, le=high, json_schema_extra=extra, **bound)


def choice(default: Any, title: str, description: str, *, most: int | None = None) -> Any:
    """One of an enumeration, or a list of at most `most` of them."""
    return Field(default, title=title, description=description, max_length=most)


def switch(default: bool, title: str, description: str) -> Any:
    """On or off."""
    return Field(default, title=title, description=description)
