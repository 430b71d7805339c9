"""What a demo shows: points, pictures, tables, and the outcome with its certificate. All of it is JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypedDict

Json = dict[str, Any]
Figure = dict[str, Any]
"""A Plotly figure as plain dictionaries: `data`, `layout`, and `frames` where it moves."""

Scalar = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Point:
    """One sample of a series."""

    series: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, with its unit where it has one."""

    title: str
    log: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """A curve that grows point by point; curves with equal axes share a chart."""

    name: str
    title: str
    x: Axis
    y: Axis


class Samples(TypedDict):
    """All points of one series so far."""

    x: list[float]
    y: list[float]


def collect(points: Iterable[Point]) -> dict[str, Samples]:
    """Points by series, in the order in which they came."""
    series: dict[str, Samples] = {}
    for point in points:
        samples = series.setdefault(point.series, {"x": [], "y": []})
        samples["x"].append(point.x)
        samples["y"].append(point.y)
    return series


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture: SVG text, or PNG as base64. A later one of the same name takes its place."""

    name: str
    title: str
    alt: str
    media_type: Literal["image/svg+xml", "image/png"]
    data: str


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; cells are text, numbers or empty."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a certificate: the claim, what was measured, what that must meet, and whether it does."""

    claim: str
    measured: Scalar
    bound: Scalar
    holds: bool

    @classmethod
    def at_most(cls, claim: str, measured: float, bound: float) -> "Check":
        """Holds when `measured <= bound`."""
        return cls(claim, measured, bound, measured <= bound)

    @classmethod
    def at_least(cls, claim: str, measured: float, bound: float) -> "Check":
        """Holds when `measured >= bound`."""
        return cls(claim, measured, bound, measured >= bound)

    @classmethod
    def equal(cls, claim: str, measured: Scalar, bound: Scalar) -> "Check":
        """Holds when both are the same."""
        return cls(claim, measured, bound, measured == bound)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run says."""

    result: Json
    certificate: tuple[Check, ...]
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know before concluding: what has not converged, what was left out."""
    extras: Json = field(default_factory=dict)
    """What only the figures need; not part of the result."""

    def to_json(self) -> Json:
        """The outcome as JSON; `from_json` gives it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Outcome":
        """The outcome that `to_json` wrote."""
        return cls(
            result=document["result"],
            certificate=tuple(Check(**check) for check in document["certificate"]),
            tables=tuple(
                Table(
                    **table | {"columns": tuple(table["columns"]), "rows": tuple(map(tuple, table["rows"]))}
                )
                for table in document["tables"]
            ),
            pictures=tuple(Picture(**picture) for picture in document["pictures"]),
            notes=tuple(document["notes"]),
            extras=document["extras"],
        )
