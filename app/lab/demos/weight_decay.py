"""L2 regularisation against weight decay: the same for plain SGD, and how far apart for other optimizers."""

from collections.abc import Mapping
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from app.lab.demo import Demo, Run, Step
from app.lab.descent import Descent, Lane, Member, sample_steps
from app.lab.fields import number
from app.lab.figures import chart, curve, layout
from app.lab.least_squares import Batches, random_problems
from app.lab.optimizer_settings import MomentumParams
from app.lab.packing import Array
from app.lab.rules import NAMES, RULES, Hyper, OptimizerName
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Point, Samples, Series, Table

ORDER = 5
MAX_WORK = 120.0
_EPS = float(np.finfo(np.float64).eps)
_GAP = Axis("distance between the two, relative", log=True)
"""Relative to the largest weights either has had so far: rounding is."""


class WeightDecayParams(MomentumParams):
    """Settings of `weight-decay`."""

    n: int = number(10, "Equations", "Rows of X.", low=1, high=100, symbol="n")
    d: int = number(30, "Unknowns", "Columns of X.", low=1, high=300, symbol="d")
    optimizers: list[OptimizerName] = Field(
        ["sgd", "heavy-ball", "adam"],
        title="Optimizers",
        description="Each is run with the penalty and with the decay.",
        min_length=1,
        max_length=len(NAMES),
    )
    decay: float = number(
        1e-3,
        "Decay",
        "Share of w taken away each step; the penalty is decay / (2 learning rate).",
        low=1e-8,
        high=0.5,
        scale="log",
        symbol="\\lambda",
    )
    learning_rate: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        title="Learning rate",
        description="Of all. Left out: 1/(2 max|x_i|^2), times 1 - momentum, over D's largest entry.",
        json_schema_extra={"scale": "log", "symbol": "\\eta"},
    )
    batch_size: int = number(1, "Batch size", "Equations in a mini-batch.", low=1, high=100, symbol="b")
    steps: int = number(1000, "Steps", "Updates of the weights.", low=1, high=50_000, scale="log")
    sweep: int = number(
        9,
        "Decays",
        "In the sweep, from a thousandth of the chosen one to a hundred times it.",
        low=0,
        high=25,
        more=True,
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.batch_size > self.n:
            raise ValueError(f"batch_size must be at most n = {self.n}, not {self.batch_size}")
        columns = 2 * (1 + self.sweep)
        seconds = 30e-6
        for name in self.names:
            seconds += 100e-6 + columns * self.d * (3e-8 + 2e-9 * self.n)
            if name == "full-matrix-adagrad":
                seconds += columns * (60e-6 + 2e-8 * self.d**3)
        if (work := seconds * self.steps) > MAX_WORK:
            raise ValueError(
                f"about {work:.0f} s of work, at most {MAX_WORK:.0f} s are taken; ask for fewer steps, "
                "decays, unknowns or optimizers"
            )
        return self

    @property
    def names(self) -> list[str]:
        """The optimizers, each once."""
        return list(dict.fromkeys(self.optimizers))

    @property
    def decays(self) -> Array:
        """The chosen decay, then those of the sweep (below 1)."""
        swept = self.decay * np.geomspace(1e-3, 1e2, self.sweep)
        return np.concatenate([[self.decay], swept[swept < 1]])

    def equal(self, name: str) -> bool:
        """Whether penalty and decay must be the same: the move is the rate times this step's gradient."""
        if name == "heavy-ball":
            return self.momentum == 0 or self.steps == 1  # the first velocity is the first gradient
        return name in {"gd", "sgd"} or (name == "nesterov" and self.momentum == 0)


class WeightDecay(Demo[WeightDecayParams]):
    """The demo."""

    name = "weight-decay"
    title = "L2 regularisation is weight decay, for plain SGD only"
    summary = (
        "An L2 penalty and decoupled weight decay take the same steps with SGD; momentum and Adam part them."
    )
    text = r"""
With the penalty, $\tilde{L} = \frac{1}{n} \|Xw - t\|^2 + \tilde\lambda \|w\|^2$, a step of gradient descent
is

$$w_1 = w_0 - \eta \left( \nabla L(w_0) + 2 \tilde\lambda w_0 \right)
= (1 - 2 \eta \tilde\lambda) w_0 - \eta \nabla L(w_0)$$

Decoupled weight decay shrinks the weights beside the step:

$$w_1 = (1 - \lambda) w_0 - \eta \nabla L(w_0)$$

They are the same when $\tilde\lambda = \lambda / (2 \eta)$, at every step and with any mini-batches. This
is a property of plain SGD. With momentum the penalty's gradient enters the velocity and acts for many steps
to come, while the decay acts once; with Adam it is divided by the root of the second moment, so that
weights with large gradients decay less (Loshchilov and Hutter 2019). Both start at the same random weights
here and see the same mini-batches.
"""
    params_model = WeightDecayParams

    def series(self, params: WeightDecayParams) -> list[Series]:
        """The gap of every optimizer at the chosen decay, against steps."""
        return [Series(f"{name}/gap", RULES[name].title, Axis("step"), _GAP) for name in params.names]

    def start(self, run: Run[WeightDecayParams]) -> Json:
        """All pairs at the same weights."""
        start = np.random.default_rng([run.seed, 2]).normal(size=(1, 1, run.params.d))
        lanes = _descent(run).start(start)
        zeros = [0.0] * len(run.params.decays)
        return {
            "step": 0,
            "lanes": {name: lane.to_json() for name, lane in lanes.items()},
            "gaps": dict.fromkeys(run.params.names, zeros),
            "sizes": dict.fromkeys(run.params.names, [float(np.linalg.norm(start))] * len(zeros)),
        }

    def step(self, run: Run[WeightDecayParams], state: Json) -> Step:
        """Some steps of all pairs, compared on the way."""
        params, descent, at = run.params, _descent(run), int(state["step"])
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        gaps = {name: np.array(found) for name, found in state["gaps"].items()}
        sizes = {name: np.array(found) for name, found in state["sizes"].items()}
        points, end = [], min(at + max(1, params.steps // 20), params.steps)
        for stop in [step for step in sample_steps(params.steps) if at < step <= end]:
            descent.advance(lanes, at, stop)
            at = stop
            for name in params.names:
                if _going(lanes, name):
                    found, size = _compared(lanes, name)
                    sizes[name] = np.maximum(sizes[name], size)
                    gaps[name] = np.maximum(gaps[name], found / sizes[name])
                    points.append(Point(f"{name}/gap", at, float(found[0] / sizes[name][0])))
        descent.advance(lanes, at, end)
        after = {
            "step": end,
            "lanes": {name: lane.to_json() for name, lane in lanes.items()},
            "gaps": {name: found.tolist() for name, found in gaps.items()},
            "sizes": {name: found.tolist() for name, found in sizes.items()},
        }
        return Step(after, end / params.steps, tuple(points), done=end >= params.steps)

    def finish(self, run: Run[WeightDecayParams], state: Json) -> Outcome:
        """The largest distance between the two trajectories of every optimizer."""
        params, decays = run.params, run.params.decays
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        rates = {name: _rate(run, name) for name in params.names}
        going = {name: _going(lanes, name) for name in params.names}
        order = np.argsort(decays, kind="stable")
        result: Json = {
            "decay": params.decay,
            "distance": {name: state["gaps"][name][0] for name in params.names},
            "learning_rate": rates,
            "penalty": {name: params.decay / (2 * rates[name]) for name in params.names},
            "diverged": [name for name in params.names if not going[name]],
            "sweep": {"decay": decays[order].tolist()}
            | {name: np.array(state["gaps"][name])[order].tolist() for name in params.names},
        }
        checks = [_check(params, name, result["distance"][name]) for name in params.names if going[name]]
        notes = tuple(
            f"{RULES[name].title} diverged; nothing is concluded." for name in params.names if not going[name]
        )
        rows = tuple(
            (
                RULES[name].title,
                rates[name],
                result["penalty"][name],
                result["distance"][name],
                params.equal(name),
            )
            for name in params.names
        )
        columns = ("optimizer", "learning rate", "penalty", "largest distance", "must be equal")
        return Outcome(result, tuple(checks), (Table("pairs", "Both ways", columns, rows),), notes=notes)

    def figures(
        self, params: WeightDecayParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """The gap along the run, and its largest along the decay."""
        places = {f"{name}/gap": place for place, name in enumerate(params.names)}
        along_run = chart(self.series(params), series, places)
        if outcome is None or params.sweep == 0:
            return {"steps": along_run}
        sweep = outcome.result["sweep"]
        traces = [
            curve(
                RULES[name].title,
                place,
                sweep["decay"],
                [gap or None for gap in sweep[name]],
                mode="lines+markers",
            )
            for place, name in enumerate(params.names)
        ]
        axes = layout(Axis("decay per step", log=True), Axis("largest distance, relative", log=True))
        return {"decay": {"data": traces, "layout": axes}, "steps": along_run}


def _rate(run: Run[WeightDecayParams], name: str) -> float:
    if run.params.learning_rate is not None:
        return run.params.learning_rate
    rate = 0.5 / float((random_problems(run.seed, 1, run.params.n, run.params.d).X ** 2).sum(axis=2).max())
    if name == "fixed-preconditioner":
        return rate / float(_diagonal(run).max())
    return rate * (1 - run.params.momentum) if "momentum" in RULES[name].uses else rate


def _diagonal(run: Run[WeightDecayParams]) -> Array:
    return np.random.default_rng([run.seed, 3]).permutation(np.geomspace(0.1, 10, run.params.d))


def _descent(run: Run[WeightDecayParams]) -> Descent:
    params, decays = run.params, run.params.decays[:, None]
    members = []
    for name in params.names:
        rate = _rate(run, name)
        hyper = Hyper(rate, params.momentum, preconditioner=_diagonal(run))
        members.append(Member(f"{name}/penalty", name, hyper, penalty=decays / (2 * rate)))
        members.append(Member(f"{name}/decay", name, hyper, decay=decays))
    problem = random_problems(run.seed, 1, params.n, params.d)
    return Descent(problem, Batches(run.seed, 1, params.n, params.batch_size), members, params.steps)


def _going(lanes: Mapping[str, Lane], name: str) -> bool:
    """Whether neither of a pair has diverged."""
    return lanes[f"{name}/penalty"].diverged is None and lanes[f"{name}/decay"].diverged is None


def _compared(lanes: Mapping[str, Lane], name: str) -> tuple[Array, Array]:
    """For every decay the distance of the pair, and the larger of their norms."""
    one, other = lanes[f"{name}/penalty"].w[0], lanes[f"{name}/decay"].w[0]
    size = np.maximum(np.linalg.norm(one, axis=-1), np.linalg.norm(other, axis=-1))
    return np.asarray(np.linalg.norm(one - other, axis=-1)), np.asarray(size)


def _check(params: WeightDecayParams, name: str, gap: float) -> Check:
    # Each step rounds both trajectories a few units in the last place apart.
    rounding = 64 * _EPS * (params.steps + np.sqrt(params.d))
    title = RULES[name].title
    if params.equal(name):
        return Check.at_most(f"{title}: penalty and decay take the same steps", gap, float(rounding))
    return Check.at_least(f"{title}: penalty and decay part, beyond rounding", gap, float(rounding))
