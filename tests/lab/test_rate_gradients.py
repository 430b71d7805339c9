"""Gradients by the learning rate against torch.autograd through the loop on the weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab.packing import Array
from app.lab.rate_gradients import Descending


def drawn(seed: int, n: int, d: int) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)


def by_autograd(X: Array, t: Array, start: Array, rate: float, steps: int) -> tuple[float, float]:
    """Loss after the loop, and its derivative by the rate, by backpropagation through all steps."""
    data, targets, w = torch.from_numpy(X), torch.from_numpy(t), torch.from_numpy(start)
    eta = torch.tensor(rate, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        w = w - eta * 2 / len(t) * data.T @ (data @ w - targets)
    loss = ((data @ w - targets) ** 2).mean()
    (slope,) = torch.autograd.grad(loss, eta)
    return loss.item(), slope.item()


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    d=st.integers(1, 12),
    steps=st.integers(1, 30),
    share=st.floats(0.05, 1.2),
)
def test_three_ways_agree_with_autograd(seed: int, n: int, d: int, steps: int, share: float) -> None:
    X, t, start = drawn(seed, n, d)
    problem = Descending.of(X, t, start)
    rate = share / problem.largest_curvature
    value, slope = by_autograd(X, t, start, rate, steps)
    # Autograd's own residual Xw - t is rounded relative to t, not to itself: allow for that.
    slack = 1e-12 * steps * problem.size_of_terms(0.0, steps)
    assert problem.loss(rate, steps) + problem.floor == pytest.approx(value, rel=1e-9, abs=1e-13)
    for found in (
        problem.derivative(rate, steps),
        problem.forward(rate, steps)[1],
        problem.reverse(rate, steps),
    ):
        assert found == pytest.approx(slope, rel=1e-9, abs=slack)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 20),
    d=st.integers(1, 20),
    steps=st.integers(1, 500),
    share=st.floats(0.01, 1.5),
)
def test_three_ways_agree_to_twelve_digits(seed: int, n: int, d: int, steps: int, share: float) -> None:
    problem = Descending.of(*drawn(seed, n, d))
    rate = share / problem.largest_curvature
    closed = problem.derivative(rate, steps)
    size = max(problem.size_of_terms(rate, steps), 1e-290)  # below, numbers lose their digits
    assert abs(problem.forward(rate, steps)[1] - closed) <= 1e-12 * size
    assert abs(problem.reverse(rate, steps) - closed) <= 1e-12 * size
    difference, accuracy = problem.finite_difference(rate, steps)
    assert abs(difference - closed) <= accuracy + 1e-290


@pytest.mark.parametrize("order", [2, 3])
def test_higher_derivatives_against_finite_differences(order: int) -> None:
    problem = Descending.of(*drawn(0, 6, 9))
    rate, width = 0.4 / problem.largest_curvature, 1e-6
    slope = (
        problem.derivative(rate + width, 7, order - 1) - problem.derivative(rate - width, 7, order - 1)
    ) / (2 * width)
    assert problem.derivative(rate, 7, order) == pytest.approx(slope, rel=1e-6)
    assert problem.derivative(rate, 1, 3) == 0


def test_the_missions_form_with_error_coordinates() -> None:
    """dL_T/d eta = -T sum l_i^2 (1 - eta l_i)^(2T-1) e_i^2 with the Hessian's eigenpairs."""
    X, t, start = drawn(3, 5, 8)
    values, vectors = np.linalg.eigh(2 / 5 * X.T @ X)
    e = vectors.T @ (start - np.linalg.pinv(X) @ t)
    rate, steps = 0.3 / values.max(), 6
    expected = -steps * np.sum(values**2 * (1 - rate * values) ** (2 * steps - 1) * e**2)
    assert Descending.of(X, t, start).derivative(rate, steps) == pytest.approx(expected, rel=1e-11)


def test_best_single_rate_by_brute_force() -> None:
    X, t, start = drawn(4, 7, 7)
    problem = Descending.of(X, t, start)
    a = X @ start - t
    assert problem.best_single_rate() == pytest.approx(
        7 / 2 * np.sum((X.T @ a) ** 2) / np.sum((X @ X.T @ a) ** 2), rel=1e-12
    )
    rates = np.linspace(0, 4 * problem.best_single_rate(), 4001)
    best = rates[np.argmin([problem.loss(rate, 1) for rate in rates])]
    assert best == pytest.approx(problem.best_single_rate(), rel=1e-3)


@pytest.mark.parametrize("steps", [1, 2, 9, 200])
def test_best_constant_rate_is_the_lowest_of_many(steps: int) -> None:
    problem = Descending.of(*drawn(5, 6, 10))
    best = problem.best_constant_rate(steps)
    lowest = problem.loss(best, steps)
    assert all(problem.loss(best * factor, steps) >= lowest for factor in np.linspace(0.5, 1.5, 101))
