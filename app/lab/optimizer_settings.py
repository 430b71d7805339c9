"""Settings of optimizers that demos have in common; a demo's own come after them."""

from app.lab.demo import Params
from app.lab.fields import number
from app.lab.packing import Array
from app.lab.rules import Hyper, Number


class MomentumParams(Params):
    """For demos whose only such setting it is."""

    momentum: float = number(
        0.9, "Momentum", "Heavy ball, Nesterov.", low=0, high=0.999, symbol="\\mu", more=True
    )


class OptimizerParams(MomentumParams):
    """All that the update rules take beside a rate."""

    beta1: float = number(0.9, "Beta 1", "Adam and its kin.", low=0, high=0.999, symbol="\\beta_1", more=True)
    beta2: float = number(
        0.999, "Beta 2", "Adam and its kin.", low=0, high=0.99999, symbol="\\beta_2", more=True
    )
    smoothing: float = number(
        0.99, "Beta", "RMSProp's smoothing.", low=0, high=0.99999, symbol="\\beta", more=True
    )
    epsilon: float = number(
        1e-8,
        "Epsilon",
        "Beside the root (full-matrix AdaGrad: inside).",
        low=1e-16,
        high=1e6,
        scale="log",
        symbol="\\epsilon",
        more=True,
    )

    def hyper(self, rate: Number, diagonal: Array, epsilon: Number | None = None) -> Hyper:
        """What rules take: these, a rate, a preconditioner's diagonal, another epsilon where one is given."""
        eps = self.epsilon if epsilon is None else epsilon
        return Hyper(rate, self.momentum, self.beta1, self.beta2, self.smoothing, eps, diagonal)
