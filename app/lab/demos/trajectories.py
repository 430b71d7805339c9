"""Optimizers side by side on a function of two variables, from any start, with nothing tuned or clipped."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from app.lab.demo import Demo, Run, Step
from app.lab.descent import Lane
from app.lab.expressions import Node, parse
from app.lab.fields import choice, number
from app.lab.optimizer_settings import OptimizerParams
from app.lab.packing import Array
from app.lab.rules import NAMES, RULES, OptimizerName, Rule, make_rule
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Point, Samples, Series, Table
from app.lab.surface_figures import contour, relief, values
from app.lab.surfaces import OWN_WINDOW, SURFACES

ORDER = 6
CHUNK = 500
SAMPLES = 200
FAR = 1e6
"""Who goes further from the origin has left."""

STATIONARY = 1e-6
_PROBES = 64

Coordinate = Annotated[float, Field(ge=-1000, le=1000)]


class TrajectoriesParams(OptimizerParams):
    """Settings of `trajectories`."""

    surface: Literal[
        "himmelblau", "rosenbrock", "rastrigin", "beale", "saddle", "quadratic", "expression"
    ] = choice("himmelblau", "Surface", "The function to walk down; expression takes your own.")
    expression: str = Field(
        "x**2 + 10*y**2 + 3*sin(3*x)",
        title="Expression",
        description="Of x and y: + - * / ** ( ), sin, cos, tan, tanh, exp, log, sqrt, abs, pi, e.",
        max_length=300,
        json_schema_extra={"when": {"surface": "expression"}},
    )
    start: tuple[Coordinate, Coordinate] | None = Field(
        None, title="Start", description="x and y; the surface's own start if left out."
    )
    optimizers: list[OptimizerName] = Field(
        ["gd", "heavy-ball", "rmsprop", "adam"],
        title="Optimizers",
        description="All from the same start.",
        min_length=1,
        max_length=len(NAMES),
    )
    learning_rate: float = number(
        0.01,
        "Learning rate",
        "Of every optimizer without one of its own.",
        low=0,
        high=100,
        above=True,
        scale="log",
        symbol="\\eta",
    )
    learning_rates: dict[OptimizerName, Annotated[float, Field(gt=0, le=100)]] = Field(
        {},
        title="Own learning rates",
        description="For single optimizers, by name.",
        json_schema_extra={"more": True},
    )
    steps: int = number(1000, "Steps", "Updates of each optimizer.", low=1, high=20_000, scale="log")
    noise: float = number(
        0.0,
        "Noise",
        "Standard deviation of normal noise on every gradient.",
        low=0,
        high=1000,
        scale="log",
        more=True,
    )
    preconditioner: float = number(
        0.1,
        "Preconditioner",
        "D = diag(1, this) of the fixed preconditioner.",
        low=1e-4,
        high=1e4,
        scale="log",
        more=True,
    )

    @field_validator("expression")
    @classmethod
    def _parses(cls, expression: str) -> str:
        parse(expression)
        return expression

    @model_validator(mode="after")
    def _starts_where_defined(self) -> Self:
        value, dx, dy = evaluate(self.tree, np.array([self.origin]))
        if not np.isfinite([value, dx, dy]).all():
            x, y = self.origin
            raise ValueError(f"the surface or its gradient is not defined at the start ({x:g}, {y:g})")
        return self

    @property
    def tree(self) -> Node:
        """The surface's expression."""
        return parse(SURFACES[self.surface].expression if self.surface in SURFACES else self.expression)

    @property
    def origin(self) -> tuple[float, float]:
        """Where all start."""
        if self.start is not None:
            return self.start
        return SURFACES[self.surface].start if self.surface in SURFACES else (2.0, 2.0)

    @property
    def window(self) -> tuple[float, float, float, float]:
        """What is shown, widened to hold the start."""
        x0, x1, y0, y1 = SURFACES[self.surface].window if self.surface in SURFACES else OWN_WINDOW
        (x, y), margin = self.origin, 0.05
        return (
            min(x0, x - margin * (x1 - x0)),
            max(x1, x + margin * (x1 - x0)),
            min(y0, y - margin * (y1 - y0)),
            max(y1, y + margin * (y1 - y0)),
        )

    @property
    def names(self) -> list[str]:
        """The optimizers, each once."""
        return list(dict.fromkeys(self.optimizers))

    def rate(self, name: str) -> float:
        """An optimizer's own learning rate, or everybody's."""
        own = {str(key): rate for key, rate in self.learning_rates.items()}
        return own.get(name, self.learning_rate)

    def rule(self, name: str) -> Rule:
        """An optimizer's rule with these hyperparameters."""
        diagonal = np.array([1.0, self.preconditioner])
        return make_rule(name, self.hyper(self.rate(name), diagonal))


def evaluate(tree: Node, w: Array) -> tuple[Array, Array, Array]:
    """Value and gradient at points (m, 2); NaN or infinite where not defined."""
    with np.errstate(all="ignore"):
        return tree.at(w[:, 0], w[:, 1])


class Trajectories(Demo[TrajectoriesParams]):
    """The demo."""

    name = "trajectories"
    title = "Optimizers walking down a surface"
    summary = (
        "Any optimizers from one start on a classic surface or your own formula; nothing tuned or clipped."
    )
    text = r"""
Every optimizer starts at the same point and takes the same number of steps with the update rule printed
beside it, in double precision, with exact gradients: the surface is an expression, and its derivatives come
from the rules of differentiation. No rate is tuned in secret, no gradient is clipped, Adam keeps its bias
correction. Who leaves the picture is drawn leaving, and one who goes on to infinity is stopped and flagged.

Gradient descent on an ill-conditioned quadratic zigzags, since one rate must suit the steepest direction.
Momentum averages the zigzag away. Adaptive rules rescale each axis: on a quadratic along the axes that
removes the ill-conditioning, on a rotated one it does not. Near a saddle the gradient is small and all that
is left of it grows slowly. With a constant rate RMSProp, Adam and sign descent keep moving by about the
rate near a minimum; an optimizer has converged here when the gradient where it ends is below $10^{-6}$.

With noise 0, SGD is gradient descent.
"""
    params_model = TrajectoriesParams

    def series(self, params: TrajectoriesParams) -> list[Series]:
        """Every optimizer's path over the plane, and the surface's value along it."""
        axes = {"path": (Axis("x"), Axis("y")), "value": (Axis("step"), Axis("value"))}
        return [
            Series(f"{name}/{kind}", RULES[name].title, *axis)
            for kind, axis in axes.items()
            for name in params.names
        ]

    def start(self, run: Run[TrajectoriesParams]) -> Json:
        """All at the start."""
        w = np.array([run.params.origin])
        lanes = {name: Lane(w, run.params.rule(name).start(w)).to_json() for name in run.params.names}
        return {"step": 0, "lanes": lanes}

    def step(self, run: Run[TrajectoriesParams], state: Json) -> Step:
        """Some hundred updates of all that have not left."""
        params, at = run.params, int(state["step"])
        tree, lanes = params.tree, {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        points = _sample(tree, lanes, 0) if at == 0 else []
        every, end = max(1, params.steps // SAMPLES), min(at + CHUNK, params.steps)
        rules = {name: params.rule(name) for name in params.names}
        noise = np.random.default_rng([run.seed, 1, at]).normal(size=(end - at, 2)) * params.noise
        for step in range(at, end):
            going = [name for name in params.names if lanes[name].diverged is None]
            if going:
                w = np.concatenate([lanes[name].w for name in going])
                _, dx, dy = evaluate(tree, w)
                gradients = np.stack([dx, dy], axis=1) + noise[step - at]
                for place, name in enumerate(going):
                    _advance(lanes[name], rules[name], gradients[place : place + 1], step + 1)
            if (step + 1) % every == 0 or step + 1 == params.steps:
                points += _sample(tree, lanes, step + 1)
        after = {"step": end, "lanes": {name: lane.to_json() for name, lane in lanes.items()}}
        return Step(after, end / params.steps, tuple(points), done=end >= params.steps)

    def finish(self, run: Run[TrajectoriesParams], state: Json) -> Outcome:
        """Where each ended, how flat it is there, and whether the gradients were right."""
        params = run.params
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        ends = {name: _end(params, name, lane) for name, lane in lanes.items()}
        result: Json = {
            "surface": params.surface,
            "start": list(params.origin),
            "latex": params.tree.latex(),
            "optimizers": ends,
        }
        checks = [_gradients(params, run.seed)]
        notes = []
        for name, found in ends.items():
            title = RULES[name].title
            if found["left_at"] is not None:
                notes.append(
                    f"{title} left at step {found['left_at']}: beyond {FAR:g}, or where nothing is defined."
                )
            elif not found["converged"]:
                notes.append(
                    f"{title} has not converged in {params.steps} steps: the gradient is not yet flat."
                )
            else:
                claim = f"{title} has converged: size of the gradient where it ends"
                checks.append(Check.at_most(claim, found["gradient_norm"], STATIONARY))
        columns = ("optimizer", "learning rate", "x", "y", "value", "gradient", "nearest known minimum")
        keys = ("learning_rate", "x", "y", "value", "gradient_norm", "distance_to_minimum")
        rows = tuple((RULES[name].title, *(found[key] for key in keys)) for name, found in ends.items())
        return Outcome(
            result, tuple(checks), (Table("ends", "Where they end", columns, rows),), notes=tuple(notes)
        )

    def figures(
        self, params: TrajectoriesParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """The contour map with the paths, as an animation; the relief; values against steps."""
        surface = SURFACES.get(params.surface)
        minima = surface.minima if surface else ()
        return {
            "contour": contour(params.tree, params.window, params.origin, minima, params.names, series),
            "relief": relief(params.tree, params.window, params.names, series),
            "value": values(self.series(params), params.names, series),
        }


def _advance(lane: Lane, rule: Rule, gradient: Array, t: int) -> None:
    with np.errstate(all="ignore"):
        w = lane.w - rule.move(gradient, lane.slots, t)
        if np.all(np.abs(w) <= FAR):  # false for NaN too
            lane.w = w
        else:
            lane.diverged = t


def _sample(tree: Node, lanes: Mapping[str, Lane], at: int) -> list[Point]:
    points = []
    for name, lane in lanes.items():
        value = evaluate(tree, lane.w)[0]
        if lane.diverged is None and np.isfinite(value[0]):
            points.append(Point(f"{name}/path", float(lane.w[0, 0]), float(lane.w[0, 1])))
            points.append(Point(f"{name}/value", at, float(value[0])))
    return points


def _end(params: TrajectoriesParams, name: str, lane: Lane) -> Json:
    value, dx, dy = (float(part[0]) for part in evaluate(params.tree, lane.w))
    finite = bool(np.isfinite([value, dx, dy]).all())
    slope = float(np.hypot(dx, dy)) if finite else None
    known = SURFACES[params.surface].minima if params.surface in SURFACES else ()
    x, y = map(float, lane.w[0])
    return {
        "x": x,
        "y": y,
        "learning_rate": params.rate(name),
        "value": value if finite else None,
        "gradient_norm": slope,
        "converged": lane.diverged is None and slope is not None and slope <= STATIONARY,
        "left_at": lane.diverged,
        "distance_to_minimum": min((float(np.hypot(x - a, y - b)) for a, b in known), default=None),
    }


def _gradients(params: TrajectoriesParams, seed: int) -> Check:
    """The gradient over the window against central differences, whose accuracy two widths tell."""
    x0, x1, y0, y1 = params.window
    w = np.random.default_rng([seed, 2]).uniform([x0, y0], [x1, y1], size=(_PROBES, 2))
    _, *exact = evaluate(params.tree, w)
    worst = 0.0
    for axis, derivative in enumerate(exact):
        offset = np.zeros(2)
        offset[axis] = 1e-4
        near, wide = (_difference(params.tree, w, offset * factor) for factor in (1, 2))
        rounding = 1e-10 * (1 + np.abs(evaluate(params.tree, w)[0]))
        with np.errstate(all="ignore"):
            share = np.abs(near - derivative) / (np.abs(near - wide) + rounding)
        worst = max(worst, float(share[np.isfinite(share)].max(initial=0.0)))
    claim = "The gradients agree with finite differences, as a share of their own accuracy"
    return Check.at_most(claim, worst, 1.0)


def _difference(tree: Node, w: Array, offset: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(
            (evaluate(tree, w + offset)[0] - evaluate(tree, w - offset)[0]) / (2 * offset.max())
        )
