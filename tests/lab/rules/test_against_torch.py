"""Every rule against torch.optim, step by step."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab.rules import NAMES, RULES, Array, Hyper, make_rule

STEPS = 200
Optimizers = dict[str, Callable[[list[torch.Tensor], Hyper], torch.optim.Optimizer]]

TORCH: Optimizers = {
    "gd": lambda w, h: torch.optim.SGD(w, lr=_number(h.rate)),
    "sgd": lambda w, h: torch.optim.SGD(w, lr=_number(h.rate)),
    "heavy-ball": lambda w, h: torch.optim.SGD(w, lr=_number(h.rate), momentum=h.momentum),
    "nesterov": lambda w, h: torch.optim.SGD(w, lr=_number(h.rate), momentum=h.momentum, nesterov=True),
    "adagrad": lambda w, h: torch.optim.Adagrad(w, lr=_number(h.rate), eps=_number(h.epsilon)),
    "rmsprop": lambda w, h: torch.optim.RMSprop(
        w, lr=_number(h.rate), alpha=h.smoothing, eps=_number(h.epsilon)
    ),
    "adam": lambda w, h: torch.optim.Adam(
        w, lr=_number(h.rate), betas=(h.beta1, h.beta2), eps=_number(h.epsilon)
    ),
    "amsgrad": lambda w, h: torch.optim.Adam(
        w, lr=_number(h.rate), betas=(h.beta1, h.beta2), eps=_number(h.epsilon), amsgrad=True
    ),
    "nadam": lambda w, h: torch.optim.NAdam(
        w, lr=_number(h.rate), betas=(h.beta1, h.beta2), eps=_number(h.epsilon)
    ),
    "adamax": lambda w, h: torch.optim.Adamax(
        w, lr=_number(h.rate), betas=(h.beta1, h.beta2), eps=_number(h.epsilon)
    ),
}
OWN_ORACLE = {"full-matrix-adagrad", "sign-descent", "fixed-preconditioner"}


@pytest.fixture(autouse=True, scope="module")
def _double_scalars() -> Iterator[None]:
    """PyTorch keeps NAdam's momentum product in float32 otherwise, and is then 1e-9 off."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def _number(value: float | Array) -> float:
    assert isinstance(value, float)
    return value


def test_every_rule_has_an_oracle() -> None:
    assert set(TORCH) | OWN_ORACLE == set(NAMES)


def _gradient(w: Array) -> Array:
    """Of a quartic bowl with different curvatures, so that gradients change size and sign."""
    scale = np.linspace(0.3, 2.0, w.shape[-1])
    return np.asarray(scale * w + 0.1 * w**3 + 0.05 * np.roll(w, 1, axis=-1))


def _torch_path(name: str, hyper: Hyper, start: Array, steps: int) -> list[Array]:
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = TORCH[name]([w], hyper)
    path = []
    for _ in range(steps):
        w.grad = torch.from_numpy(_gradient(w.detach().numpy()))
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return path


def _own_path(name: str, hyper: Hyper, start: Array, steps: int) -> list[Array]:
    rule = make_rule(name, hyper)
    w, path = start.copy(), []
    slots = rule.start(w)
    for t in range(1, steps + 1):
        w = w - rule.move(_gradient(w), slots, t)
        path.append(w)
    return path


@pytest.mark.parametrize("name", TORCH)
def test_follows_torch_step_by_step(name: str) -> None:
    start = np.random.default_rng(3).normal(size=7) * 3
    hyper = Hyper(rate=0.05)
    for own, theirs in zip(
        _own_path(name, hyper, start, STEPS), _torch_path(name, hyper, start, STEPS), strict=True
    ):
        np.testing.assert_allclose(own, theirs, rtol=1e-12, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(sorted(TORCH)),
    rate=st.floats(1e-4, 0.2),
    momentum=st.floats(0.01, 0.95),
    beta1=st.floats(0.0, 0.95),
    beta2=st.floats(0.5, 0.9999),
    epsilon=st.floats(1e-6, 10.0),
    seed=st.integers(0, 1000),
)
def test_follows_torch_for_any_hyperparameters(
    name: str, rate: float, momentum: float, beta1: float, beta2: float, epsilon: float, seed: int
) -> None:
    start = np.random.default_rng(seed).normal(size=4)
    hyper = Hyper(rate, momentum, beta1, beta2, smoothing=beta2, epsilon=epsilon)
    own, theirs = _own_path(name, hyper, start, 20), _torch_path(name, hyper, start, 20)
    np.testing.assert_allclose(own[-1], theirs[-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_many_problems_at_once_go_as_each_alone(name: str) -> None:
    starts = np.random.default_rng(0).normal(size=(2, 3, 5))
    diagonal = np.linspace(0.5, 2, 5)
    rates, eps = np.array([0.01, 0.02, 0.05])[:, None], np.array([1e-8, 1e-3, 1.0])[:, None]
    together = _own_path(name, Hyper(rates, epsilon=eps, preconditioner=diagonal), starts, 30)[-1]
    for i in range(2):
        for j in range(3):
            hyper = Hyper(float(rates[j, 0]), epsilon=float(eps[j, 0]), preconditioner=diagonal)
            alone = _own_path(name, hyper, starts[i, j], 30)[-1]
            np.testing.assert_allclose(together[i, j], alone, rtol=1e-9)


def test_full_matrix_adagrad_against_scipy() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(1)
    rule = make_rule("full-matrix-adagrad", Hyper(rate=0.1, epsilon=0.3))
    slots, total = rule.start(np.zeros(4)), np.zeros((4, 4))
    for t in range(1, 8):
        g = rng.normal(size=4)
        total += np.outer(g, g)
        expected = 0.1 * linalg.inv(linalg.sqrtm(total + 0.3 * np.eye(4))) @ g
        np.testing.assert_allclose(rule.move(g, slots, t), expected, rtol=1e-11)


def test_sign_descent_and_fixed_preconditioner() -> None:
    g = np.array([-3.0, 0.0, 0.25])
    assert make_rule("sign-descent", Hyper(rate=0.5)).move(g, {}, 1).tolist() == [-0.5, 0.0, 0.5]
    diagonal = np.array([1.0, 2.0, 4.0])
    rule = make_rule("fixed-preconditioner", Hyper(rate=0.5, preconditioner=diagonal))
    assert rule.move(g, {}, 1).tolist() == [-1.5, 0.0, 0.5]


@pytest.mark.parametrize("name", NAMES)
def test_rule_says_which_hyperparameters_it_takes(name: str) -> None:
    """Changing a hyperparameter changes the path exactly when the catalogue says that the rule uses it."""
    start = np.array([1.0, -2.0, 0.5])
    plain = Hyper(rate=0.05, epsilon=1e-3)
    changes = {
        "momentum": Hyper(0.05, momentum=0.5, epsilon=1e-3),
        "beta1": Hyper(0.05, beta1=0.5, epsilon=1e-3),
        "beta2": Hyper(0.05, beta2=0.9, epsilon=1e-3),
        "smoothing": Hyper(0.05, smoothing=0.5, epsilon=1e-3),
        "epsilon": Hyper(0.05, epsilon=0.1),
    }
    baseline = _own_path(name, plain, start, 5)[-1]
    changed = {
        key
        for key, hyper in changes.items()
        if not np.array_equal(_own_path(name, hyper, start, 5)[-1], baseline)
    }
    assert changed == set(RULES[name].uses)
