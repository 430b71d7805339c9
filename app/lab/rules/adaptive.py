"""Rules that scale each coordinate by its past gradients; eps is added after the root, as PyTorch does."""

from dataclasses import dataclass

import numpy as np

from app.lab.rules.base import Array, Number, Slots, zeros

_DECAY = 0.004
"""NAdam's momentum decay (Dozat 2016), PyTorch's default."""


@dataclass(frozen=True, slots=True)
class AdaGrad:
    """Duchi et al. 2011: s <- s + g^2, w <- w - rate g / (sqrt(s) + eps)."""

    rate: Number
    epsilon: Number

    def start(self, w: Array) -> Slots:
        """The sum s of squared gradients."""
        return zeros(w, "s")

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate g / (sqrt(s) + eps)."""
        s = slots["s"] = slots["s"] + g * g
        return self.rate * g / (np.sqrt(s) + self.epsilon)


@dataclass(frozen=True, slots=True)
class RMSProp:
    """Tieleman & Hinton 2012: V <- beta V + (1 - beta) g^2, w <- w - rate g / (sqrt(V) + eps)."""

    rate: Number
    smoothing: float
    epsilon: Number

    def start(self, w: Array) -> Slots:
        """The running mean V of squared gradients."""
        return zeros(w, "v")

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate g / (sqrt(V) + eps)."""
        v = slots["v"] = self.smoothing * slots["v"] + (1 - self.smoothing) * (g * g)
        return self.rate * g / (np.sqrt(v) + self.epsilon)


@dataclass(frozen=True, slots=True)
class Adam:
    """Kingma & Ba 2015; `amsgrad` keeps the largest second moment (Reddi et al. 2018)."""

    rate: Number
    beta1: float
    beta2: float
    epsilon: Number
    amsgrad: bool = False

    def start(self, w: Array) -> Slots:
        """First and second moment, and the largest second moment so far."""
        return zeros(w, "m", "v", "largest") if self.amsgrad else zeros(w, "m", "v")

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate m^ / (sqrt(v^) + eps)."""
        m = slots["m"] = self.beta1 * slots["m"] + (1 - self.beta1) * g
        v = slots["v"] = self.beta2 * slots["v"] + (1 - self.beta2) * (g * g)
        if self.amsgrad:
            v = slots["largest"] = np.maximum(slots["largest"], v)
        root: Array = np.sqrt(v) / np.sqrt(1 - self.beta2**t) + self.epsilon
        return self.rate / (1 - self.beta1**t) * m / root


@dataclass(frozen=True, slots=True)
class NAdam:
    """Dozat 2016: Adam with Nesterov's look-ahead and a momentum that grows with t."""

    rate: Number
    beta1: float
    beta2: float
    epsilon: Number

    def start(self, w: Array) -> Slots:
        """Both moments, and the product of all momenta so far."""
        return zeros(w, "m", "v") | {"product": np.ones(())}

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """The step of both terms: this gradient's and the look-ahead's."""
        now, ahead = self._momentum(t), self._momentum(t + 1)
        product = slots["product"] = slots["product"] * now
        m = slots["m"] = self.beta1 * slots["m"] + (1 - self.beta1) * g
        v = slots["v"] = self.beta2 * slots["v"] + (1 - self.beta2) * (g * g)
        root = np.sqrt(v / (1 - self.beta2**t)) + self.epsilon
        return self.rate * ((1 - now) / (1 - product) * g + ahead / (1 - product * ahead) * m) / root

    def _momentum(self, t: int) -> float:
        return float(self.beta1 * (1 - 0.5 * 0.96 ** (t * _DECAY)))


@dataclass(frozen=True, slots=True)
class Adamax:
    """Kingma & Ba 2015, section 7.1: Adam with the decayed largest gradient in place of the root."""

    rate: Number
    beta1: float
    beta2: float
    epsilon: Number

    def start(self, w: Array) -> Slots:
        """The first moment and the decayed largest gradient u."""
        return zeros(w, "m", "u")

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate m^ / u with u <- max(beta2 u, |g| + eps)."""
        m = slots["m"] = self.beta1 * slots["m"] + (1 - self.beta1) * g
        u = slots["u"] = np.maximum(self.beta2 * slots["u"], np.abs(g) + self.epsilon)
        return self.rate / (1 - self.beta1**t) * m / u
