"""Which optimizers end at the minimum-norm solution of least squares, and which need not."""

from collections.abc import Mapping

import numpy as np

from app.lab.demo import Demo, Run, Step
from app.lab.descent import Lane, sample_steps
from app.lab.figures import charts, curve, layout
from app.lab.minimum_norm import SWEEP, Experiment, Measured
from app.lab.minimum_norm_claims import certificate
from app.lab.minimum_norm_settings import MinNormParams
from app.lab.rules import RULES
from app.lab.shown import Axis, Figure, Json, Outcome, Point, Samples, Series, Table

ORDER = 1

_STEP = Axis("step")
_KINDS = {
    "distance": Axis("distance to w*, relative", log=True),
    "leakage": Axis("part outside the row space, relative", log=True),
    "residual": Axis("residual, relative", log=True),
}


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
        chunk = max(1, int(0.25 / run.params.seconds_per_step()))
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
