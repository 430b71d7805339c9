"""The experiment behind `min-norm`: problems, optimizers and rates, predicted limits, measures."""

from dataclasses import dataclass

import numpy as np

from app.lab.descent import Descent, Lane, Member
from app.lab.least_squares import Batches, random_problems, sign_problems
from app.lab.minimum_norm_settings import EPSILONS, MinNormParams
from app.lab.packing import Array
from app.lab.rules import RULES
from app.lab.shown import Json

SWEEP = "epsilon-sweep"


@dataclass(frozen=True, slots=True)
class Measured:
    """Of weights (k, m, d), each (k, m), relative to |w*| (the residual to |t|)."""

    distance: Array
    leakage: Array
    moved_out: Array
    """How far the part outside the row space is from the start's own."""
    residual: Array
    size: Array


class Experiment:
    """Everything that follows from params and seed; cheap to make again for each step."""

    def __init__(self, params: MinNormParams, seed: int) -> None:
        self.params = params
        make = sign_problems if params.problem == "signs" else random_problems
        self.problem = make(seed, params.runs, params.n, params.d)
        self.minimum_norm = self.problem.minimum_norm()
        self.diagonal = np.random.default_rng([seed, 3]).permutation(np.geomspace(0.1, 10, params.d))
        self.origin = self._origin(seed)
        members = [self._member(name) for name in params.optimizers]
        if params.epsilon_sweep:
            members.append(self._sweep())
        batches = Batches(seed, params.runs, params.n, params.batch_size)
        self.descent = Descent(self.problem, batches, members, params.steps)

    def _origin(self, seed: int) -> Array:
        shape = (self.params.runs, 1, self.params.d)
        if self.params.start == "zero":
            return np.zeros(shape)
        drawn = np.random.default_rng([seed, 2]).normal(size=shape)
        return self.problem.in_row_space(drawn) if self.params.start == "row-space" else drawn

    def _member(self, name: str) -> Member:
        given = self.params.learning_rate if name == self.params.optimizer else None
        hyper = self.params.hyper(given or self.default_rate(name), self.diagonal)
        return Member(name, name, hyper, self._anneals(name), self.params.penalty)

    def _anneals(self, rule: str) -> bool:
        if self.params.schedule == "auto":
            return not RULES[rule].settles
        return self.params.schedule == "decay"

    def _sweep(self) -> Member:
        """The main rule with every epsilon; its rate grows along, and is gradient descent's in the limit."""
        rule = self.params.optimizer
        rates = self.default_rate(rule) + self.default_rate("gd") * EPSILONS
        hyper = self.params.hyper(rates[:, None], self.diagonal, EPSILONS[:, None])
        return Member(SWEEP, rule, hyper, self._anneals(rule))

    def default_rate(self, rule: str) -> float:
        """The rate taken when none is given."""
        if RULES[rule].kind == "adaptive" or rule == "full-matrix-adagrad":
            return 0.1 if "adagrad" in rule else 0.01
        # Every mini-batch loss curves by at most 2 max|x_i|^2, so that this rate cannot overshoot.
        rate = 0.5 / float((self.problem.X**2).sum(axis=2).max())
        if rule == "fixed-preconditioner":
            return rate / float(self.diagonal.max())
        # A velocity adds up to 1/(1 - momentum) gradients.
        return rate * (1 - self.params.momentum) if "momentum" in RULES[rule].uses else rate

    def begin(self) -> dict[str, Lane]:
        """All lanes at the start."""
        return self.descent.start(self.origin)

    def member(self, name: str) -> Member:
        """The member of this name."""
        return next(member for member in self.descent.members if member.name == name)

    def measure(self, w: Array) -> Measured:
        """Distances of weights (k, m, d)."""
        norm = np.linalg.norm(self.minimum_norm, axis=-1)
        outside = w - self.problem.in_row_space(w)
        own = self.origin - self.problem.in_row_space(self.origin)
        return Measured(
            distance=np.linalg.norm(w - self.minimum_norm, axis=-1) / norm,
            leakage=np.linalg.norm(outside, axis=-1) / norm,
            size=np.linalg.norm(w, axis=-1) / norm,
            moved_out=np.linalg.norm(outside - own, axis=-1) / norm,
            residual=np.linalg.norm(self.problem.residual(w), axis=-1)
            / np.linalg.norm(self.problem.t, axis=-1)[:, None],
        )

    def predicted(self, name: str) -> Array | None:
        """The limit (k, 1, d) that theory gives for a rule, None where it gives none."""
        info = RULES[self.member(name).rule]
        if info.kind == "adaptive":
            return None
        if self.params.penalty:
            plain = info.kind == "span" and info.name != "full-matrix-adagrad"
            return self.problem.ridge(self.params.penalty) if plain else None
        if info.kind == "span":
            return self.nearest
        return self.problem.nearest(self.origin, self.diagonal)

    @property
    def nearest(self) -> Array:
        """w* + (I - P) w0: the solution nearest to the start."""
        return self.problem.nearest(self.origin, np.ones(self.params.d))

    def gaps(self, w: Array, target: Array) -> Array:
        """Distance of weights (k, m, d) from target (k, 1, d) relative to |w*|."""
        return np.asarray(np.linalg.norm(w - target, axis=-1) / np.linalg.norm(self.minimum_norm, axis=-1))

    def off_prediction(self, name: str, lane: Lane) -> float | None:
        """Relative distance to the predicted limit, largest over the problems."""
        predicted = self.predicted(name)
        return None if predicted is None else float(self.gaps(lane.w, predicted).max())

    def converged(self, name: str, lane: Lane, found: Measured) -> bool:
        """Whether every problem has: its residual is small, or with a penalty its whole gradient is."""
        if lane.diverged is not None:
            return False
        if not self.params.penalty:
            return bool(found.residual.max() <= self.params.tolerance)
        return bool(self.stationarity(lane.w).max() <= self.params.tolerance)

    def stationarity(self, w: Array) -> Array:
        """The whole gradient's norm relative to that at zero, (k, m)."""
        g = self.problem.gradient(w) + 2 * self.params.penalty * w
        at_zero = self.problem.gradient(np.zeros_like(self.origin))
        return np.asarray(np.linalg.norm(g, axis=-1) / np.linalg.norm(at_zero, axis=-1))

    def sweep_rows(self, found: Measured) -> list[Json]:
        """For each epsilon its rate, distance and residual, largest over the problems."""
        rates = np.asarray(self.member(SWEEP).hyper.rate).ravel()
        return [
            {
                "epsilon": float(epsilon),
                "learning_rate": float(rates[place]),
                "distance": float(found.distance[:, place].max()),
                "residual": float(found.residual[:, place].max()),
            }
            for place, epsilon in enumerate(EPSILONS)
        ]
