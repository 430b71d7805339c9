"""Contour maps, reliefs and animations of paths over a function of two variables."""

from collections.abc import Mapping, Sequence

import numpy as np

from app.lab.expressions import Node
from app.lab.figures import NEUTRAL, chart, curve, head, layout, samples_of, style
from app.lab.packing import Array
from app.lab.rules import RULES
from app.lab.shown import Axis, Figure, Samples, Series
from app.lab.surfaces import Place

GRID = 81
FRAMES = 60
_SHADES = "Cividis"

Window = tuple[float, float, float, float]


def contour(
    tree: Node,
    window: Window,
    start: Place,
    minima: Sequence[Place],
    names: Sequence[str],
    series: Mapping[str, Samples],
) -> Figure:
    """The map with all paths; played, a marker runs along each."""
    x, y, z = _grid(tree, window)
    heights, title, _ = _heights(z)
    traces: list[Figure] = [
        {
            "type": "contour",
            "x": x.tolist(),
            "y": y.tolist(),
            "z": _listed(heights),
            "colorscale": _SHADES,
            "meta": {"ground": True},
            "ncontours": 30,
            "opacity": 0.8,
            "colorbar": {"title": {"text": title}},
            "hovertemplate": "x %{x:.3g}, y %{y:.3g}<extra></extra>",
        }
    ]
    if minima:
        traces.append(_spots("known minima", {"symbol": "star", "size": 12, "color": NEUTRAL}, minima))
    at_start = {"symbol": "cross-thin", "size": 13, "line": {"width": 3, "color": NEUTRAL}}
    traces.append(_spots("start", at_start, [start]))
    for place, name in enumerate(names):
        path = samples_of(series, f"{name}/path")
        traces.append(curve(RULES[name].title, place, path["x"], list(path["y"]), points=f"{name}/path"))
    first = len(traces)
    for place, name in enumerate(names):
        traces.append(head(place, f"{name}/path", samples_of(series, f"{name}/path")))
    x0, x1, y0, y1 = window
    axes = layout(Axis("x"), Axis("y"))
    axes["xaxis"] |= {"range": [x0, x1]}
    axes["yaxis"] |= {"range": [y0, y1]}
    figure: Figure = {"data": traces, "layout": axes}
    if not all(f"{name}/path" in series for name in names):
        return figure
    flat = [series[f"{name}/path"] for name in names]
    return figure | _animation(figure, first, [{"x": path["x"], "y": path["y"]} for path in flat])


def _spots(title: str, marker: Figure, places: Sequence[Place]) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": title,
        "marker": marker,
        "x": [place[0] for place in places],
        "y": [place[1] for place in places],
    }


Path = Mapping[str, Sequence[float | None]]
"""Coordinates along a path, by axis; None where it is outside what is drawn."""


def _animation(figure: Figure, first: int, paths: Sequence[Path]) -> Figure:
    """Frames that move only the runners, traces from `first` on, and the buttons and slider for them."""
    longest = max(len(path["x"]) for path in paths)
    moments = np.unique(np.linspace(0, longest - 1, min(FRAMES, longest)).astype(int))
    frames = []
    for moment in moments:
        data = []
        for place, path in enumerate(paths):
            at = min(int(moment), len(path["x"]) - 1)
            here: Figure = {axis: [along[at]] for axis, along in path.items()}
            runner = figure["data"][first + place]
            data.append(here | {"type": runner["type"], "marker": runner["marker"]})
        traces = list(range(first, first + len(paths)))
        frames.append({"name": str(moment), "data": data, "traces": traces})
    redraw = "scene" in figure["layout"]  # only flat markers move without
    now = {"mode": "immediate", "transition": {"duration": 0}, "frame": {"duration": 60, "redraw": redraw}}
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, now | {"fromcurrent": True}]},
        {
            "label": "Pause",
            "method": "animate",
            "args": [[None], now | {"frame": {"duration": 0, "redraw": False}}],
        },
    ]
    steps = [
        {"label": frame["name"], "method": "animate", "args": [[frame["name"]], now]} for frame in frames
    ]
    menu = {"type": "buttons", "direction": "left", "x": 0, "y": -0.2, "yanchor": "top", "buttons": buttons}
    slider = {
        "x": 0.25,
        "len": 0.75,
        "y": -0.2,
        "yanchor": "top",
        "active": len(steps) - 1,
        "steps": steps,
        "currentvalue": {"visible": False},
    }
    return {"frames": frames, "layout": figure["layout"] | {"updatemenus": [menu], "sliders": [slider]}}


def relief(tree: Node, window: Window, names: Sequence[str], series: Mapping[str, Samples]) -> Figure:
    """The surface in three dimensions with the paths on it, as far as they stay in the window."""
    x, y, z = _grid(tree, window)
    heights, height_title, log = _heights(z)
    low = float(np.nanmin(z)) if np.isfinite(z).any() else 0.0
    traces: list[Figure] = [
        {
            "type": "surface",
            "x": x.tolist(),
            "y": y.tolist(),
            "z": _listed(heights),
            "colorscale": _SHADES,
            "meta": {"ground": True},
            "opacity": 0.9,
            "showscale": False,
        }
    ]
    # Between its grid points the drawn surface is flat: a path would dive under it here and there.
    lift = 0.02 * float(np.ptp(heights[np.isfinite(heights)])) if np.isfinite(heights).any() else 0.0
    known = [place for place, name in enumerate(names) if f"{name}/path" in series]
    paths = [_risen(series, names[place], window, lift, low if log else None) for place in known]
    for place, path in zip(known, paths, strict=True):
        trace = curve(RULES[names[place]].title, place, path["x"], path["y"], type="scatter3d", z=path["z"])
        trace["line"] |= {"width": 5}
        trace["meta"] |= {"walk": names[place]}
        traces.append(trace)
    first = len(traces)
    for place, path in zip(known, paths, strict=True):
        runner = head(place, "", {"x": [], "y": []}, size=6) | {"type": "scatter3d"}
        runner["meta"] = style(place)["meta"] | {"runner": names[place]}
        traces.append(runner | {axis: along[-1:] for axis, along in path.items()})
    scene = {
        "camera": {"eye": _eye(window, names, series)},
        "xaxis": {"title": {"text": "x"}},
        "yaxis": {"title": {"text": "y"}},
        "zaxis": {"title": {"text": height_title}},
    }
    space = {"scene": scene, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    figure: Figure = {"data": traces, "layout": space}
    return figure | _animation(figure, first, paths) if paths else figure


def _risen(series: Mapping[str, Samples], name: str, window: Window, lift: float, low: float | None) -> Path:
    """A path at the heights of its values (of their logarithm above `low`, if given), with gaps outside."""
    x0, x1, y0, y1 = window
    path: dict[str, list[float | None]] = {"x": [], "y": [], "z": []}
    flat, values = series[f"{name}/path"], series[f"{name}/value"]["y"]
    for x, y, value in zip(flat["x"], flat["y"], values, strict=True):
        inside = x0 <= x <= x1 and y0 <= y <= y1
        height = value if low is None else float(np.log10(1 + max(value - low, 0.0)))
        for axis, along in zip("xyz", (x, y, lift + height), strict=True):
            path[axis].append(along if inside else None)
    return path


def _eye(window: Window, names: Sequence[str], series: Mapping[str, Samples]) -> Figure:
    """Where to look from: above the side on which the paths end, so that no slope hides them."""
    ends = [(path["x"][-1], path["y"][-1]) for name in names if (path := series.get(f"{name}/path"))]
    x0, x1, y0, y1 = window
    x, y = np.mean(ends, axis=0) if ends else (x0, y0)
    angle = np.arctan2((y - (y0 + y1) / 2) / (y1 - y0), (x - (x0 + x1) / 2) / (x1 - x0))
    return {"x": float(np.cos(angle)), "y": float(np.sin(angle)), "z": 1.8}


def values(series: Sequence[Series], names: Sequence[str], samples: Mapping[str, Samples]) -> Figure:
    """The surface's value along every path."""
    group = [one for one in series if one.name.endswith("/value")]
    return chart(group, samples, {f"{name}/value": place for place, name in enumerate(names)})


def _grid(tree: Node, window: Window) -> tuple[Array, Array, Array]:
    x0, x1, y0, y1 = window
    x, y = np.linspace(x0, x1, GRID), np.linspace(y0, y1, GRID)
    with np.errstate(all="ignore"):
        z = tree.at(*np.meshgrid(x, y)).value
    return x, y, np.where(np.isfinite(z), z, np.nan)


def _heights(z: Array) -> tuple[Array, str, bool]:
    """What is drawn as height: the value, or its logarithm where most of the surface would look flat."""
    known = z[np.isfinite(z)]
    if known.size == 0:
        return z, "value", False
    low, middle, high = np.min(known), np.median(known), np.max(known)
    if high - low > 10 * (middle - low):
        return np.log10(1 + z - low), f"log10(value + {1 - low:.3g})", True
    return z, "value", False


def _listed(z: Array) -> list[list[float | None]]:
    return [[round(value, 6) if np.isfinite(value) else None for value in row] for row in z.tolist()]
