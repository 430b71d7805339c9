"""What a run of `min-norm` may be asked for."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from app.lab.fields import choice, number, switch
from app.lab.optimizer_settings import OptimizerParams
from app.lab.rules import NAMES, RULES, OptimizerName

EPSILONS = np.geomspace(1e-8, 1e6, 15)
"""Those of the sweep."""
MAX_WORK = 120.0
"""Seconds of work, estimated, that a run may ask for."""


class MinNormParams(OptimizerParams):
    """Settings of `min-norm`."""

    n: int = number(10, "Equations", "Rows of X; fewer than its columns.", low=1, high=100, symbol="n")
    d: int = number(30, "Unknowns", "Columns of X, the weights.", low=2, high=300, symbol="d")
    optimizer: OptimizerName = choice("sgd", "Optimizer", "The one whose numbers are the result.")
    compare: list[OptimizerName] = choice(
        ["adam"], "Beside it", "Other optimizers on the same problem and mini-batches.", most=len(NAMES)
    )
    learning_rate: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        title="Learning rate",
        description="Of the optimizer. Left out: 1/(2 max|x_i|^2) where steps are multiples of gradients "
        "(times 1 - momentum, over D's largest entry), 0.1 for both AdaGrads, 0.01 for the others. Those "
        "beside it take these; the result says which.",
        json_schema_extra={"scale": "log", "symbol": "\\eta"},
    )
    batch_size: int = number(
        1, "Batch size", "Equations in a mini-batch, drawn without replacement.", low=1, high=100, symbol="b"
    )
    steps: int = number(10_000, "Steps", "Updates of the weights.", low=1, high=200_000, scale="log")
    schedule: Literal["auto", "constant", "decay"] = choice(
        "auto",
        "Schedule of the rate",
        "decay: constant for half the run, then geometrically down to 1e-9 of it. auto: decay for rules "
        "whose steps do not vanish with the gradient, constant for the others.",
        more=True,
    )
    start: Literal["zero", "row-space", "random"] = choice(
        "zero", "Start", "zero; row-space: random inside the row space; random: anywhere."
    )
    problem: Literal["random", "signs"] = choice(
        "random",
        "Problem",
        "random: X and t standard normal; signs: X sign(X^T t) = c t (Wilson et al. 2017).",
        more=True,
    )
    penalty: float = number(
        0.0,
        "L2 penalty",
        "Added to the loss as penalty |w|^2.",
        low=0,
        high=100,
        scale="log",
        symbol="\\tilde\\lambda",
        more=True,
    )
    epsilon_sweep: bool = switch(
        False, "Sweep epsilon", "The optimizer also with epsilon from 1e-8 to 1e6, its rate growing along."
    )
    runs: int = number(1, "Problems", "Independent problems solved at once.", low=1, high=64, more=True)
    tolerance: float = number(
        1e-8,
        "Tolerance",
        "A run has converged when its relative residual is at most this.",
        low=1e-14,
        high=0.1,
        scale="log",
        more=True,
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.n >= self.d:
            raise ValueError(
                f"n must be below d for many solutions to exist, but n = {self.n} and d = {self.d}"
            )
        if self.batch_size > self.n:
            raise ValueError(f"batch_size must be at most n = {self.n}, not {self.batch_size}")
        if self.epsilon_sweep and not ("epsilon" in RULES[self.optimizer].uses and self._adapts()):
            raise ValueError(f"{RULES[self.optimizer].title} has no epsilon beside a root to sweep")
        if self.epsilon_sweep and (self.penalty or self.start == "random"):
            raise ValueError("the sweep of epsilon needs penalty 0 and a start of zero or in the row space")
        work = self.steps * self.seconds_per_step()
        if work > MAX_WORK:
            raise ValueError(
                f"about {work:.0f} s of work, at most {MAX_WORK:.0f} s are taken; ask for fewer steps, "
                "problems, unknowns or optimizers"
            )
        return self

    def _adapts(self) -> bool:
        return RULES[self.optimizer].kind == "adaptive"

    @property
    def optimizers(self) -> list[str]:
        """All that take part, each once, the main one first."""
        return list(dict.fromkeys([self.optimizer, *self.compare]))

    def seconds_per_step(self) -> float:
        """A generous estimate of the time one step of all optimizers takes on one slow core."""
        numbers = self.runs * self.d
        seconds = 30e-6
        for name in self.optimizers:
            batch = self.n if RULES[name].full_batch else self.batch_size
            seconds += 40e-6 + numbers * (8e-9 + 2e-9 * batch)
            if name == "full-matrix-adagrad":
                seconds += self.runs * (60e-6 + 2e-8 * self.d**3)
        if self.epsilon_sweep:
            seconds += 60e-6 + len(EPSILONS) * numbers * (3e-8 + 2e-9 * self.batch_size)
        return seconds
