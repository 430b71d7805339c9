"""weight-decay: both trajectories against torch.optim, the equivalence and the gaps."""

from typing import Any

import numpy as np
import pytest
import torch

from app.lab import Finished, InvalidParams, Run, demo, run_demo
from app.lab.demos.weight_decay import WeightDecayParams, _descent, _rate
from app.lab.packing import Array

DEMO = demo("weight-decay")


def run(**params: Any) -> Finished:
    return run_demo(DEMO, {"sweep": 0} | params)


@pytest.mark.parametrize("name", ["adam", "heavy-ball"])
@pytest.mark.parametrize("way", ["penalty", "decay"])
def test_both_ways_follow_torch(name: str, way: str) -> None:
    """AdamW for Adam's decay, weight_decay of Adam and SGD for penalties, SGDW written out for momentum's."""
    settings_given = {"n": 5, "d": 7, "decay": 0.01, "steps": 80, "sweep": 0, "learning_rate": 0.02}
    params = WeightDecayParams.model_validate(settings_given | {"optimizers": [name]})
    settings = Run(params)
    descent, rate = _descent(settings), _rate(settings, name)
    start = np.random.default_rng(1).normal(size=(1, 1, 7))
    lanes = descent.start(start)
    descent.advance(lanes, 0, 80)

    X, t = torch.from_numpy(descent.problem.X[0]), torch.from_numpy(descent.problem.t[0])
    w = torch.tensor(start[0, 0], requires_grad=True)
    decoupled = way == "decay"
    # torch's L2 adds weight_decay * w to the gradient: 2 penalty w = (decay / rate) w.
    weight_decay = params.decay / rate
    optimizer: torch.optim.Optimizer
    if name == "adam":
        kind = torch.optim.AdamW if decoupled else torch.optim.Adam
        optimizer = kind([w], lr=rate, weight_decay=weight_decay)
    else:
        optimizer = torch.optim.SGD([w], lr=rate, momentum=0.9, weight_decay=0 if decoupled else weight_decay)
    for step in range(80):
        rows = descent.batches.rows(step)[0]
        optimizer.zero_grad()
        ((X[rows] @ w - t[rows]) ** 2).mean().backward()  # type: ignore[no-untyped-call]
        if name == "heavy-ball" and decoupled:
            with torch.no_grad():
                w *= 1 - params.decay
        optimizer.step()
    np.testing.assert_allclose(lanes[f"{name}/{way}"].w[0, 0], w.detach().numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("decay", [1e-6, 1e-3, 0.3])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_sgd_takes_the_same_steps(decay: float, batch_size: int) -> None:
    finished = run(decay=decay, batch_size=batch_size, optimizers=["sgd", "gd"])
    assert max(finished.outcome.result["distance"].values()) < 1e-13
    assert all(check.holds for check in finished.outcome.certificate)


@pytest.mark.parametrize(
    "name", ["heavy-ball", "nesterov", "adam", "rmsprop", "adagrad", "fixed-preconditioner"]
)
def test_others_part(name: str) -> None:
    finished = run(optimizers=[name], decay=1e-3)
    assert finished.outcome.result["distance"][name] > 1e-4
    assert all(check.holds for check in finished.outcome.certificate)


def test_no_momentum_is_sgd() -> None:
    finished = run(optimizers=["heavy-ball", "nesterov"], momentum=0)
    assert max(finished.outcome.result["distance"].values()) < 1e-13


def test_the_gap_fades_with_the_decay() -> None:
    sweep = run(optimizers=["adam"], sweep=6, steps=300).outcome.result["sweep"]
    assert sweep["decay"] == sorted(sweep["decay"]) and len(sweep["decay"]) == 7
    assert sweep["adam"][0] < 0.01 * max(sweep["adam"])


def test_first_steps_by_hand() -> None:
    """One step of gradient descent: (1 - 2 rate penalty) w0 - rate g = (1 - decay) w0 - rate g."""
    params = WeightDecayParams(n=3, d=4, decay=0.1, steps=1, optimizers=["gd"], sweep=0)
    settings = Run(params)
    descent, rate = _descent(settings), _rate(settings, "gd")
    w: Array = np.arange(1.0, 5.0)[None, None]
    lanes = descent.start(w)
    descent.advance(lanes, 0, 1)
    expected = 0.9 * w - rate * descent.problem.gradient(w)
    for way in ("penalty", "decay"):
        np.testing.assert_allclose(lanes[f"gd/{way}"].w, expected, rtol=1e-14)


def test_divergence_is_flagged() -> None:
    finished = run(learning_rate=3.0, optimizers=["sgd", "adam"])
    assert finished.outcome.result["diverged"] == ["sgd"]
    assert any("SGD diverged" in note for note in finished.outcome.notes)
    assert not any(check.claim.startswith("SGD") for check in finished.outcome.certificate)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"decay": 0}, "greater than or equal"),
        ({"decay": 1}, "less than or equal"),
        ({"batch_size": 20}, "batch_size"),
        ({"optimizers": []}, "at least 1"),
        ({"optimizers": ["full-matrix-adagrad"], "d": 300, "steps": 50_000}, "of work"),
    ],
)
def test_settings_that_make_no_sense_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        DEMO.read(params)
