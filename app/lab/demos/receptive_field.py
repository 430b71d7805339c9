"""What an output pixel sees: by arithmetic, by gradients, and how much of it really counts."""

from collections.abc import Mapping

import numpy as np

from app.lab.demo import Demo, Run, Step
from app.lab.figures import NEUTRAL, curve, layout, samples_of
from app.lab.packing import Array, pack, unpack
from app.lab.receptive.boxes import Box, part, reached_box, spread
from app.lab.receptive.plan import Plan, ReceptiveFieldParams, plan, random_map, skeleton_map
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Point, Samples, Series, Table

ORDER = 7
_DRAWS = Axis("random networks averaged")


class ReceptiveField(Demo[ReceptiveFieldParams]):
    """The demo."""

    name = "receptive-field"
    title = "What one output pixel sees"
    summary = "The theoretical receptive field against the gradient's own, and the part of it that counts."
    text = r"""
An output pixel depends on a window of the input. Along one axis a layer with kernel $k$, dilation $d$ and
stride $s$ widens it by $d (k - 1)$ steps of what the strides before it have made of one pixel:

$$r = 1 + \sum_l d_l (k_l - 1) \prod_{i < l} s_i$$

This is checked against gradients: in a copy of the network with equal positive weights, sums in place of
maxima and no activations, the gradient of an output by an input pixel counts the paths between them, so it
is nonzero exactly where one exists.

The paths are many in the middle and few at the rim. With equal weights each layer adds a uniform variable
of variance $(k^2 - 1)/12$ in its own steps, so the window's weight has the standard deviation

$$\sigma = \sqrt{\sum_l \frac{k_l^2 - 1}{12} \left( d_l \prod_{i < l} s_i \right)^2}$$

which for a stack grows like $\sqrt{\text{depth}}$ while the window grows like the depth: the effective
field is a shrinking part of the theoretical one (Luo et al. 2016). With random weights the mean squared
gradient follows the same counts; it is averaged here over random networks with their activations.
"""
    params_model = ReceptiveFieldParams

    def series(self, params: ReceptiveFieldParams) -> list[Series]:
        """The effective field's size as more random networks are averaged."""
        return [Series("sigma", "standard deviation of the mean squared gradient", _DRAWS, Axis("pixels"))]

    def start(self, run: Run[ReceptiveFieldParams]) -> Json:
        """Nothing drawn."""
        return {"draws": 0, "sum": None}

    def step(self, run: Run[ReceptiveFieldParams], state: Json) -> Step:
        """One random network's squared gradient."""
        drawn, params = int(state["draws"]), run.params
        if drawn >= params.draws:
            return Step(state, 1.0, done=True)
        chosen = plan(params)
        total = random_map(chosen, run.seed, drawn)
        if state["sum"] is not None:
            total = total + unpack(state["sum"])
        drawn += 1
        points = (Point("sigma", drawn, float(np.mean(spread(total).sigma))),) if total.any() else ()
        return Step(
            {"draws": drawn, "sum": pack(total)}, drawn / params.draws, points, done=drawn == params.draws
        )

    def finish(self, run: Run[ReceptiveFieldParams], state: Json) -> Outcome:
        """Theoretical, reached and effective field."""
        params, chosen = run.params, plan(run.params)
        paths = skeleton_map(chosen)
        box, reached = chosen.window, reached_box(paths)
        equal = spread(paths) if paths.any() else None
        drawn = unpack(state["sum"]) if state["sum"] is not None else None
        random = spread(drawn) if drawn is not None and drawn.any() else None
        result: Json = {
            "input": list(chosen.shape),
            "layer": chosen.report.layers[chosen.count - 1].name,
            "output": list(chosen.output),
            "theoretical": {"start": list(chosen.box[:2]), "size": list(chosen.box[2:])},
            "reached": {"start": list(reached[:2]), "size": list(reached[2:])},
            "sigma_equal_weights": None if equal is None else list(equal.sigma),
            "effective_side_equal_weights": None if equal is None else equal.side,
            "sigma_random_weights": None if random is None else list(random.sigma),
            "effective_side_random_weights": None if random is None else random.side,
            "sigma_formula": chosen.sigma,
        }
        checks = [_reach(chosen, reached)]
        if chosen.formula is not None:
            checks.append(Check.equal("Size by the formula", chosen.box[2], chosen.formula))
        if chosen.sigma is not None and equal is not None:
            off = max(abs(sigma - chosen.sigma) for sigma in equal.sigma) / max(chosen.sigma, 1.0)
            checks.append(
                Check.at_most("Equal weights: standard deviation off the formula, relative", off, 1e-9)
            )
        notes = _notes(chosen, params)
        rows = tuple(_rows(result))
        table = Table("fields", "Receptive field in pixels", ("field", "height", "width"), rows)
        extras = {
            "box": list(box),
            "paths": _scaled(part(paths, box)),
            "random": None if drawn is None else _scaled(drawn),
        }
        return Outcome(result, tuple(checks), (table,), notes=notes, extras=extras)

    def figures(
        self, params: ReceptiveFieldParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """Heat maps with the theoretical window around them, and a cut through their middle."""
        found: dict[str, Figure] = {}
        if outcome is not None:
            extras = outcome.extras
            if extras["random"] is not None:
                found["effective"] = _heat(extras, "random")
            found["paths"] = _heat(extras, "paths")
            found["cut"] = _cut(extras)
        samples = samples_of(series, "sigma")
        trace = curve("standard deviation", 0, samples["x"], list(samples["y"]), points="sigma")
        found["sigma"] = {"data": [trace], "layout": layout(_DRAWS, Axis("standard deviation, pixels"))}
        return found


def _reach(chosen: Plan, reached: Box) -> Check:
    if chosen.window == chosen.box:
        claim = "The gradient reaches exactly the theoretical field"
        return Check.equal(claim, _shown(reached), _shown(chosen.window))
    # At a border the strides may leave out pixels that the window, which knows no border, holds.
    (top, left, tall, wide), (a, b, height, width) = reached, chosen.window
    inside = a <= top and b <= left and top + tall <= a + height and left + wide <= b + width
    claim = "The gradient reaches nothing outside the theoretical field, as far as that lies in the picture"
    return Check(claim, _shown(reached), _shown(chosen.window), inside)


def _shown(box: Box) -> str:
    top, left, height, width = box
    return f"rows {top} to {top + height - 1}, columns {left} to {left + width - 1}" if height else "nothing"


def _rows(result: Json) -> list[tuple[str, float, float]]:
    rows: list[tuple[str, float, float]] = [("theoretical", *result["theoretical"]["size"])]
    rows.append(("reached by gradients", *result["reached"]["size"]))
    for kind in ("equal", "random"):
        if (side := result[f"effective_side_{kind}_weights"]) is not None:
            rows.append((f"holds 95.45 % of the weight, {kind} weights", side, side))
    return rows


def _notes(chosen: Plan, params: ReceptiveFieldParams) -> tuple[str, ...]:
    notes = []
    layers = chosen.report.layers
    if chosen.count < len(layers):
        last, next_one = layers[chosen.count - 1], layers[chosen.count]
        notes.append(
            f"Looked at the output of {last.name}: {next_one.name} ({next_one.type}) cannot be run here."
        )
    if chosen.window != chosen.box:
        notes.append(
            "The window reaches into the padding; it is compared and weighed inside the picture only."
        )
    if params.draws == 0:
        notes.append("No random networks were drawn, so there is no effective field with random weights.")
    return tuple(notes)


def _scaled(weights: Array) -> list[list[float]]:
    largest = float(weights.max()) or 1.0
    scaled: list[list[float]] = np.round(weights / largest, 6).tolist()
    return scaled


def _heat(extras: Json, kind: str) -> Figure:
    weights = extras[kind]
    top, left, height, width = extras["box"]
    outline = {
        "type": "rect",
        "x0": left - 0.5,
        "x1": left + width - 0.5,
        "y0": top - 0.5,
        "y1": top + height - 0.5,
        "line": {"color": NEUTRAL, "width": 2},
    }
    trace = {
        "type": "heatmap",
        "z": weights,
        "x0": left,
        "y0": top,
        "colorscale": "Cividis",
        "colorbar": {"title": {"text": "share of the largest"}},
        "hovertemplate": "column %{x}, row %{y}: %{z:.3g}<extra></extra>",
    }
    shown = layout(Axis("input column"), Axis("input row"), shapes=[outline])
    shown["yaxis"] |= {"autorange": "reversed", "scaleanchor": "x"}
    return {"data": [trace], "layout": shown}


def _cut(extras: Json) -> Figure:
    traces = []
    for place, (kind, title) in enumerate(
        (("paths", "equal weights"), ("random", "random weights, squared"))
    ):
        if extras[kind] is not None:
            row = extras[kind][len(extras[kind]) // 2]
            columns = [extras["box"][1] + column for column in range(len(row))]
            traces.append(curve(title, place, columns, row))
    return {"data": traces, "layout": layout(Axis("input column, middle row"), Axis("share of the largest"))}
