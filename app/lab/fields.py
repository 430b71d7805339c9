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
    above: bool = False,
    more: bool = False,
) -> Any:
    """A bounded number; `scale` is a slider's, `symbol` is LaTeX, `above` leaves `low` itself out."""
    extra = {"scale": scale} | ({"symbol": symbol} if symbol else {}) | _further(more)
    bound: dict[str, Any] = {"gt": low} if above else {"ge": low}
    return Field(default, title=title, description=description, le=high, json_schema_extra=extra, **bound)


def choice(default: Any, title: str, description: str, *, most: int | None = None, more: bool = False) -> Any:
    """One of an enumeration, or a list of at most `most` of them."""
    extra = _further(more)
    return Field(
        default, title=title, description=description, max_length=most, json_schema_extra=extra or None
    )


def switch(default: bool, title: str, description: str, *, more: bool = False) -> Any:
    """On or off."""
    return Field(default, title=title, description=description, json_schema_extra=_further(more) or None)


def _further(more: bool) -> dict[str, Any]:
    """`more` marks a setting that a form may keep behind a fold."""
    return {"more": True} if more else {}
