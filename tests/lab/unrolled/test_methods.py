"""Hypergradients against a plain autograd loop and NumPy, and the bytes each way keeps against arithmetic."""

import numpy as np
import pytest
import torch

from app.lab.unrolled.methods import METHODS, Problem

WAYS = ("reverse", "forward", "checkpointed")


def problem(kind: str = "squares", n: int = 4, d: int = 6, rate: float = 0.02) -> Problem:
    rng = np.random.default_rng(0)
    X, t, start = (torch.from_numpy(rng.normal(size=size)) for size in ((n, d), n, d))
    return Problem(X, t, start, rate, kind)


def by_plain_autograd(given: Problem, steps: int) -> float:
    """The loop with its gradient written by hand, differentiated by torch alone."""
    eta = torch.tensor(given.rate, dtype=torch.float64, requires_grad=True)
    w, signs = given.start, torch.sign(given.t)
    for _ in range(steps):
        scores = given.X @ w
        if given.kind == "logistic":
            g = given.X.T @ (-signs * torch.sigmoid(-signs * scores)) / len(given.t)
        else:
            g = 2 / len(given.t) * given.X.T @ (scores - given.t)
        w = w - eta * g
    scores = given.X @ w
    loss = (
        torch.log1p(torch.exp(-signs * scores)).mean()
        if given.kind == "logistic"
        else ((scores - given.t) ** 2).mean()
    )
    (slope,) = torch.autograd.grad(loss, eta)
    return slope.item()


@pytest.mark.parametrize("kind", ["squares", "logistic"])
@pytest.mark.parametrize("steps", [1, 2, 3, 10, 17])
def test_every_way_gives_the_same_derivative(kind: str, steps: int) -> None:
    given = problem(kind)
    expected = by_plain_autograd(given, steps)
    for way in WAYS:
        assert METHODS[way](given, steps).derivative == pytest.approx(expected, rel=1e-12), way
    difference = METHODS["finite_difference"](given, steps)
    assert difference.derivative is not None and difference.accuracy is not None
    assert abs(difference.derivative - expected) <= difference.accuracy


@pytest.mark.parametrize("way", ["forward_pass", "forward", "finite_difference"])
def test_bytes_do_not_depend_on_the_number_of_steps(way: str) -> None:
    kept = {METHODS[way](problem(), steps).peak_bytes for steps in (2, 9, 40)}
    assert len(kept) == 1


def test_running_forward_keeps_one_or_two_weights_and_the_step_at_hand() -> None:
    given = problem(n=1, d=1000)
    assert 8000 <= METHODS["forward_pass"](given, 20).peak_bytes <= 2 * 8000 + 100


@pytest.mark.parametrize("kind", ["squares", "logistic"])
def test_reverse_mode_keeps_the_same_for_every_step(kind: str) -> None:
    given = problem(kind, d=50)
    kept = [METHODS["reverse"](given, steps).peak_bytes for steps in (1, 2, 3, 30)]
    per_step = kept[1] - kept[0]
    assert per_step >= 50 * 8  # at least one vector of w's length
    assert kept[2] == kept[1] + per_step and kept[3] == kept[0] + 29 * per_step


def test_checkpointing_keeps_about_twice_the_root() -> None:
    given = problem(d=200)
    per_step = METHODS["reverse"](given, 2).peak_bytes - METHODS["reverse"](given, 1).peak_bytes
    for root in (4, 8, 16):
        found = METHODS["checkpointed"](given, root * root)
        assert found.peak_bytes <= (root + 2) * (200 * 8) + (root + 1) * per_step
        assert found.gradients == 2 * root * root
    assert METHODS["checkpointed"](given, 256).peak_bytes < METHODS["reverse"](given, 256).peak_bytes / 4


def test_nothing_stays_in_the_given_tensors() -> None:
    given = problem()
    for method in METHODS.values():
        method(given, 5)
    assert not given.start.requires_grad and not given.X.requires_grad
