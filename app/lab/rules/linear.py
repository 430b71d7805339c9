"""Scalar combinations of past gradients, and two rules that rescale by a fixed diagonal or by signs."""

from dataclasses import dataclass

import numpy as np

from app.lab.rules.base import Array, Number, Slots, zeros


@dataclass(frozen=True, slots=True)
class GradientDescent:
    """w <- w - rate g."""

    rate: Number

    def start(self, w: Array) -> Slots:
        """Nothing is remembered."""
        return {}

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate g."""
        return self.rate * g


@dataclass(frozen=True, slots=True)
class Momentum:
    """Heavy ball (Polyak 1964), v <- momentum v + g, w <- w - rate v; Nesterov's steps by g + momentum v."""

    rate: Number
    momentum: float
    nesterov: bool = False

    def start(self, w: Array) -> Slots:
        """The velocity v."""
        return zeros(w, "v")

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate v, or rate (g + momentum v)."""
        v = slots["v"] = self.momentum * slots["v"] + g
        return self.rate * (g + self.momentum * v) if self.nesterov else self.rate * v


@dataclass(frozen=True, slots=True)
class Preconditioned:
    """w <- w - rate D g with a fixed positive diagonal D."""

    rate: Number
    diagonal: Array | None

    def start(self, w: Array) -> Slots:
        """Nothing is remembered."""
        return {}

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate D g."""
        return self.rate * g if self.diagonal is None else self.rate * self.diagonal * g


@dataclass(frozen=True, slots=True)
class SignDescent:
    """w <- w - rate sign(g)."""

    rate: Number

    def start(self, w: Array) -> Slots:
        """Nothing is remembered."""
        return {}

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate sign(g)."""
        return self.rate * np.sign(g)
