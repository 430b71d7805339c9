"""The best learning rate of one step in closed form, and the loss after T steps differentiated four ways."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from app.lab.demo import Demo, DemoError, Params, Run, Step
from app.lab.fields import number
from app.lab.figures import NEUTRAL, curve, layout, mark, samples_of, style
from app.lab.rate_gradients import Descending
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Point, Samples, Series, Table

ORDER = 4
AGREE = 1e-12
CURVE = 121
CHUNK = 50
"""Steps of gradient descent on the rate between two states."""

_RATE = Axis("learning rate")


class OptimalLearningRateParams(Params):
    """Settings of `optimal-learning-rate`."""

    n: int = number(10, "Equations", "Rows of X.", low=1, high=200, symbol="n")
    d: int = number(30, "Unknowns", "Columns of X.", low=1, high=300, symbol="d")
    steps: int = number(
        10, "Steps", "Updates before the loss is looked at.", low=1, high=1000, scale="log", symbol="T"
    )
    probe: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        title="Probe",
        description="The learning rate at which the derivative is taken; half of the best one if left out.",
        json_schema_extra={"scale": "log", "symbol": "\\eta"},
    )
    descent: int = number(
        300, "Descent on the rate", "Steps of gradient descent on the rate itself.", low=0, high=2000
    )


class OptimalLearningRate(Demo[OptimalLearningRateParams]):
    """The demo."""

    name = "optimal-learning-rate"
    title = "The best learning rate, and gradients through training"
    summary = (
        "One step has its best rate in closed form; for T steps gradient descent finds it, by its gradient."
    )
    text = r"""
With the residual $a = X w_0 - t$, one step of gradient descent on $\frac{1}{n} \|Xw - t\|^2$ gives

$$w_1 = w_0 - \frac{2 \eta}{n} X^T a$$

$$L_1(\eta) = \frac{1}{n} \left\| a - \frac{2 \eta}{n} X X^T a \right\|^2$$

$$\frac{d L_1}{d \eta}
= \frac{2}{n} \left( a - \frac{2 \eta}{n} X X^T a \right)^T \left( -\frac{2}{n} X X^T a \right)$$

It is zero at the best rate of one step, $\eta^* = \frac{n}{2} \|X^T a\|^2 / \|X X^T a\|^2$.

After $T$ steps each eigenvector of the Hessian has shrunk by $(1 - \eta \lambda_i)^T$, so with $e = w_0 -
\hat{w}$ in their coordinates

$$\frac{d L_T}{d \eta} = -T \sum_i \lambda_i^2 (1 - \eta \lambda_i)^{2T - 1} e_i^2$$

Forward mode carries the tangent $z_t = dw_t / d\eta$ along, from $z_0 = 0$ by $z_{t+1} = (I - \eta H) z_t -
g_t$, to $g_T^T z_T$. Reverse mode keeps every $w_t$ and brings the adjoint back. Both must agree with the
closed form to twelve digits, and a central difference to its own accuracy: its width balances what it cuts
off, $\frac{h^2}{6} L'''$, against rounding.

$L_T$ is a sum of even powers of $1 - \eta \lambda_i$, hence convex: it has one best rate, and gradient
descent on $\eta$ itself finds it. It starts at 0; its first step is scaled by $1 / L_T''(0)$, every later
one by the last change of $\eta$ over the last change of the gradient (Barzilai and Borwein 1988). Nothing
is tuned.
"""
    params_model = OptimalLearningRateParams

    def series(self, params: OptimalLearningRateParams) -> list[Series]:
        """The rate found so far and its loss, along gradient descent on the rate."""
        step = Axis("step of gradient descent on the rate")
        return [
            Series("descent/rate", "learning rate", step, _RATE),
            Series("descent/loss", f"loss after {params.steps} steps", step, Axis("loss", log=True)),
        ]

    def start(self, run: Run[OptimalLearningRateParams]) -> Json:
        """Rate zero, and the scale of the first step."""
        inverse = 1 / _problem(run).derivative(0.0, run.params.steps, 2)
        return {"step": 0, "rate": 0.0, "inverse_curvature": inverse, "last": None}

    def step(self, run: Run[OptimalLearningRateParams], state: Json) -> Step:
        """Some steps of gradient descent on the rate, its gradient by forward mode."""
        params, problem = run.params, _problem(run)
        at, rate, points = int(state["step"]), float(state["rate"]), []
        inverse, last = float(state["inverse_curvature"]), state["last"]
        every = max(1, params.descent // 100)
        for _ in range(min(CHUNK, params.descent - at)):
            with np.errstate(over="ignore", invalid="ignore"):
                value, slope = problem.forward(rate, params.steps)
            if not (math.isfinite(value) and math.isfinite(slope)):
                # Too long a step: the last rate from which it was taken is where this descent ends.
                rate, at = last[0] if last else 0.0, params.descent
                break
            if at % every == 0:
                points += [Point("descent/rate", at, rate), Point("descent/loss", at, value + problem.floor)]
            if last is not None and slope != last[1]:
                inverse = (rate - last[0]) / (slope - last[1])
            last = [rate, slope]
            rate, at = rate - inverse * slope, at + 1
        done = at >= params.descent
        if done:
            with np.errstate(over="ignore", invalid="ignore"):
                value = problem.loss(rate, params.steps)
            if not math.isfinite(value) and last is not None:
                rate, value = last[0], problem.loss(last[0], params.steps)
            points += [Point("descent/rate", at, rate), Point("descent/loss", at, value + problem.floor)]
        after = {"step": at, "rate": rate, "inverse_curvature": inverse, "last": last}
        return Step(after, at / max(params.descent, 1), tuple(points), done=done)

    def finish(self, run: Run[OptimalLearningRateParams], state: Json) -> Outcome:
        """The best rates, the derivative four ways, and whether they agree."""
        params, problem = run.params, _problem(run)
        best = problem.best_single_rate()
        probe, steps = params.probe or best / 2, params.steps
        with np.errstate(over="ignore", invalid="ignore"):
            found = {
                "closed_form": problem.derivative(probe, steps),
                "forward": problem.forward(probe, steps)[1],
                "reverse": problem.reverse(probe, steps),
            }
            found["finite_difference"], off = problem.finite_difference(probe, steps)
        if not all(map(math.isfinite, (*found.values(), off))):
            raise DemoError(
                f"with learning rate {probe:g}, {steps} steps go beyond what a number can hold; give a "
                "smaller probe or fewer steps"
            )
        best_for_steps = problem.best_constant_rate(steps)
        result: Json = {"learning_rate": best, "probe": probe, "steps": steps} | found
        result |= {
            "finite_difference_accuracy": off,
            "loss_at_start": problem.loss(0.0, 1) + problem.floor,
            "loss_after_one_best_step": problem.loss(best, 1) + problem.floor,
            "loss_at_probe": problem.loss(probe, steps) + problem.floor,
            "best_rate_for_steps": best_for_steps,
            "descent_rate": state["rate"],
            "descent_converged": abs(state["rate"] - best_for_steps) <= 1e-6 * best_for_steps,
        }
        if params.n * params.d <= 2000:
            X, t, w = _drawn(run)
            result["data"] = {"X": X.tolist(), "t": t.tolist(), "start": w.tolist()}
        checks, notes = _certificate(problem, result, params)
        rows = tuple(
            (title.replace("_", " "), value, _off(value, found["closed_form"]))
            for title, value in found.items()
        )
        table = Table(
            "agreement", f"The derivative at {probe:.6g}", ("way", "derivative", "relative gap"), rows
        )
        return Outcome(
            result, checks, (table,), notes=notes, extras=_curves(problem, best, best_for_steps, steps)
        )

    def figures(
        self, params: OptimalLearningRateParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """Loss after one and after T steps against the rate, and gradient descent on the rate."""
        descent = _descent_figure(series)
        if outcome is None:
            return {"descent": descent}
        extras, result = outcome.extras, outcome.result
        traces = [
            curve("after 1 step", 0, extras["rates"], extras["one"]),
            curve(f"after {params.steps} steps", 1, extras["rates"], extras["many"]),
            curve("tangent at the probe", 2, *_tangent(result), line=style(2)["line"] | {"dash": "dot"}),
        ]
        shape, label = mark(result["learning_rate"], "best of 1 step")
        shown = layout(_RATE, Axis("loss", log=True), shapes=[shape], annotations=[label])
        shown["yaxis"] |= {"range": _decades([*extras["one"], *extras["many"]])}
        return {"loss": {"data": traces, "layout": shown}, "descent": descent}


def _drawn(run: Run[OptimalLearningRateParams]) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng([run.seed, 0])
    n, d = run.params.n, run.params.d
    return rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)


def _problem(run: Run[OptimalLearningRateParams]) -> Descending:
    return Descending.of(*_drawn(run))


def _off(value: float, reference: float) -> float:
    return abs(value - reference) / abs(reference) if reference else abs(value)


def _share(gap: float, size: float) -> float:
    """A gap relative to a size; sizes near the smallest numbers there are have lost their digits."""
    return abs(gap) / max(size, 1e-290)


def _certificate(
    problem: Descending, result: Json, params: OptimalLearningRateParams
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    closed, steps = result["closed_form"], params.steps
    best, probe = result["learning_rate"], result["probe"]
    # Where the terms of the sum cancel, near the best rate, rounding is relative to them, not to their sum.
    size = problem.size_of_terms(probe, steps)
    checks = [
        Check.at_most(
            f"{title} mode agrees with the closed form, relative", _share(value - closed, size), AGREE
        )
        for title, value in (("Forward", result["forward"]), ("Reverse", result["reverse"]))
    ]
    if steps == 1:
        gap = _share(problem.one_step_formula(probe) - closed, size)
        checks.append(Check.at_most("The write-up's formula for one step agrees, relative", gap, AGREE))
    gap = abs(result["finite_difference"] - closed)
    accuracy = result["finite_difference_accuracy"]
    checks.append(Check.at_most("The finite difference agrees to its own accuracy", gap, accuracy))
    flat = abs(problem.one_step_formula(best)) / problem.size_of_terms(0.0, 1)
    checks.append(Check.at_most("dL_1/d eta is 0 at eta*, relative to that at 0", flat, AGREE))
    lowest = min(problem.loss(best * factor, 1) for factor in (0.99, 1.01))
    claim = "No rate 1 % beside eta* is better for one step"
    checks.append(Check.at_most(claim, problem.loss(best, 1), lowest))
    if params.descent == 0:
        return tuple(checks), ()
    gap = _off(result["descent_rate"], result["best_rate_for_steps"])
    claim = f"Gradient descent on the rate has found the best one for {steps} steps, relative"
    checks.append(Check.at_most(claim, gap, 1e-6))
    if result["descent_converged"]:
        return tuple(checks), ()
    note = (
        f"Gradient descent on the rate has not converged in {params.descent} steps; it is still on its way."
    )
    return tuple(checks), (note,)


def _curves(problem: Descending, best: float, best_for_steps: float, steps: int) -> Json:
    rates = np.linspace(0, 2.2 * max(best, best_for_steps), CURVE)
    with np.errstate(over="ignore", invalid="ignore"):
        one = [problem.loss(rate, 1) + problem.floor for rate in rates]
        many = [problem.loss(rate, steps) + problem.floor for rate in rates]
    held = [value if math.isfinite(value) and value < 1e300 else None for value in many]
    return {"rates": rates.tolist(), "one": one, "many": held}


def _tangent(result: Json) -> tuple[list[float], list[float | None]]:
    """The line through (probe, loss) with the derivative as its slope, a fifth of the probe to both sides."""
    x = np.linspace(0.8, 1.2, 9) * result["probe"]
    y = result["loss_at_probe"] + result["closed_form"] * (x - result["probe"])
    return x.tolist(), [value if value > 0 else None for value in y.tolist()]


def _decades(values: list[float | None]) -> list[float]:
    """The range of a logarithmic axis that shows the valley: from the lowest value to ten times the first."""
    shown = [value for value in values if value]
    start = next(value for value in values if value)
    return [math.log10(min(shown)) - 0.2, math.log10(start) + 1]


def _descent_figure(series: Mapping[str, Samples]) -> Figure:
    traces = []
    for place, (name, title, axis) in enumerate(
        (("descent/rate", "learning rate", "y"), ("descent/loss", "loss", "y2"))
    ):
        samples = samples_of(series, name)
        traces.append(curve(title, place, samples["x"], list(samples["y"]), points=name, yaxis=axis))
    shown = layout(Axis("step of gradient descent on the rate"), _RATE)
    second = {
        "title": {"text": "loss"},
        "type": "log",
        "dtick": 1,
        "exponentformat": "power",
        "overlaying": "y",
        "side": "right",
        "automargin": True,
    }
    return {"data": traces, "layout": shown | {"yaxis2": second | {"zeroline": False, "linecolor": NEUTRAL}}}
