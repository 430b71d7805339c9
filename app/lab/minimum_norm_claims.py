"""What a run of `min-norm` proves: each bound follows from rounding, or from the residual that is left."""

from collections.abc import Mapping

import numpy as np

from app.lab.descent import Lane
from app.lab.minimum_norm import SWEEP, Experiment, Measured
from app.lab.packing import Array
from app.lab.rules import RULES
from app.lab.shown import Check, Json

_SIGNED = frozenset({"adagrad", "rmsprop", "adam"})
"""The rules of Wilson et al. 2017, lemma 3.1."""

SMALLEST_INSIDE = 1e-10
"""Below this epsilon the eigenvectors of a sum of outer products are not good enough for its inverse root."""

_ULP = float(np.finfo(np.float64).eps)


def certificate(
    experiment: Experiment,
    lanes: Mapping[str, Lane],
    measured: Mapping[str, Measured],
    extremes: Mapping[str, Json],
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Checks and notes. Where a run has not converged, only that is said of its end."""
    checks: list[Check] = []
    notes: list[str] = []
    for name in experiment.params.optimizers:
        lane, found = lanes[name], measured[name]
        title, kind = RULES[name].title, RULES[name].kind
        rounding = rounding_bound(experiment, name, extremes[name]["size"])
        lost = _lost_in_rounding(experiment, name)
        if lost:
            notes.append(f"{title}: {lost}, so where it is proves nothing.")
        elif kind == "span" and lane.diverged is None and not _fades(experiment):
            claim = f"{title}: every iterate stays in the row space (plus the start's own part outside it)"
            checks.append(Check.at_most(claim, extremes[name]["moved_out"], rounding))
        checks.append(_converged(experiment, name, lane, found))
        if not checks[-1].holds:
            notes.append(_flag(experiment, name, lane))
        elif not lost:
            checks += _at_the_end(experiment, name, lane, found, rounding)
    if experiment.params.epsilon_sweep:
        checks += _sweep(experiment, lanes[SWEEP], measured[SWEEP], notes)
    return tuple(checks), tuple(notes)


def rounding_bound(experiment: Experiment, name: str, size: float) -> float:
    """What rounding alone can carry out of the row space, relative to |w*|; |w| reached `size` times |w*|.

    Each step rounds w and its move, an error of a few units in the last place of their size; nothing brings
    it back, so that the errors of all steps add up. Full-matrix AdaGrad divides what is outside by
    sqrt(eps).
    """
    p = experiment.params
    bound = 8 * _ULP * (p.steps + np.sqrt(p.d)) * (1 + size)
    if name == "full-matrix-adagrad":
        X, t = experiment.problem.X, experiment.problem.t
        spread = np.linalg.norm(X, axis=(1, 2))
        steepest = 2 * spread * (spread * size * np.linalg.norm(experiment.minimum_norm[:, 0], axis=1))
        steepest += 2 * spread * np.linalg.norm(t, axis=1)
        bound *= 1 + float(steepest.max()) / np.sqrt(p.epsilon)
    return float(bound)


def _lost_in_rounding(experiment: Experiment, name: str) -> str:
    """Why rounding alone can carry a rule out of the row space by far; empty if it cannot."""
    if name != "full-matrix-adagrad":
        return ""
    if experiment.params.epsilon < SMALLEST_INSIDE:
        return f"with epsilon below {SMALLEST_INSIDE:g} it divides by what rounding left of zero"
    if experiment.params.penalty:
        return "with a penalty it multiplies what rounding left outside the row space"
    return ""


def _fades(experiment: Experiment) -> bool:
    """Whether a penalty takes away what the start has outside the row space."""
    return bool(experiment.params.penalty) and experiment.params.start == "random"


def _converged(experiment: Experiment, name: str, lane: Lane, found: Measured) -> Check:
    title, tolerance = RULES[name].title, experiment.params.tolerance
    if experiment.params.penalty:
        measured = float(experiment.stationarity(lane.w).max())
        claim = f"{title} has converged: relative gradient of the penalised loss"
    else:
        measured = float(found.residual.max())
        claim = f"{title} has converged: relative residual"
    return Check(claim, measured, tolerance, experiment.converged(name, lane, found))


def _flag(experiment: Experiment, name: str, lane: Lane) -> str:
    title = RULES[name].title
    if lane.diverged is not None:
        return f"{title} diverged by step {lane.diverged}; its numbers are the last that were finite."
    steps = experiment.params.steps
    return f"{title} has not converged in {steps} steps; nothing is concluded from where it is."


def _at_the_end(
    experiment: Experiment, name: str, lane: Lane, found: Measured, rounding: float
) -> list[Check]:
    title, params = RULES[name].title, experiment.params
    predicted = experiment.predicted(name)
    if params.penalty:
        if predicted is None:
            return []
        off = experiment.off_prediction(name, lane) or 0.0
        away = float(experiment.gaps(predicted, experiment.minimum_norm).min())
        ridge = f"{title} with the penalty ends at the ridge solution"
        return [
            Check.at_most(ridge, off, _ridge_bound(experiment, lane)),
            Check.at_least("The ridge solution is not w*: its distance", away, 64 * _ULP * params.d),
        ]
    explained = _explained(experiment, found)
    if predicted is None:
        claim = (
            f"{title} interpolates, yet w* + (I - P) w0 is further off than its residual explains (need not)"
        )
        gaps = experiment.gaps(lane.w, experiment.nearest)
        worst = np.unravel_index((gaps - explained).argmin(), gaps.shape)
        here, there = float(gaps[worst]), float(explained[worst])
        return [Check(claim, here, there, here > there), *_along_signs(experiment, name, lane)]
    off = experiment.off_prediction(name, lane) or 0.0
    claim = {
        "span": f"{title} ends at w* + (I - P) w0, the solution nearest to the start",
        "preconditioned": f"{title} ends at w0 + D X^T (X D X^T)^-1 (t - X w0)",
    }[RULES[name].kind]
    # D X^T (X D X^T)^-1 is at most sqrt(max D / min D) times as large as 1 / s_min.
    condition = 1.0 if RULES[name].kind == "span" else _root_ratio(experiment.diagonal)
    return [Check.at_most(claim, off, condition * float(explained.max()) + rounding)]


def _explained(experiment: Experiment, found: Measured) -> Array:
    """How far a point of the row space with this residual can be from w*, relative: |r| / (s_min |w*|)."""
    norm = np.linalg.norm(experiment.minimum_norm, axis=-1)
    sizes = np.linalg.norm(experiment.problem.t, axis=-1)[:, None]
    smallest = experiment.problem.smallest_singular_value[:, None]
    return np.asarray(found.residual * sizes / (smallest * norm) + 64 * _ULP * experiment.params.d)


def _root_ratio(diagonal: Array) -> float:
    return float(np.sqrt(diagonal.max() / diagonal.min()))


def _ridge_bound(experiment: Experiment, lane: Lane) -> float:
    """The penalised loss curves by at least 2 penalty, so that |w - ridge| <= |gradient| / (2 penalty)."""
    g = experiment.problem.gradient(lane.w) + 2 * experiment.params.penalty * lane.w
    norm = np.linalg.norm(experiment.minimum_norm, axis=-1)
    gap = np.linalg.norm(g, axis=-1) / (2 * experiment.params.penalty) / norm
    return float(gap.max()) + 1e-12


def _along_signs(experiment: Experiment, name: str, lane: Lane) -> list[Check]:
    p = experiment.params
    if p.problem != "signs" or p.batch_size < p.n or p.start != "zero" or name not in _SIGNED:
        return []
    sizes = np.abs(lane.w)
    spread = float(((sizes.max(axis=-1) - sizes.min(axis=-1)) / sizes.max(axis=-1)).max())
    claim = f"{RULES[name].title} ends along sign(X^T t): spread of |w_i| (exact as epsilon goes to 0)"
    return [Check.at_most(claim, spread, 1e-4)]


def _sweep(experiment: Experiment, lane: Lane, found: Measured, notes: list[str]) -> list[Check]:
    title, last = RULES[experiment.params.optimizer].title, slice(-3, None)
    if lane.diverged is not None or np.any(
        _explained(experiment, found)[:, last] > 0.05 * found.distance[:, last]
    ):
        notes.append(
            "The sweep's largest epsilons have not converged; take more steps to see the return to w*."
        )
        return []
    largest = found.distance.max(axis=0)
    slope = float(np.log10(largest[-3] / largest[-1]) / 2)
    return [
        Check.at_most(
            f"{title} with epsilon = 1e6 and its rate in proportion ends at w*", float(largest[-1]), 1e-4
        ),
        Check.at_least(f"{title}: decades by which ten times epsilon brings it nearer to w*", slope, 0.9),
    ]
