"""A form's fields from the JSON Schema of a demo's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.lab.demo import MAX_SEED
from app.lab.rules import RULES
from app.lab.shown import Json
from app.lab.surfaces import SURFACES

Kind = Literal["number", "choice", "switch", "many", "list", "text", "each", "network"]
"""`many`: some of an enumeration. `list`: values between commas. `each`: a number for some of its keys."""

TITLES = {name: rule.title for name, rule in RULES.items()} | {
    name: surface.title for name, surface in SURFACES.items()
}
"""Names of options that read better than what the contract calls them."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of a field's choices."""

    value: str
    title: str


@dataclass(frozen=True)
class Field:
    """A control with all that its template needs but its value."""

    name: str
    kind: Kind
    title: str
    help: str
    default: Any
    symbol: str = ""
    optional: bool = False
    """Whether it may be left empty, which means something of its own."""
    options: tuple[Option, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    scale: Literal["linear", "log"] = "linear"
    more: bool = False
    """Whether it stands behind a fold."""
    when: Mapping[str, str] = field(default_factory=dict)
    """Other fields' values without which it does nothing."""

    @property
    def slides(self) -> bool:
        """Whether it has a slider: bounded, and never empty."""
        return self.kind == "number" and not self.optional and self.low is not None and self.high is not None


SEED = Field(
    "seed", "text", "Seed", "Of everything random: the same seed gives the same numbers.", 0, high=MAX_SEED
)


def fields_of(schema: Json) -> tuple[Field, ...]:
    """A field for each setting, in the schema's order."""
    return tuple(_field(name, part) for name, part in schema["properties"].items())


def _field(name: str, part: Json) -> Field:
    branches = [branch for branch in part.get("anyOf", [part]) if branch.get("type") != "null"]
    value = branches[0]
    kind = _kind(value)
    listed = value["items"] if kind == "many" else value.get("propertyNames", {}) if kind == "each" else value
    number = value["additionalProperties"] if kind == "each" else value
    return Field(
        name,
        kind,
        part["title"],
        part["description"],
        part["default"],
        symbol=part.get("symbol", ""),
        optional=len(branches) < len(part.get("anyOf", branches)),
        options=tuple(Option(option, TITLES.get(option, option)) for option in listed.get("enum", ())),
        low=number.get("minimum", number.get("exclusiveMinimum")),
        high=number.get("maximum"),
        whole=value.get("type") == "integer",
        scale=part.get("scale", "linear"),
        more=part.get("more", False),
        when=part.get("when", {}),
    )


def _kind(value: Json) -> Kind:
    if "enum" in value:
        return "choice"
    match value.get("type"):
        case "boolean":
            return "switch"
        case "integer" | "number":
            return "number"
        case "array":
            return "many" if "enum" in value.get("items", {}) else "list"
        case "object":
            return "each" if "enum" in value.get("propertyNames", {}) else "network"
        case _:
            return "text"
