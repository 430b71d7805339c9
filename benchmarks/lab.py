"""How much faster does the lab descend than a plain loop over small tensors?

Takes ten thousand steps of SGD on 10 equations in 30 unknowns, for one and for many problems at once, and the
same for five optimizers together; a plain loop with torch.optim takes a share of them, one problem and one
optimizer at a time, with the same mini-batches and the same weights along the way.

    python -m benchmarks.lab
"""

import time
from collections.abc import Sequence

import numpy as np
import torch

from app.lab.descent import Descent, Member
from app.lab.least_squares import Batches, random_problems
from app.lab.packing import Array
from app.lab.rules import Hyper

N, D, BATCH, STEPS = 10, 30, 4, 10_000
RATE = 0.01
PLAIN_STEPS = 1_000
"""Steps of the plain loop; it takes equal time for each."""

SAME_STEPS = 100
"""So far both must agree; later rounding may grow where a rule keeps moving at a constant rate."""

ROUNDS = 2
OPTIMIZERS = ("sgd", "heavy-ball", "adagrad", "rmsprop", "adam")


def vectorised(runs: int, names: Sequence[str], steps: int = STEPS) -> tuple[float, dict[str, Array]]:
    """Seconds for all runs and optimizers, and their weights (runs, 1, d)."""
    problem, batches = random_problems(0, runs, N, D), Batches(0, runs, N, BATCH)
    members = [Member(name, name, Hyper(RATE if name != "heavy-ball" else RATE / 10)) for name in names]
    descent = Descent(problem, batches, members, steps)
    lanes = descent.start(np.zeros((runs, 1, D)))
    begun = time.perf_counter()
    descent.advance(lanes, 0, steps)
    return time.perf_counter() - begun, {name: lane.w for name, lane in lanes.items()}


def plain(name: str, steps: int = PLAIN_STEPS) -> tuple[float, Array]:
    """Seconds for one problem and one optimizer in a loop of small tensors, and its weights."""
    problem, batches = random_problems(0, 1, N, D), Batches(0, 1, N, BATCH)
    X, t = torch.from_numpy(problem.X[0]), torch.from_numpy(problem.t[0])
    w = torch.zeros(D, dtype=torch.float64, requires_grad=True)
    optimizer: torch.optim.Optimizer
    match name:
        case "sgd":
            optimizer = torch.optim.SGD([w], lr=RATE)
        case "heavy-ball":
            optimizer = torch.optim.SGD([w], lr=RATE / 10, momentum=0.9)
        case "adagrad":
            optimizer = torch.optim.Adagrad([w], lr=RATE, eps=1e-8)
        case "rmsprop":
            optimizer = torch.optim.RMSprop([w], lr=RATE)
        case _:
            optimizer = torch.optim.Adam([w], lr=RATE)
    rows = [torch.from_numpy(batches.rows(step)[0]) for step in range(steps)]
    begun = time.perf_counter()
    for chosen in rows:
        loss = ((X[chosen] @ w - t[chosen]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return time.perf_counter() - begun, np.asarray(w.detach().numpy())


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    for name in OPTIMIZERS:
        _, weights = plain(name, SAME_STEPS)
        together = vectorised(1, [name], SAME_STEPS)[1][name][0, 0]
        assert np.allclose(weights, together, rtol=1e-9, atol=1e-12), name
    print(f"{STEPS:,} steps on {N} x {D}, batches of {BATCH}, float64, one thread")
    print(f"{'problems':>8}  {'optimizers':<10}  {'seconds':>8}  {'plain loop':>10}  {'ratio':>6}")
    for runs in (1, 8, 32, 128):
        for names in (("sgd",), OPTIMIZERS):
            seconds = loop = float("inf")
            for _ in range(ROUNDS):
                seconds = min(seconds, vectorised(runs, names)[0])
                one = sum(plain(name)[0] for name in names) / PLAIN_STEPS
                loop = min(loop, runs * STEPS * one)
            shown = "SGD" if len(names) == 1 else f"{len(names)}"
            print(f"{runs:>8}  {shown:<10}  {seconds:>7.2f}s  {loop:>9.1f}s  {loop / seconds:>5.0f}x")


if __name__ == "__main__":
    main()
