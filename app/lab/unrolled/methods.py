"""dL_T/d eta of the loop w <- w - eta grad L(w), in four ways, each with what it keeps and costs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from app.lab.unrolled.ledger import Ledger

_EPS = torch.finfo(torch.float64).eps


@dataclass(frozen=True)
class Problem:
    """Data (n, d), targets (n,) (of `logistic` the signs), first weights (d,), learning rate; all float64."""

    X: Tensor
    t: Tensor
    start: Tensor
    rate: float
    kind: str

    def loss(self, w: Tensor) -> Tensor:
        """(1/n) sum of squares, or of log(1 + exp(-t x^T w))."""
        scores = self.X @ w
        if self.kind == "logistic":
            return F.softplus(-torch.sign(self.t) * scores).mean()
        return ((scores - self.t) ** 2).mean()

    def ledger(self) -> Ledger:
        """A new ledger; the data belongs to every method alike and does not count."""
        return Ledger(self.X, self.t, self.start)


@dataclass(frozen=True)
class Measured:
    """A hypergradient (None where none was wanted), the most bytes kept at once, and gradients taken."""

    derivative: float | None
    peak_bytes: int
    gradients: int
    seconds: float
    accuracy: float | None = None
    """How far off a finite difference can be."""


def _gradient(problem: Problem, w: Tensor, *, again: bool) -> Tensor:
    """grad L(w); `again` keeps its graph, so that it can be differentiated once more."""
    if not w.requires_grad:
        w = w.detach().requires_grad_()
    (g,) = torch.autograd.grad(problem.loss(w), w, create_graph=again)
    return g


def run_forward(problem: Problem, steps: int, rate: float | None = None) -> tuple[Tensor, int]:
    """The last weights without any gradient by the rate, and the most bytes kept."""
    ledger, rate = problem.ledger(), problem.rate if rate is None else rate
    held = ledger.keep(problem.start.clone())
    with ledger.watching():
        for _ in range(steps):
            held = ledger.keep(held.tensor - rate * _gradient(problem, held.tensor, again=False))
    return held.tensor, ledger.peak


def plain(problem: Problem, steps: int) -> Measured:
    """The loop run forward only."""
    begun = time.perf_counter()
    _, peak = run_forward(problem, steps)
    return Measured(None, peak, steps, time.perf_counter() - begun)


def reverse(problem: Problem, steps: int) -> Measured:
    """Backpropagation through the whole loop."""
    begun, ledger = time.perf_counter(), problem.ledger()
    rate = torch.tensor(problem.rate, dtype=torch.float64, requires_grad=True)
    with ledger.watching():
        w = problem.start.clone()
        for _ in range(steps):
            w = w - rate * _gradient(problem, w, again=True)
        loss = problem.loss(w)
    (derivative,) = torch.autograd.grad(loss, rate)
    return Measured(float(derivative), ledger.peak, steps, time.perf_counter() - begun)


def forward(problem: Problem, steps: int) -> Measured:
    """Forward mode: the tangent z travels along, z <- (I - eta H) z - g, by Hessian-vector products."""
    begun, ledger = time.perf_counter(), problem.ledger()
    held, tangent = ledger.keep(problem.start.clone()), ledger.keep(torch.zeros_like(problem.start))
    with ledger.watching():
        for _ in range(steps):
            w = held.tensor.requires_grad_()
            g = _gradient(problem, w, again=True)
            (curved,) = torch.autograd.grad(g, w, tangent.tensor)
            w, g = w.detach(), g.detach()
            tangent = ledger.keep(tangent.tensor - problem.rate * curved - g)
            held = ledger.keep(w - problem.rate * g)
        g = _gradient(problem, held.tensor, again=False)
    return Measured(float(g @ tangent.tensor), ledger.peak, 2 * steps, time.perf_counter() - begun)


def checkpointed(problem: Problem, steps: int) -> Measured:
    """Reverse mode from about sqrt(T) kept weights; each stretch between two is run once more."""
    begun, ledger = time.perf_counter(), problem.ledger()
    length = max(1, math.isqrt(steps))
    marks = [ledger.keep(problem.start.clone())]
    with ledger.watching():
        w = problem.start
        for step in range(1, steps + 1):
            w = w.detach() - problem.rate * _gradient(problem, w, again=False)
            if step % length == 0 or step == steps:
                marks.append(ledger.keep(w))
        adjoint = _gradient(problem, marks.pop().tensor, again=False)
        total, last = 0.0, steps
        while marks:
            first = (last - 1) // length * length
            begin = marks.pop()
            slope, adjoint = _stretch(problem, begin.tensor, last - first, adjoint)
            total, last = total + slope, first
    return Measured(total, ledger.peak, 2 * steps, time.perf_counter() - begun)


def _stretch(problem: Problem, begin: Tensor, steps: int, adjoint: Tensor) -> tuple[float, Tensor]:
    """Run some steps again with their graph: their share of the derivative, and the adjoint before them."""
    rate = torch.tensor(problem.rate, dtype=torch.float64, requires_grad=True)
    first = w = begin.requires_grad_()
    for _ in range(steps):
        w = w - rate * _gradient(problem, w, again=True)
    before, slope = torch.autograd.grad(w, (first, rate), adjoint)
    return float(slope), before


def finite_difference(problem: Problem, steps: int) -> Measured:
    """A central difference of two plain runs; its accuracy is told by one of twice the width."""
    begun = time.perf_counter()
    width = problem.rate * _EPS ** (1 / 3)
    losses, peak = {}, 0
    for offset in (-2, -1, 1, 2):
        w, bytes_kept = run_forward(problem, steps, problem.rate + offset * width)
        losses[offset], peak = float(problem.loss(w)), max(peak, bytes_kept)
    near = (losses[1] - losses[-1]) / (2 * width)
    wide = (losses[2] - losses[-2]) / (4 * width)
    # Truncation grows with the square of the width, so that a third of the gap is the narrow one's.
    rounding = _rounding(problem, max(losses.values()), steps) / width
    return Measured(near, peak, 4 * steps, time.perf_counter() - begun, accuracy=abs(near - wide) + rounding)


def _rounding(problem: Problem, loss: float, steps: int) -> float:
    """How far off a computed loss can be: scores are rounded relative to the targets, not the residual."""
    score: float = 16 * _EPS * math.sqrt(len(problem.start)) * float(problem.t.abs().max())
    return 4 * _EPS * (steps + len(problem.t)) * loss + 2 * math.sqrt(loss) * score + score**2


METHODS: dict[str, Callable[[Problem, int], Measured]] = {
    "forward_pass": plain,
    "reverse": reverse,
    "forward": forward,
    "checkpointed": checkpointed,
    "finite_difference": finite_difference,
}
