"""Several optimizers side by side on the same least-squares problems, with the same mini-batches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.lab.least_squares import Batches, LeastSquares
from app.lab.packing import Array, pack, unpack
from app.lab.rules import RULES, Hyper, Number, Rule, Slots, make_rule
from app.lab.shown import Json

_HUGE = 1e100
"""A weight beyond this is on its way to infinity."""

LAST_SHARE = 1e-9
"""Share of the rate that a decaying schedule ends at."""


def scale_at(share: float) -> float:
    """The decaying schedule: 1 for the first half of a run, then geometrically down to LAST_SHARE."""
    return float(LAST_SHARE ** max(0.0, 2 * share - 1))


def sample_steps(steps: int, count: int = 100) -> list[int]:
    """About `count` step numbers from 0 to `steps`, half of them evenly spaced, half of them early."""
    half = count // 2
    even = np.linspace(0, steps, half + 1)
    early = np.geomspace(1, max(steps, 1), half)
    return [int(step) for step in np.unique(np.rint(np.concatenate([even, early])).astype(int))]


@dataclass(frozen=True, slots=True)
class Member:
    """An optimizer taking part: its rule, and its hyperparameters for each of its m columns."""

    name: str
    rule: str
    hyper: Hyper = field(default_factory=Hyper)
    anneals: bool = False
    """Whether the rate follows `scale_at`; constant otherwise."""
    penalty: Number = 0.0
    """penalty |w|^2 is added to the loss: a number, or one for each column as (m, 1)."""
    decay: Number = 0.0
    """Share of w that each step takes away beside the rule's own move, as `penalty` is given."""

    @property
    def columns(self) -> int:
        """How many weights of a problem it moves: one for each rate, penalty or decay."""
        return max(int(np.size(value)) for value in (self.hyper.rate, self.penalty, self.decay))

    def make(self) -> Rule:
        """The rule, ready to go."""
        return make_rule(self.rule, self.hyper)


@dataclass
class Lane:
    """Where one member is: weights (k, m, d), slots, and the step at which it was found to diverge."""

    w: Array
    slots: Slots
    diverged: int | None = None

    def to_json(self) -> Json:
        """The lane as JSON, every bit kept."""
        slots = {name: pack(slot) for name, slot in self.slots.items()}
        return {"w": pack(self.w), "slots": slots, "diverged": self.diverged}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Lane":
        """The lane that `to_json` wrote."""
        slots = {name: unpack(slot) for name, slot in document["slots"].items()}
        return cls(unpack(document["w"]), slots, document["diverged"])


class Descent:
    """Takes the members `steps` steps on a problem."""

    def __init__(self, problem: LeastSquares, batches: Batches, members: list[Member], steps: int) -> None:
        self.problem, self.batches, self.members, self.steps = problem, batches, members, steps

    def start(self, start: Array) -> dict[str, Lane]:
        """Every member at `start` (k, 1, d), once for each of its columns."""
        lanes = {}
        for member in self.members:
            w = np.repeat(start, member.columns, axis=1)
            lanes[member.name] = Lane(w, member.make().start(w))
        return lanes

    def advance(self, lanes: Mapping[str, Lane], first: int, last: int) -> None:
        """Take steps first + 1 … last of every lane that has not diverged, in place."""
        with np.errstate(over="ignore", invalid="ignore"):
            for full in (True, False):
                group = [m for m in self.members if self._whole(m) is full and lanes[m.name].diverged is None]
                if group:
                    self._advance(group, lanes, first, last, full)

    def _whole(self, member: Member) -> bool:
        return RULES[member.rule].full_batch or self.batches.size >= self.problem.n

    def _advance(
        self, group: list[Member], lanes: Mapping[str, Lane], first: int, last: int, full: bool
    ) -> None:
        stacked = np.concatenate([lanes[member.name].w for member in group], axis=1)
        parts, place = [], 0
        for member in group:
            width = lanes[member.name].w.shape[1]
            parts.append(_Part(member, lanes[member.name].slots, stacked[:, place : place + width]))
            place += width
        for step in range(first, last):
            g = self.problem.gradient(stacked, None if full else self.batches.rows(step))
            scale, place = scale_at(step / self.steps), 0
            for part in parts:
                width = part.w.shape[1]
                part.take(g[:, place : place + width], step + 1, scale)
                place += width
        for part in parts:
            lane, w = lanes[part.member.name], part.w.copy()
            if np.all(np.abs(w) < _HUGE):  # false for NaN too
                lane.w = w
            else:  # the last weights that were still numbers stay
                lane.diverged = last


class _Part:
    """One member's share of the stacked weights, a view that its steps write to."""

    def __init__(self, member: Member, slots: Slots, w: Array) -> None:
        self.member, self.slots, self.w = member, slots, w
        self._rule = member.make()
        self._penalized, self._decays = bool(np.any(member.penalty)), bool(np.any(member.decay))

    def take(self, g: Array, t: int, scale: float) -> None:
        """Step number `t` with the loss's gradient."""
        if self._penalized:
            g = g + 2 * self.member.penalty * self.w
        move = self._rule.move(g, self.slots, t)
        if self._decays:
            self.w *= 1 - self.member.decay
        self.w -= scale * move if self.member.anneals else move
