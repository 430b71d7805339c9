"""What differentiating through training costs: memory against the number of steps, measured for each way."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from app.lab.demo import Demo, DemoError, Params, Run, Step
from app.lab.fields import choice, number, switch
from app.lab.figures import chart
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Picture, Point, Samples, Series, Table
from app.lab.unrolled.graph import describe, draw

ORDER = 3
EXPONENTS = {
    "forward_pass": 0.0,
    "reverse": 1.0,
    "forward": 0.0,
    "checkpointed": 0.5,
    "finite_difference": 0.0,
}
"""What theory says: bytes kept grow like T to this power."""

TITLES = {
    "forward_pass": "no gradient",
    "reverse": "reverse mode",
    "forward": "forward mode",
    "checkpointed": "checkpointed",
    "finite_difference": "finite difference",
}
NEAR = 0.15
"""A fitted exponent may be this far off: constant parts bend the line at small T."""

RANGE = 16
"""Smallest ratio of step counts from which an exponent is concluded."""

AGREE = 1e-12
MAX_BYTES = 256 * 2**20
MAX_STEPS = 20_000

_STEPS = Axis("steps T", log=True)


class UnrolledGradientParams(Params):
    """Settings of `unrolled-gradient`."""

    d: int = number(100, "Weights", "Length of w.", low=1, high=10_000, scale="log", symbol="d")
    n: int = number(10, "Data points", "Rows of X.", low=1, high=200, symbol="n")
    steps: list[Annotated[int, Field(ge=1, le=4096)]] = Field(
        [16, 64, 256, 1024],
        title="Step counts",
        description="Lengths T of the loop.",
        min_length=1,
        max_length=12,
    )
    loss: Literal["squares", "logistic"] = choice(
        "squares",
        "Loss",
        "squares: mean of (x^T w - t)^2; logistic: mean of log(1 + exp(-t x^T w)), t = -1 or 1.",
    )
    learning_rate: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        title="Learning rate",
        description="Where the derivative is taken; 1 over the largest curvature of the squares if left out.",
        json_schema_extra={"scale": "log", "symbol": "\\eta", "more": True},
    )
    graph_steps: int = number(3, "Steps drawn", "Length of the loop in the drawn graph.", low=1, high=256)
    measure_time: bool = switch(
        False, "Measure time", "Also wall-clock time, which is never the same twice; all else is."
    )

    @field_validator("steps")
    @classmethod
    def _ascending(cls, steps: list[int]) -> list[int]:
        return sorted(set(steps))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (size := self.steps[-1] * (self.d + 8 * self.n) * 16) > MAX_BYTES:
            raise ValueError(
                f"reverse mode would keep about {size >> 20} MiB, at most {MAX_BYTES >> 20} are taken; "
                "ask for fewer steps or weights"
            )
        if sum(self.steps) > MAX_STEPS:
            raise ValueError(f"{sum(self.steps)} steps in all, at most {MAX_STEPS} are taken")
        return self


class UnrolledGradient(Demo[UnrolledGradientParams]):
    """The demo."""

    name = "unrolled-gradient"
    title = "The gradient through training, and what it keeps"
    summary = (
        "The unrolled loop's graph, its derivative by the learning rate five ways, and the bytes each keeps."
    )
    text = r"""
Training is a loop, $w_{t+1} = w_t - \frac{\eta}{n} \sum_j \nabla \tilde{L}(x_j, w_t)$, and the loss after
$T$ steps is a function of $\eta$. Its derivative $d\tilde{L}_T / d\eta$ can be had in several ways:

- Reverse mode runs the loop, keeps what every step needs, and goes back through it: memory grows like $T$.
- Forward mode carries the tangent $z_t = dw_t / d\eta$ along, $z_{t+1} = (I - \eta H_t) z_t - g_t$, and
  ends with $g_T^T z_T$: memory does not depend on $T$.
- Checkpointing keeps every $\sqrt{T}$-th $w$ and runs each stretch once more on the way back: memory grows
  like $\sqrt{T}$, for one extra forward pass.
- A finite difference runs the loop at two learning rates: no memory, and few digits.

Running the loop without wanting the gradient needs one $w$ at a time, whatever $T$: the write-up says
$O(T)$ there because it counts what the backward pass needs.

The bytes here are measured: PyTorch reports every tensor it saves for a backward pass, each storage is
counted once, and what a loop carries from step to step is added. The data belongs to all ways alike and is
left out. The exponent is the slope of a straight line through the logarithms.
"""
    params_model = UnrolledGradientParams

    def series(self, params: UnrolledGradientParams) -> list[Series]:
        """Bytes and gradients of every way, and its time when that is measured."""
        kinds = {
            "bytes": Axis("bytes kept at most", log=True),
            "gradients": Axis("gradients taken", log=True),
        }
        if params.measure_time:
            kinds["seconds"] = Axis("seconds", log=True)
        return [
            Series(f"{way}/{kind}", title, _STEPS, axis)
            for kind, axis in kinds.items()
            for way, title in TITLES.items()
        ]

    def start(self, run: Run[UnrolledGradientParams]) -> Json:
        """Nothing measured."""
        return {"measured": []}

    def step(self, run: Run[UnrolledGradientParams], state: Json) -> Step:
        """One way for one number of steps."""
        from app.lab.unrolled.methods import METHODS

        done = list(state["measured"])
        places = [(way, steps) for steps in run.params.steps for way in TITLES]
        way, steps = places[len(done)]
        found = METHODS[way](_problem(run), steps)
        if not all(math.isfinite(value) for value in (found.derivative, found.accuracy) if value is not None):
            raise DemoError(f"with this learning rate {steps} steps go beyond what a number can hold")
        entry: Json = {
            "way": way,
            "steps": steps,
            "bytes": found.peak_bytes,
            "gradients": found.gradients,
            "derivative": found.derivative,
            "accuracy": found.accuracy,
        }
        if run.params.measure_time:
            entry["seconds"] = found.seconds
        points = tuple(
            Point(f"{way}/{kind}", steps, entry[kind])
            for kind in ("bytes", "gradients", "seconds")
            if kind in entry
        )
        done.append(entry)
        return Step({"measured": done}, len(done) / len(places), points, done=len(done) == len(places))

    def finish(self, run: Run[UnrolledGradientParams], state: Json) -> Outcome:
        """Bytes by way and step count, exponents, and whether all ways agree."""
        by_way: dict[str, list[Json]] = {way: [] for way in TITLES}
        for entry in state["measured"]:
            by_way[entry["way"]].append(entry)
        steps = run.params.steps
        exponents = {way: fit([e["bytes"] for e in found], steps) for way, found in by_way.items()}
        result: Json = {"steps": steps, "exponents": exponents}
        kinds = ["bytes", "gradients", "derivative"] + ["seconds"] * run.params.measure_time
        for kind in kinds:
            result[kind] = {way: [entry[kind] for entry in found] for way, found in by_way.items()}
        problem = _problem(run)
        # A derivative this far below the first loss over the rate is made of rounding.
        floor = 1e-12 * float(problem.loss(problem.start)) / problem.rate
        checks, notes = _certificate(run.params, by_way, exponents, floor)
        columns = ("way", *(f"T = {count}" for count in steps), "exponent", "theory")
        rows = tuple(
            (title, *result["bytes"][way], exponents[way], EXPONENTS[way]) for way, title in TITLES.items()
        )
        table = Table("bytes", "Bytes kept at most", columns, rows)
        drawn = run.params.graph_steps
        picture = Picture("graph", "The computational graph", describe(drawn), "image/svg+xml", draw(drawn))
        return Outcome(result, checks, (table,), (picture,), notes)

    def figures(
        self, params: UnrolledGradientParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """Bytes, gradients and time against T, both axes logarithmic."""
        found: dict[str, Figure] = {}
        for one in self.series(params):
            kind = one.name.split("/")[1]
            if kind not in found:
                group = [other for other in self.series(params) if other.name.endswith(f"/{kind}")]
                places = {other.name: place for place, other in enumerate(group)}
                found[kind] = chart(group, series, places)
                for trace in found[kind]["data"]:
                    trace["mode"] = "lines+markers"
        return found


def _problem(run: Run[UnrolledGradientParams]) -> Any:
    import torch

    from app.lab.unrolled.methods import Problem

    rng, p = np.random.default_rng([run.seed, 0]), run.params
    X, t, start = rng.normal(size=(p.n, p.d)), rng.normal(size=p.n), rng.normal(size=p.d)
    rate = p.learning_rate or 1 / (2 / p.n * float(np.linalg.norm(X, 2)) ** 2)
    return Problem(torch.from_numpy(X), torch.from_numpy(t), torch.from_numpy(start), rate, p.loss)


def fit(values: list[float], steps: list[int]) -> float | None:
    """The slope of log(values) against log(steps) by least squares; None for a single step count."""
    if len(steps) < 2:
        return None
    if len(set(values)) == 1:
        return 0.0
    return float(np.polyfit(np.log(steps), np.log(values), 1)[0])


def _certificate(
    params: UnrolledGradientParams,
    by_way: Mapping[str, list[Json]],
    exponents: Mapping[str, float | None],
    floor: float,
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    reverse = [entry["derivative"] for entry in by_way["reverse"]]
    checks, notes = [], []
    for way in ("forward", "checkpointed"):
        gaps = [
            abs(entry["derivative"] - value) / max(abs(value), floor)
            for entry, value in zip(by_way[way], reverse, strict=True)
        ]
        claim = f"{TITLES[way]} agrees with reverse mode, relative".capitalize()
        checks.append(Check.at_most(claim, max(gaps), AGREE))
    differences = by_way["finite_difference"]
    worst = max(
        abs(entry["derivative"] - value) / entry["accuracy"]
        for entry, value in zip(differences, reverse, strict=True)
    )
    checks.append(Check.at_most("The finite difference agrees, as a share of its own accuracy", worst, 1.0))
    if len(params.steps) > 1 and params.steps[-1] >= RANGE * params.steps[0]:
        for way, expected in EXPONENTS.items():
            gap = abs((exponents[way] or 0.0) - expected)
            claim = f"Bytes kept, {TITLES[way]}: fitted exponent of T is {expected:g}, off by"
            checks.append(Check.at_most(claim, gap, NEAR))
    else:
        notes.append(
            f"No exponent is concluded: the largest step count must be {RANGE} times the smallest or more."
        )
    if len(params.steps) > 2:
        kept = [entry["bytes"] for entry in by_way["reverse"]]
        slopes = np.diff(kept) / np.diff(params.steps)
        claim = "Reverse mode keeps the same bytes for every further step: spread of the slope"
        checks.append(Check.equal(claim, float(np.ptp(slopes)), 0.0))
    twice = by_way["checkpointed"][-1]["gradients"] / by_way["reverse"][-1]["gradients"]
    checks.append(
        Check.equal("Checkpointing takes this many times reverse mode's forward passes", twice, 2.0)
    )
    return tuple(checks), tuple(notes)
