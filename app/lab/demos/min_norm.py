"""Which optimizers end at the minimum-norm solution of least squares, and which need not."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from app.lab.demo import Demo, Run, Step
from app.lab.descent import Lane, sample_steps
from app.lab.fields import choice, number, switch
from app.lab.figures import charts, curve, layout
from app.lab.minimum_norm import SWEEP, Experiment, Measured
from app.lab.minimum_norm_claims import certificate
from app.lab.optimizer_settings import OptimizerParams
from app.lab.rules import NAMES, RULES, OptimizerName
from app.lab.shown import Axis, Figure, Json, Outcome, Point, Samples, Series, Table

ORDER = 1
MAX_WORK = 120.0
"""Seconds of work, estimated, that a run may ask for."""

_STEP = Axis("step")
_KINDS = {
    "distance": Axis("distance to w*, relative", log=True),
    "leakage": Axis("part outside the row space, relative", log=True),
    "residual": Axis("residual, relative", log=True),
}


class MinNormParams(OptimizerParams):
    """Settings of `min-norm`."""

    n: int = number(10, "Equations", "Rows of X; fewer than its columns.", low=1, high=100, symbol="n")
    d: int = number(30, "Unknowns", "Columns of X, the weights.", low=2, high=300, symbol="d")
    optimizer: OptimizerName = choice("sgd", "Optimizer", "The one whose numbers are the result.")
    compare: list[OptimizerName] = choice(
        ["adam"], "Beside it", "Other optimizers on the same problem and mini-batches.", most=len(NAMES)
    )
    learning_rate: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        title="Learning rate",
        description="Of the optimizer. Left out: 1/(2 max|x_i|^2) where steps are multiples of gradients "
        "(times 1 - momentum, over D's largest entry), 0.1 for both AdaGrads, 0.01 for the others. Those "
        "beside it take these; the result says which.",
        json_schema_extra={"scale": "log", "symbol": "\\eta"},
    )
    batch_size: int = number(
        1, "Batch size", "Equations in a mini-batch, drawn without replacement.", low=1, high=100, symbol="b"
    )
    steps: int = number(10_000, "Steps", "Updates of the weights.", low=1, high=200_000, scale="log")
    schedule: Literal["auto", "constant", "decay"] = choice(
        "auto",
        "Schedule of the rate",
        "decay: constant for half the run, then geometrically down to 1e-9 of it. auto: decay for rules "
        "whose steps do not vanish with the gradient, constant for the others.",
        more=True,
    )
    start: Literal["zero", "row-space", "random"] = choice(
        "zero", "Start", "zero; row-space: random inside the row space; random: anywhere."
    )
    problem: Literal["random", "signs"] = choice(
        "random",
        "Problem",
        "random: X and t standard normal; signs: X sign(X^T t) = c t (Wilson et al. 2017).",
        more=True,
    )
    penalty: float = number(
        0.0,
        "L2 penalty",
        "Added to the loss as penalty |w|^2.",
        low=0,
        high=100,
        scale="log",
        symbol="\\tilde\\lambda",
        more=True,
    )
    epsilon_sweep: bool = switch(
        False, "Sweep epsilon", "The optimizer also with epsilon from 1e-8 to 1e6, its rate growing along."
    )
    runs: int = number(1, "Problems", "Independent problems solved at once.", low=1, high=64, more=True)
    tolerance: float = number(
        1e-8,
        "Tolerance",
        "A run has converged when its relative residual is at most this.",
        low=1e-14,
        high=0.1,
        scale="log",
        more=True,
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.n >= self.d:
            raise ValueError(
                f"n must be below d for many solutions to exist, but n = {self.n} and d = {self.d}"
            )
        if self.batch_size > self.n:
            raise ValueError(f"batch_size must be at most n = {self.n}, not {self.batch_size}")
        if self.epsilon_sweep and not ("epsilon" in RULES[self.optimizer].uses and self._adapts()):
            raise ValueError(f"{RULES[self.optimizer].title} has no epsilon beside a root to sweep")
        if self.epsilon_sweep and (self.penalty or self.start == "random"):
            raise ValueError("the sweep of epsilon needs penalty 0 and a start of zero or in the row space")
        work = self.steps * Experiment.seconds_per_step(self)
        if work > MAX_WORK:
            raise ValueError(
                f"about {work:.0f} s of work, at most {MAX_WORK:.0f} s are taken; ask for fewer steps, "
                "problems, unknowns or optimizers"
            )
        return self

    def _adapts(self) -> bool:
        return RULES[self.optimizer].kind == "adaptive"

    @property
    def optimizers(self) -> list[str]:
        """All that take part, each once, the main one first."""
        return list(dict.fromkeys([self.optimizer, *self.compare]))


class MinNorm(Demo[MinNormParams]):
    """The demo."""

    name = "min-norm"
    title = "Where optimizers end when there are many solutions"
    summary = "SGD from zero ends at the smallest solution, whatever the batches; adaptive methods need not."
    text = r"""
With fewer equations than unknowns, $Xw = t$ has many solutions. The one of smallest norm is
$w^* = X^T (X X^T)^{-1} t$: it is the only one in the row space of $X$, since two solutions differ by a vector
that $X$ maps to zero, and such a vector is orthogonal to every row.

**SGD stays in the row space.** A mini-batch of $b$ equations is $B = S^T X$, with $S$ of size $n \times b$
selecting its rows. Its gradient is

$$\nabla L_B(w) = \frac{2}{b} B^T (B w - t_B) = X^T \left( \frac{2}{b} S (B w - t_B) \right)$$

so it is $X^T$ times something: a combination of rows. From $w_0 = 0$ every iterate is $w_k = X^T a_k$, and
so is the limit $w = X^T a$. If the limit solves every equation, then $X X^T a = t$, hence $a = (X X^T)^{-1}
t$ and $w = w^*$. One batch's equation is not enough for this: it needs those of all batches, which together
are $Xw = t$.

Nothing here used the size or order of the batches, or that the step was one gradient long. Any update made
of scalar combinations of past gradients stays: heavy ball and Nesterov too, and full-matrix AdaGrad, whose
matrix maps the span of its gradients to itself. From $w_0 \neq 0$ the part outside, $(I - P) w_0$, is never
touched, and the limit is $w^* + (I - P) w_0$. A fixed diagonal $D$ replaces $X^T$ by $D X^T$: the limit is
$D X^T (X D X^T)^{-1} t$. An L2 penalty stays in the row space but ends at the ridge solution instead of
$w^*$.

**Adaptive methods need not.** Dividing each coordinate by the size of its own past gradients turns the step
out of the row space. They interpolate as well, but at another point, whose distance to $w^*$ is measured
here. On some problems they do reach $w^*$ ($d = 1$, or all coordinates alike), so the claim is "need not",
never "does not". With $\epsilon \to \infty$ and $\eta \propto \epsilon$ the division becomes the same for
all coordinates, and they return to $w^*$. If $X\, \mathrm{sign}(X^T t) = c\, t$, adaptive methods with full
batches end along $\mathrm{sign}(X^T t)$ (Wilson et al. 2017, lemma 3.1).

A run whose residual has not fallen below the tolerance is flagged, and nothing is concluded from it.
"""
    params_model = MinNormParams

    def series(self, params: MinNormParams) -> list[Series]:
        """Distance, leakage and residual of every optimizer."""
        return [
            Series(f"{name}/{kind}", RULES[name].title, _STEP, axis)
            for kind, axis in _KINDS.items()
            for name in params.optimizers
        ]

    def start(self, run: Run[MinNormParams]) -> Json:
        """Every optimizer at the start."""
        lanes = Experiment(run.params, run.seed).begin()
        return {"step": 0, "lanes": {name: lane.to_json() for name, lane in lanes.items()}, "extremes": {}}

    def step(self, run: Run[MinNormParams], state: Json) -> Step:
        """About a quarter of a second of updates, sampled on the way."""
        experiment = Experiment(run.params, run.seed)
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        extremes: dict[str, Json] = dict(state["extremes"])
        total, at = run.params.steps, int(state["step"])
        points = self._sample(experiment, lanes, at, extremes) if at == 0 else []
        chunk = max(1, int(0.25 / Experiment.seconds_per_step(run.params)))
        end = min(at + chunk, total)
        for stop in [step for step in sample_steps(total) if at < step <= end]:
            experiment.descent.advance(lanes, at, stop)
            at = stop
            points += self._sample(experiment, lanes, at, extremes)
        experiment.descent.advance(lanes, at, end)
        packed = {name: lane.to_json() for name, lane in lanes.items()}
        after = {"step": end, "lanes": packed, "extremes": extremes}
        return Step(after, end / total, tuple(points), done=end >= total)

    def _sample(
        self, experiment: Experiment, lanes: Mapping[str, Lane], at: int, extremes: dict[str, Json]
    ) -> list[Point]:
        """Points of all lanes that still run; their largest weights and way out of the row space are kept."""
        points = []
        for name in experiment.params.optimizers:
            if lanes[name].diverged is None:
                found = experiment.measure(lanes[name].w)
                before = extremes.get(name, {"moved_out": 0.0, "size": 0.0})
                extremes[name] = {
                    "moved_out": max(before["moved_out"], float(found.moved_out.max())),
                    "size": max(before["size"], float(found.size.max())),
                }
                for kind in _KINDS:
                    points.append(Point(f"{name}/{kind}", at, float(getattr(found, kind).max())))
        return points

    def finish(self, run: Run[MinNormParams], state: Json) -> Outcome:
        """Distances at the end, largest over the problems, and what they prove."""
        experiment = Experiment(run.params, run.seed)
        lanes = {name: Lane.from_json(lane) for name, lane in state["lanes"].items()}
        measured = {name: experiment.measure(lane.w) for name, lane in lanes.items()}
        optimizers = {
            name: self._summary(experiment, name, lanes[name], measured[name])
            for name in run.params.optimizers
        }
        main = optimizers[run.params.optimizer]
        keys = ("distance_to_minimum_norm", "row_space_leakage", "residual", "converged", "learning_rate")
        result: Json = {key: main[key] for key in keys} | {"optimizers": optimizers}
        if run.params.epsilon_sweep:
            result["epsilon_sweep"] = experiment.sweep_rows(measured[SWEEP])
        if run.params.runs * run.params.n * run.params.d <= 2000:
            result["problem"] = {"X": experiment.problem.X.tolist(), "t": experiment.problem.t.tolist()}
            result["minimum_norm"] = experiment.minimum_norm[:, 0].tolist()
            result["weights"] = {name: lanes[name].w[:, 0].tolist() for name in run.params.optimizers}
        checks, notes = certificate(experiment, lanes, measured, state["extremes"])
        rows = tuple((RULES[name].title, *(found[key] for key in keys)) for name, found in optimizers.items())
        columns = ("optimizer", "distance to w*", "outside the row space", "residual", "converged", "rate")
        return Outcome(result, checks, (Table("optimizers", "At the end", columns, rows),), notes=notes)

    def _summary(self, experiment: Experiment, name: str, lane: Lane, found: Measured) -> Json:
        member = experiment.member(name)
        return {
            "distance_to_minimum_norm": float(found.distance.max()),
            "row_space_leakage": float(found.leakage.max()),
            "residual": float(found.residual.max()),
            "converged": experiment.converged(name, lane, found),
            "learning_rate": float(np.max(member.hyper.rate)),
            "schedule": "decay" if member.anneals else "constant",
            "diverged_at": lane.diverged,
            "distance_to_prediction": experiment.off_prediction(name, lane),
        }

    def figures(
        self, params: MinNormParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """Distance, leakage and residual against steps; distance against epsilon after a sweep."""
        places = {f"{name}/{kind}": place for kind in _KINDS for place, name in enumerate(params.optimizers)}
        figures = dict(zip(_KINDS, charts(self.series(params), series, places), strict=True))
        if outcome is not None and "epsilon_sweep" in outcome.result:
            rows = [row for row in outcome.result["epsilon_sweep"] if row["distance"] is not None]
            x, y = [row["epsilon"] for row in rows], [row["distance"] for row in rows]
            trace = curve(RULES[params.optimizer].title, 0, x, y, mode="lines+markers")
            axes = Axis("epsilon", log=True), _KINDS["distance"]
            figures["epsilon"] = {"data": [trace], "layout": layout(*axes)}
        return figures
