"""Plotly figures as plain dictionaries; nothing of Plotly is imported.

A trace's `meta.series` is its place, from 1, in the page's palette; the colours here are that palette in
light. `meta.points` names the series whose points it shows, so that it can grow as they come, and
`meta.head` the series of which it shows the newest point only; `meta.walk` and `meta.runner` are the same for
paths that are drawn whole and then played. `meta.ground` marks what others lie on.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.lab.shown import Axis, Figure, Samples, Series

PALETTE = ("#b5370f", "#23659f", "#2b7449", "#82509f", "#8a6100", "#4d5964")
DASHES = ("solid", "dash", "dot")
NEUTRAL = "#808080"
"""Lines that mark a value rather than show a series; readable on light and dark."""


def color(place: int) -> str:
    """The colour of the series at this place, from 0."""
    return PALETTE[place % len(PALETTE)]


def style(place: int, **line: Any) -> Figure:
    """Line, marker colour and `meta` of the series at this place: six colours, then the same ones dashed."""
    dash = DASHES[place // len(PALETTE) % len(DASHES)]
    return {
        "line": {"color": color(place), "width": 2, "dash": dash} | line,
        "marker": {"color": color(place)},
        "meta": {"series": place % len(PALETTE) + 1},
    }


def layout(x: Axis, y: Axis, **more: Any) -> Figure:
    """The layout all charts share."""
    base: Figure = {
        "xaxis": axis(x),
        "yaxis": axis(y),
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }
    return base | more


def axis(shown: Axis) -> Figure:
    """One axis; a logarithmic one is ticked in powers of ten."""
    base: Figure = {"title": {"text": shown.title}, "zeroline": False, "automargin": True}
    return base | ({"type": "log", "exponentformat": "power"} if shown.log else {})


def curve(
    title: str,
    place: int,
    x: Sequence[float | None],
    y: Sequence[float | None],
    *,
    points: str = "",
    **more: Any,
) -> Figure:
    """A line trace; `points` is the series it shows, if it shows just that."""
    base: Figure = {"type": "scatter", "mode": "lines", "name": title, "x": list(x), "y": list(y)}
    look = style(place)
    if points:
        look["meta"] |= {"points": points}
    return base | look | more


def head(place: int, points: str, samples: Samples, **marker: Any) -> Figure:
    """A marker on the newest point of a series."""
    look = style(place)
    return {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "hoverinfo": "skip",
        "x": samples["x"][-1:],
        "y": samples["y"][-1:],
        "marker": look["marker"] | {"size": 11} | marker,
        "meta": look["meta"] | {"head": points},
    }


def samples_of(series: Mapping[str, Samples], name: str) -> Samples:
    """A series, empty where it has no points yet."""
    return series.get(name, {"x": [], "y": []})


def mark(x: float, text: str) -> tuple[Figure, Figure]:
    """A vertical line at x and its label: a layout's shape and annotation."""
    shape = {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": NEUTRAL, "width": 1, "dash": "dash"},
    }
    label = {
        "x": x,
        "y": 1,
        "xref": "x",
        "yref": "paper",
        "text": text,
        "showarrow": False,
        "xanchor": "left",
    }
    return shape, label


def level(y: float, text: str) -> tuple[Figure, Figure]:
    """A horizontal line at y and its label."""
    shape = {
        "type": "line",
        "xref": "paper",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": NEUTRAL, "width": 1, "dash": "dash"},
    }
    label = {
        "x": 1,
        "y": y,
        "xref": "paper",
        "yref": "y",
        "text": text,
        "showarrow": False,
        "yanchor": "bottom",
    }
    return shape, label


def chart(series: Iterable[Series], samples: Mapping[str, Samples], places: Mapping[str, int]) -> Figure:
    """All series on one pair of axes; on a logarithmic axis values that it cannot hold become gaps."""
    shown = list(series)
    traces = [
        curve(
            one.title,
            places[one.name],
            *_held(one, samples_of(samples, one.name)),
            points=one.name,
            hovertemplate="%{y:.4g}",
        )
        for one in shown
    ]
    return {"data": traces, "layout": layout(shown[0].x, shown[0].y, hovermode="x unified")}


def charts(
    series: Sequence[Series], samples: Mapping[str, Samples], places: Mapping[str, int]
) -> list[Figure]:
    """One chart for each pair of axes, in the order of the series."""
    groups: dict[tuple[Axis, Axis], list[Series]] = {}
    for one in series:
        groups.setdefault((one.x, one.y), []).append(one)
    return [chart(group, samples, places) for group in groups.values()]


def _held(series: Series, samples: Samples) -> tuple[list[float], list[float | None]]:
    y: list[float | None] = list(samples["y"])
    if series.y.log:
        y = [value if value is not None and value > 0 else None for value in y]
    return samples["x"], y
