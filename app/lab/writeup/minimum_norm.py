"""Section 1.1: mini-batch SGD reaches the minimum-norm solution; and adaptive methods on random problems."""

from functools import lru_cache
from typing import Any

import numpy as np

from app.lab.demos.min_norm import MinNorm
from app.lab.least_squares import random_problems
from app.lab.running import run_demo
from app.lab.shown import Json, Table
from app.lab.writeup.claim import Cards, Claim, Finding, Link, confirmed_if

_SPAN = {"optimizer": "sgd", "compare": ["gd", "heavy-ball", "nesterov"], "steps": 4000}
_ADAPTIVE = {
    "optimizer": "adam",
    "compare": ["adagrad", "rmsprop", "amsgrad", "nadam", "adamax"],
    "batch_size": 10,
    "steps": 4000,
}
_START = {"optimizer": "sgd", "compare": [], "start": "random", "steps": 4000}
_RIDGE = {"optimizer": "gd", "compare": [], "penalty": 0.1, "steps": 4000}
_FULL = {"optimizer": "full-matrix-adagrad", "compare": [], "batch_size": 10, "steps": 2000}
_SWEEP = {"optimizer": "adam", "compare": [], "batch_size": 10, "steps": 4000, "epsilon_sweep": True}
_DIAGONAL = {"optimizer": "fixed-preconditioner", "compare": [], "batch_size": 10, "steps": 20000}
_CLOSE = 1e-9
_NEAR = 1e-4
"""For limits that are reached only as a setting grows, and for roots of matrices."""


@lru_cache(maxsize=8)
def _run(settings: tuple[tuple[str, Any], ...]) -> Json:
    params = {name: list(value) if isinstance(value, tuple) else value for name, value in settings}
    return run_demo(MinNorm(), params).outcome.result


def _result(params: dict[str, Any]) -> Json:
    return _run(
        tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in params.items())
    )


def _table(result: Json) -> Table:
    rows = tuple(
        (name, found["distance_to_minimum_norm"], found["row_space_leakage"], found["residual"])
        for name, found in result["optimizers"].items()
    )
    columns = ("optimizer", "distance to w*", "outside the row space", "residual")
    return Table("optimizers", "Relative, on 10 equations in 30 unknowns", columns, rows)


def _sgd(_: Cards) -> Finding:
    result = _result(_SPAN)
    found = result["optimizers"].values()
    worst = max(one["distance_to_minimum_norm"] for one in found)
    leak = max(one["row_space_leakage"] for one in found)
    holds = worst < _CLOSE and all(one["converged"] for one in found)
    text = f"With batches of one: at most {worst:.1e} from $w^*$, at most {leak:.1e} outside the row space."
    return Finding(text, confirmed_if(holds, "impossible"), _table(result))


def _selection(_: Cards) -> Finding:
    n, d, b = 10, 30, 4
    rng = np.random.default_rng(0)
    X, rows = rng.normal(size=(n, d)), rng.permutation(n)[:b]
    S = np.zeros((n, b))
    S[rows, np.arange(b)] = 1
    fits = np.array_equal(S.T @ X, X[rows])
    wrong = (np.zeros((n, d)).T @ X).shape
    text = (
        f"For $n = {n}$, $d = {d}$, $b = {b}$: with $S$ of size $n \\times b$, $S^T X$ is {b} by {d} and "
        f"{'is' if fits else 'is not'} the batch; with $n \\times d$ it would be {wrong[0]} by {wrong[1]}."
    )
    return Finding(text, "impossible" if fits and wrong[0] != b else "confirmed")


def _one_batch(_: Cards) -> Finding:
    problem, b = random_problems(0, 1, 10, 30), 4
    whole = problem.minimum_norm()[0, 0]
    X, t = problem.X[0, :b], problem.t[0, :b]
    only = X.T @ np.linalg.solve(X @ X.T, t)
    misfit = float(np.abs(X @ only - t).max())
    away = float(np.linalg.norm(only - whole) / np.linalg.norm(whole))
    text = (
        f"A point of the row space that solves one batch of {b} equations (to {misfit:.0e}) can be "
        f"{away:.2f} |w*| away from $w^*$."
    )
    return Finding(text, "needs a condition" if away > _CLOSE else "confirmed")


def _from_elsewhere(_: Cards) -> Finding:
    found = _result(_START)["optimizers"]["sgd"]
    text = (
        f"From a random $w_0$, SGD ends within {found['distance_to_prediction']:.1e} of $w^* + (I - P) w_0$."
    )
    return Finding(text, confirmed_if(found["distance_to_prediction"] < _CLOSE, "impossible"))


def _ridge(_: Cards) -> Finding:
    found = _result(_RIDGE)["optimizers"]["gd"]
    off, away = found["distance_to_prediction"], found["distance_to_minimum_norm"]
    text = (
        f"With a penalty of 0.1: {off:.1e} from the ridge solution, {away:.2f} from $w^*$, "
        f"{found['row_space_leakage']:.1e} outside the row space."
    )
    return Finding(text, confirmed_if(off < _CLOSE < away, "impossible"))


def _adaptive(_: Cards) -> Finding:
    result = _result(_ADAPTIVE)
    found = result["optimizers"].values()
    nearest = min(one["distance_to_minimum_norm"] for one in found)
    holds = nearest > 0.01 and all(one["converged"] for one in found)
    text = f"All interpolate, and the nearest of them ends {nearest:.2f} |w*| away from $w^*$."
    return Finding(text, confirmed_if(holds, "needs a condition"), _table(result))


def _full_matrix(_: Cards) -> Finding:
    found = _result(_FULL)["optimizers"]["full-matrix-adagrad"]
    text = (
        f"Full-matrix AdaGrad ends {found['distance_to_minimum_norm']:.1e} |w*| from $w^*$, and "
        f"{found['row_space_leakage']:.1e} outside the row space."
    )
    return Finding(
        text, confirmed_if(found["converged"] and found["distance_to_minimum_norm"] < _NEAR, "impossible")
    )


def _epsilon(_: Cards) -> Finding:
    rows = [row for row in _result(_SWEEP)["epsilon_sweep"] if row["distance"] is not None]
    first, last = rows[0], rows[-1]
    text = (
        f"Adam ends {first['distance']:.2f} |w*| from $w^*$ with $\\epsilon$ = {first['epsilon']:.0e}, and "
        f"{last['distance']:.0e} with {last['epsilon']:.0e} and the rate grown along."
    )
    return Finding(text, confirmed_if(last["distance"] < _NEAR < first["distance"], "needs a condition"))


def _preconditioner(_: Cards) -> Finding:
    found = _result(_DIAGONAL)["optimizers"]["fixed-preconditioner"]
    off, away = found["distance_to_prediction"], found["distance_to_minimum_norm"]
    text = f"{off:.1e} from $D X^T (X D X^T)^{{-1}} t$, and {away:.2f} |w*| from $w^*$."
    return Finding(text, confirmed_if(off < _CLOSE < away, "impossible"))


CLAIMS = (
    Claim(
        "sgd-minimum-norm",
        "1.1",
        "Mini-batch SGD from zero reaches the minimum norm",
        "From $w_0 = 0$ SGD with any batches ends at $w^* = X^T (X X^T)^{-1} t$.",
        "Every step is a combination of rows, and only one solution is.",
        Link("demo", "min-norm", _SPAN),
        _sgd,
    ),
    Claim(
        "selection-matrix",
        "1.1",
        "The size of the selection matrix",
        "$S$ selects the batch's rows, $B = S^T X$, and has size $n \\times d$.",
        "It has one column for each of the batch's rows, so its size is $n \\times b$.",
        Link("demo", "min-norm", {"batch_size": 4}),
        _selection,
    ),
    Claim(
        "every-batch",
        "1.1",
        "From one batch's equation to the whole solution",
        "Since the limit solves $B w = t_B$ and lies in the row space, it is $w^*$.",
        "It must solve the equation of every batch, which together are $X w = t$.",
        Link("demo", "min-norm", {"batch_size": 4}),
        _one_batch,
    ),
    Claim(
        "other-starts",
        "1.1",
        "From another start",
        "",
        "What the start has outside the row space is never touched.",
        Link("demo", "min-norm", _START),
        _from_elsewhere,
    ),
    Claim(
        "ridge",
        "1.1",
        "With an L2 penalty",
        "",
        "The gradient $2 \\tilde\\lambda w$ is in the row space when $w$ is, but moves the minimum.",
        Link("demo", "min-norm", _RIDGE),
        _ridge,
    ),
)

BEYOND = (
    Claim(
        "adaptive-random",
        "1.2",
        "Adaptive methods on random problems",
        "",
        "Rescaling each coordinate by its own gradients turns steps out of the row space.",
        Link("demo", "min-norm", _ADAPTIVE),
        _adaptive,
    ),
    Claim(
        "full-matrix",
        "1.2",
        "Full-matrix AdaGrad",
        "",
        "Its matrix maps the span of its gradients to itself, so no step leaves the row space.",
        Link("demo", "min-norm", _FULL),
        _full_matrix,
    ),
    Claim(
        "large-epsilon",
        "1.2",
        "Adaptive methods as epsilon grows",
        "",
        "Beside a large $\\epsilon$ the root no longer matters: all coordinates are divided by the same.",
        Link("demo", "min-norm", _SWEEP),
        _epsilon,
    ),
    Claim(
        "fixed-preconditioner",
        "1.2",
        "A fixed diagonal preconditioner",
        "",
        "From zero every iterate is $D X^T a$, and only one solution is.",
        Link("demo", "min-norm", _DIAGONAL),
        _preconditioner,
    ),
)
"""What follows on the counterexample of section 1.2."""
