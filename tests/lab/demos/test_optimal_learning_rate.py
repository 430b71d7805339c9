from typing import Any

import numpy as np
import pytest

from app.lab import DemoError, Finished, InvalidParams, demo, run_demo

DEMO = demo("optimal-learning-rate")


def run(seed: int = 0, **params: Any) -> Finished:
    return run_demo(DEMO, {"descent": 0} | params, seed=seed)


def test_fixed_fields_agree_with_the_data_given() -> None:
    result = run(n=6, d=11, steps=4).outcome.result
    X, t, start = (np.array(result["data"][name]) for name in ("X", "t", "start"))
    a = X @ start - t
    best = 3 * np.sum((X.T @ a) ** 2) / np.sum((X @ X.T @ a) ** 2)
    assert result["learning_rate"] == pytest.approx(best, rel=1e-12)
    assert result["probe"] == pytest.approx(best / 2, rel=1e-12)

    def loss(rate: float) -> float:
        w = start
        for _ in range(4):
            w = w - rate * 2 / 6 * X.T @ (X @ w - t)
        return float(np.mean((X @ w - t) ** 2))

    width = 1e-6 * best
    slope = (loss(best / 2 + width) - loss(best / 2 - width)) / (2 * width)
    for name in ("closed_form", "forward", "reverse", "finite_difference"):
        assert result[name] == pytest.approx(slope, rel=1e-6)
    assert result["loss_at_probe"] == pytest.approx(loss(best / 2), rel=1e-12)
    assert result["loss_after_one_best_step"] == pytest.approx(
        float(np.mean((X @ (start - best / 3 * X.T @ a) - t) ** 2)), rel=1e-10
    )


@pytest.mark.parametrize(("n", "d"), [(1, 1), (10, 30), (30, 10), (20, 20)])
@pytest.mark.parametrize("steps", [1, 10, 300])
@pytest.mark.parametrize("seed", [0, 1])
def test_certificate_holds_for_shapes_steps_and_seeds(n: int, d: int, steps: int, seed: int) -> None:
    for check in run(seed, n=n, d=d, steps=steps).outcome.certificate:
        assert check.holds, check


@pytest.mark.parametrize("steps", [1, 5, 50])
def test_gradient_descent_on_the_rate_finds_the_best_one(steps: int) -> None:
    finished = run(steps=steps, descent=300)
    result = finished.outcome.result
    assert result["descent_converged"] is True
    assert result["descent_rate"] == pytest.approx(result["best_rate_for_steps"], rel=1e-6)
    losses = finished.series["descent/loss"]["y"]
    assert losses[-1] == pytest.approx(min(losses), rel=1e-12)


def test_too_short_a_descent_is_flagged() -> None:
    finished = run(steps=100, descent=3)
    assert finished.outcome.result["descent_converged"] is False
    assert any("not converged" in note for note in finished.outcome.notes)


def test_a_probe_beyond_all_numbers_is_an_error_in_words() -> None:
    with pytest.raises(DemoError, match="beyond what a number can hold"):
        run(probe=1e6, steps=1000)


@pytest.mark.parametrize(
    "params", [{"probe": 0}, {"probe": -1}, {"steps": 0}, {"n": 0}, {"d": 1000}, {"steps": 2.5}]
)
def test_settings_that_make_no_sense_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        DEMO.read(params)
