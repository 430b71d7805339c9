"""One data point on which RMSProp solves the equation and misses the minimum norm, in exact fractions."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from app.lab.demo import Demo, Params, Run, Step
from app.lab.descent import Descent, Lane, Member, sample_steps
from app.lab.exact import ExactText, Quadratic
from app.lab.figures import NEUTRAL, chart, curve, head, layout, samples_of
from app.lab.least_squares import Batches, LeastSquares
from app.lab.packing import Array
from app.lab.rmsprop_step import (
    FirstStep,
    first_step,
    is_minimum_norm,
    loss,
    minimum_norm,
    predicted_minimum_norm,
)
from app.lab.rules import RULES, Hyper, make_rule
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Point, Samples, Series, Table

ORDER = 2
METHODS = ("gd", "rmsprop", "adagrad", "adam")
STEPS = 4000
CHUNK = 1000
CONVERGED = 1e-8

_DISTANCE = Axis("distance to the minimum norm, relative", log=True)


class CounterexampleParams(Params):
    """Settings of `rmsprop-counterexample`; numbers or fractions such as "2/7"."""

    x: list[ExactText] = Field(
        ["2", "1"],
        title="Data point",
        description="x, one entry for each weight.",
        min_length=1,
        max_length=16,
    )
    target: ExactText = Field("2", title="Target", description="t: the loss is (w^T x - t)^2.")
    learning_rate: ExactText = Field("2/7", title="Learning rate", description="Of the first step, above 0.")
    beta: ExactText = Field("91/100", title="Beta", description="V <- beta V + (1 - beta) g^2; from 0 to 1.")
    epsilon: ExactText = Field("1/5", title="Epsilon", description="Added to the root of V; 0 or more.")
    gradient_scale: ExactText = Field(
        "1",
        title="Scale of the gradient",
        description="1 is the loss's own; the write-up's numbers have 1/4.",
    )

    @field_validator("x")
    @classmethod
    def _not_zero(cls, x: list[str]) -> list[str]:
        if all(Fraction(value) == 0 for value in x):
            raise ValueError("must not be all zeros")
        return x

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        for name in ("learning_rate", "gradient_scale"):
            if Fraction(getattr(self, name)) <= 0:
                raise ValueError(f"{name} must be above 0")
        if not 0 <= Fraction(self.beta) <= 1:
            raise ValueError("beta must be between 0 and 1")
        if Fraction(self.epsilon) < 0:
            raise ValueError("epsilon must not be negative")
        moves = Fraction(self.target) != 0 and Fraction(self.beta) < 1 and all(Fraction(v) for v in self.x)
        if Fraction(self.epsilon) == 0 and not moves:
            raise ValueError(
                "epsilon must be above 0 where a gradient or its running mean is 0: 0/0 is no step"
            )
        return self

    def first_step(self, scale: str | None = None) -> FirstStep:
        """The first step with these settings, or with another scale of the gradient."""
        numbers = (self.target, self.learning_rate, self.beta, self.epsilon, scale or self.gradient_scale)
        return first_step([Fraction(value) for value in self.x], *map(Fraction, numbers))


class RmspropCounterexample(Demo[CounterexampleParams]):
    """The demo."""

    name = "rmsprop-counterexample"
    title = "RMSProp need not find the minimum norm"
    summary = (
        "One data point, exact fractions: a step that solves the equation and is not the smallest solution."
    )
    text = r"""
One data point $x$ with target $t$ has the loss $(w^T x - t)^2$ and the minimum-norm solution
$w^* = t x / \|x\|^2$. RMSProp from $w = 0$ takes the step

$$V = (1 - \beta) g^2, \qquad w_1 = -\eta \frac{g}{\sqrt{V} + \epsilon}, \qquad g = -2 t x$$

Since $\sqrt{V} = |g| \sqrt{1 - \beta}$, coordinate $i$ of $w_1$ is a multiple of $x_i / (2 |t| \sqrt{1 -
\beta} |x_i| + \epsilon)$. This is proportional to $x$, as $w^*$ is, only if all $|x_i|$ that are not zero
are equal. In any other case there is a rate $\eta$ with which the first step has loss exactly zero, where
every gradient vanishes and RMSProp stays, away from $w^*$. So RMSProp need not reach the minimum norm.

The write-up takes $x = (2, 1)$, $t = 2$, $\beta = 0.91$, $\epsilon = 0.2$, $\eta = 2/7$ and prints the
gradient $(-2, -1)$. That belongs to a quarter of the loss it states, whose gradient is $(-8, -4)$: with it
these settings give $w_1 = (80/91, 40/49)$ and a loss of $133956/405769$. The conclusion survives with $\eta
= 91/410$, which gives $w_1 = (28/41, 26/41)$ and a loss of exactly zero, while $w^* = (4/5, 2/5)$.

When $\sqrt{1 - \beta}$ is no fraction, the numbers are kept exactly as $a + b \sqrt{m}$.
"""
    params_model = CounterexampleParams

    def series(self, params: CounterexampleParams) -> list[Series]:
        """Distance to the minimum norm of each method, and its path where there are two weights."""
        found = [Series(f"{name}/distance", RULES[name].title, Axis("step"), _DISTANCE) for name in METHODS]
        if len(params.x) == 2:
            found += [Series(f"{name}/path", RULES[name].title, Axis("w1"), Axis("w2")) for name in METHODS]
        return found

    def start(self, run: Run[CounterexampleParams]) -> Json:
        """All methods at zero."""
        lanes = _descent(run.params).start(np.zeros((1, 1, len(run.params.x))))
        return {"step": 0, "lanes": {name: lane.to_json() for name, lane in lanes.items()}}

    def step(self, run: Run[CounterexampleParams], state: Json) -> Step:
        """A quarter of the way of all methods, in float64."""
        descent, at = _descent(run.params), int(state["step"])
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        points = _sample(run.params, lanes, 0) if at == 0 else []
        end = min(at + CHUNK, STEPS)
        for stop in [step for step in sample_steps(STEPS, 60) if at < step <= end]:
            descent.advance(lanes, at, stop)
            at = stop
            points += _sample(run.params, lanes, at)
        descent.advance(lanes, at, end)
        after = {"step": end, "lanes": {name: lane.to_json() for name, lane in lanes.items()}}
        return Step(after, end / STEPS, tuple(points), done=end >= STEPS)

    def finish(self, run: Run[CounterexampleParams], state: Json) -> Outcome:
        """The exact step, the rate for zero loss, and where the methods ended."""
        params, step = run.params, run.params.first_step()
        rate, smallest = step.rate_for_zero_loss, minimum_norm(step.x, step.target)
        gap = [weight - wanted for weight, wanted in zip(step.w, smallest, strict=True)]
        squared = sum((part * part for part in gap), Quadratic(Fraction(0)))
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        result: Json = {
            "gradient": [str(value) for value in step.gradient],
            "w": [str(weight) for weight in step.w],
            "loss": str(step.loss),
            "minimum_norm": [str(value) for value in smallest],
            "is_minimum_norm": is_minimum_norm(step.w, step.x, step.target),
            "learning_rate_for_zero_loss": None if rate is None else str(rate),
            "w_at_zero_loss": None if rate is None else [str(weight) for weight in step.with_rate(rate)],
            "squared_distance_to_minimum_norm": str(squared),
            "decimal": {"w": [float(weight) for weight in step.w], "loss": float(step.loss)},
            "methods": {name: _ending(params, lane) for name, lane in lanes.items()},
        }
        notes = [
            f"{RULES[name].title} has not converged in {STEPS} steps; where it is says nothing."
            for name, found in result["methods"].items()
            if not found["converged"]
        ]
        if rate is None:
            notes.append("The target is 0, so w = 0 has loss zero already and no rate is needed.")
        return Outcome(
            result, tuple(_certificate(params, step, result)), (_readings(params),), notes=tuple(notes)
        )

    def figures(
        self, params: CounterexampleParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """With two weights the line of solutions and every path; distances against steps."""
        places = {f"{name}/distance": place for place, name in enumerate(METHODS)}
        distance = [one for one in self.series(params) if one.name in places]
        found = {"distance": chart(distance, series, places)}
        return {"plane": _plane(params, series), **found} if len(params.x) == 2 else found


def _problem(params: CounterexampleParams) -> LeastSquares:
    x = np.array([[[float(Fraction(value)) for value in params.x]]])
    return LeastSquares(x, np.array([[float(Fraction(params.target))]]))


def _descent(params: CounterexampleParams) -> Descent:
    """Gradient descent, and adaptive methods whose rate is a twentieth of the answer's largest entry."""
    problem = _problem(params)
    rate = 0.05 * float(np.abs(problem.minimum_norm()).max()) or 1.0
    hyper = Hyper(
        rate, smoothing=float(Fraction(params.beta)), epsilon=float(Fraction(params.epsilon)) or 1e-12
    )
    members = [Member("gd", "gd", Hyper(0.25 / float((problem.X**2).sum())))]
    members += [Member(name, name, hyper, anneals=name != "adagrad") for name in METHODS[1:]]
    return Descent(problem, Batches(0, 1, 1, 1), members, STEPS)


def _distance(params: CounterexampleParams, w: Array) -> float:
    smallest = _problem(params).minimum_norm()
    return float(np.linalg.norm(w - smallest) / (np.linalg.norm(smallest) or 1.0))


def _sample(params: CounterexampleParams, lanes: Mapping[str, Lane], at: int) -> list[Point]:
    points = [Point(f"{name}/distance", at, _distance(params, lane.w)) for name, lane in lanes.items()]
    if len(params.x) == 2:
        points += [Point(f"{name}/path", *map(float, lane.w[0, 0])) for name, lane in lanes.items()]
    return points


def _ending(params: CounterexampleParams, lane: Lane) -> Json:
    problem = _problem(params)
    residual = float(np.abs(problem.residual(lane.w)).max() / (np.abs(problem.t).max() or 1.0))
    return {
        "w": lane.w[0, 0].tolist(),
        "distance_to_minimum_norm": _distance(params, lane.w),
        "residual": residual,
        "converged": lane.diverged is None and residual <= CONVERGED,
    }


def _certificate(params: CounterexampleParams, step: FirstStep, result: Json) -> list[Check]:
    checks = []
    rate = step.rate_for_zero_loss
    if rate is not None:
        landed = step.with_rate(rate)
        exact = str(loss(landed, step.x, step.target))
        checks.append(Check.equal(f"The first step with rate {rate} has loss exactly 0", exact, "0"))
        expected = predicted_minimum_norm(step, Fraction(params.beta))
        claim = (
            "It is the minimum norm, as it must be when all |x_i| that are not 0 are equal"
            if expected
            else "RMSProp need not reach the minimum norm: that point solves the equation and is not it"
        )
        reached = is_minimum_norm(landed, step.x, step.target)
        checks.append(
            Check.equal(
                claim,
                "minimum norm" if reached else "another solution",
                "minimum norm" if expected else "another solution",
            )
        )
    checks.append(
        Check.at_most("Float64 RMSProp takes the same step, relative", _float_gap(params, step), 1e-13)
    )
    if result["methods"]["gd"]["converged"]:
        measured = result["methods"]["gd"]["distance_to_minimum_norm"]
        checks.append(Check.at_most("Gradient descent ends at the minimum norm, relative", measured, 1e-7))
    return checks


def _float_gap(params: CounterexampleParams, step: FirstStep) -> float:
    """Relative distance of the float64 update rule's step from the exact one."""
    g = np.array([float(value) for value in step.gradient])
    hyper = Hyper(
        float(Fraction(params.learning_rate)),
        smoothing=float(Fraction(params.beta)),
        epsilon=float(Fraction(params.epsilon)),
    )
    rule = make_rule("rmsprop", hyper)
    w = -rule.move(g, rule.start(g), 1)
    exact = np.array([float(weight) for weight in step.w])
    return float(np.abs(w - exact).max() / (np.abs(exact).max() or 1.0))


def _readings(params: CounterexampleParams) -> Table:
    """The write-up's quarter gradient, the stated loss's own, and the rate with which that reaches zero."""
    rows = []
    for title, scale in (
        ("a quarter of the gradient, as printed", "1/4"),
        ("the stated loss's gradient", "1"),
    ):
        step = params.first_step(scale)
        rows.append((title, params.learning_rate, _listed(step.gradient), _listed(step.w), str(step.loss)))
    own = params.first_step("1")
    rate = own.rate_for_zero_loss
    if rate is not None:
        landed = own.with_rate(rate)
        final = str(loss(landed, own.x, own.target))
        rows.append(
            ("the same with the rate for zero loss", str(rate), _listed(own.gradient), _listed(landed), final)
        )
    columns = ("reading", "learning rate", "gradient", "w after one step", "loss")
    return Table("readings", "The first step, read three ways", columns, tuple(rows))


def _listed(values: tuple[Quadratic, ...] | tuple[Fraction, ...]) -> str:
    return f"({', '.join(map(str, values))})"


def _plane(params: CounterexampleParams, series: Mapping[str, Samples]) -> Figure:
    step = params.first_step()
    x, t = np.array([float(value) for value in step.x]), float(step.target)
    smallest = np.array([float(value) for value in minimum_norm(step.x, step.target)])
    along = np.array([-x[1], x[0]]) / np.hypot(*x) * 1.5 * (np.hypot(*smallest) or 1.0)
    ends = np.stack([smallest - along, smallest + along])
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": f"solutions: {x[0]:g} w1 + {x[1]:g} w2 = {t:g}",
        "x": ends[:, 0].tolist(),
        "y": ends[:, 1].tolist(),
        "line": {"color": NEUTRAL, "dash": "dash"},
    }
    traces = [line, _spot("minimum norm", "star", [float(value) for value in smallest])]
    for place, name in enumerate(METHODS):
        path = samples_of(series, f"{name}/path")
        traces.append(curve(RULES[name].title, place, path["x"], path["y"], points=f"{name}/path"))
        traces.append(head(place, f"{name}/path", path))
    traces.append(_spot("RMSProp's first step", "x", [float(weight) for weight in step.w]))
    rate = step.rate_for_zero_loss
    if rate is not None:
        landed = [float(weight) for weight in step.with_rate(rate)]
        traces.append(_spot(f"the same step with rate {float(rate):.4g}", "diamond", landed))
    equal = layout(Axis("w1"), Axis("w2"))
    equal["yaxis"] |= {"scaleanchor": "x"}
    return {"data": traces, "layout": equal}


def _spot(title: str, symbol: str, at: list[float]) -> Figure:
    marker = {"symbol": symbol, "size": 13, "color": NEUTRAL}
    return {"type": "scatter", "mode": "markers", "name": title, "x": at[:1], "y": at[1:], "marker": marker}
