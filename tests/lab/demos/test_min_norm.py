"""min-norm: its claims on random problems, recomputed from the data that the result carries."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab import Finished, InvalidParams, demo, run_demo

DEMO = demo("min-norm")
FIELDS = {"distance_to_minimum_norm", "row_space_leakage", "residual", "converged"}


def run(seed: int = 0, **params: Any) -> Finished:
    return run_demo(DEMO, {"compare": []} | params, seed=seed)


def holds(finished: Finished, words: str) -> bool:
    found = [check for check in finished.outcome.certificate if words in check.claim]
    assert found, words
    return all(check.holds for check in found)


@pytest.mark.parametrize("batch_size", [1, 3, 10])
@pytest.mark.parametrize("optimizer", ["sgd", "heavy-ball", "nesterov"])
def test_span_methods_reach_the_minimum_norm_of_the_data_given(batch_size: int, optimizer: str) -> None:
    finished = run(optimizer=optimizer, batch_size=batch_size, steps=20_000 // (1 + 3 * (batch_size == 10)))
    result = finished.outcome.result
    assert result.keys() >= FIELDS and result["converged"] is True
    X, t = np.array(result["problem"]["X"][0]), np.array(result["problem"]["t"][0])
    expected, *_ = np.linalg.lstsq(X, t)
    w = np.array(result["weights"][optimizer][0])
    assert np.linalg.norm(w - expected) < 1e-7 * np.linalg.norm(expected)
    relative = np.linalg.norm(w - expected) / np.linalg.norm(expected)
    assert abs(relative - result["distance_to_minimum_norm"]) < 1e-12
    assert result["row_space_leakage"] < 1e-12
    assert holds(finished, "stays in the row space") and holds(finished, "nearest to the start")


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 10), st.integers(0, 10**9), st.data())
def test_sgd_reaches_it_for_any_size_batch_and_seed(
    n: int, extra: int, seed: int, data: st.DataObject
) -> None:
    batch_size = data.draw(st.integers(1, n))
    finished = run(seed, n=n, d=n + extra, batch_size=batch_size, steps=3000)
    assert holds(finished, "stays in the row space")
    if finished.outcome.result["converged"]:  # a problem near a singular one takes longer
        assert holds(finished, "nearest to the start")
    else:
        assert any("has not converged" in note for note in finished.outcome.notes)


@pytest.mark.parametrize(
    "optimizer", ["adagrad", "rmsprop", "adam", "amsgrad", "nadam", "adamax", "sign-descent"]
)
def test_adaptive_methods_interpolate_elsewhere(optimizer: str) -> None:
    result = run(optimizer=optimizer, batch_size=10, steps=6000).outcome.result
    assert result["converged"] is True
    assert result["distance_to_minimum_norm"] > 0.1


def test_full_matrix_adagrad_stays_in_the_row_space() -> None:
    finished = run(optimizer="full-matrix-adagrad", n=4, d=8, batch_size=4, learning_rate=1.0, steps=2000)
    assert finished.outcome.result["converged"] is True
    assert finished.outcome.result["distance_to_minimum_norm"] < 1e-6
    assert holds(finished, "stays in the row space")


def test_fixed_preconditioner_ends_at_its_own_solution() -> None:
    finished = run(optimizer="fixed-preconditioner", batch_size=10, steps=20_000)
    result = finished.outcome.result["optimizers"]["fixed-preconditioner"]
    assert (
        result["converged"] and result["distance_to_prediction"] < 1e-6 < result["distance_to_minimum_norm"]
    )


def test_another_start_ends_at_the_solution_nearest_to_it() -> None:
    result = run(start="random").outcome.result["optimizers"]["sgd"]
    assert result["distance_to_prediction"] < 1e-10 < 0.1 < result["distance_to_minimum_norm"]
    inside = run(start="row-space").outcome.result
    assert inside["distance_to_minimum_norm"] < 1e-10


def test_penalty_ends_at_ridge_and_not_at_the_minimum_norm() -> None:
    finished = run(optimizer="gd", penalty=0.1, steps=5000)
    assert holds(finished, "ends at the ridge solution") and holds(finished, "is not w*")
    result = finished.outcome.result["optimizers"]["gd"]
    assert result["distance_to_prediction"] < 1e-10 < result["distance_to_minimum_norm"]


def test_large_epsilon_returns_to_the_minimum_norm() -> None:
    finished = run(optimizer="adam", epsilon_sweep=True, batch_size=10, steps=8000)
    sweep = finished.outcome.result["epsilon_sweep"]
    assert sweep[0]["distance"] > 0.1 and sweep[-1]["distance"] < 1e-5
    assert sweep[12]["epsilon"] == pytest.approx(1e4) and sweep[12]["distance"] < 1e-4
    assert holds(finished, "epsilon = 1e6")


def test_on_wilsons_problems_adaptive_methods_end_along_the_signs() -> None:
    finished = run(
        optimizer="adagrad", problem="signs", batch_size=10, steps=5000, compare=["adam", "rmsprop"]
    )
    assert holds(finished, "ends along sign")
    w = np.array(finished.outcome.result["weights"]["adagrad"][0])
    X, t = (np.array(finished.outcome.result["problem"][name][0]) for name in ("X", "t"))
    np.testing.assert_allclose(w / np.abs(w).mean(), np.sign(X.T @ t), rtol=1e-4)


def test_a_run_that_has_not_converged_is_flagged_and_not_concluded_from() -> None:
    finished = run(optimizer="adam", steps=50)
    assert finished.outcome.result["converged"] is False
    assert any("has not converged" in note for note in finished.outcome.notes)
    assert not any("interpolates" in check.claim for check in finished.outcome.certificate)
    assert not holds(finished, "has converged")


def test_divergence_is_flagged_with_finite_numbers_and_spares_the_others() -> None:
    finished = run(optimizer="sgd", learning_rate=5.0, compare=["gd"], steps=4000)
    result = finished.outcome.result
    assert result["converged"] is False and result["optimizers"]["sgd"]["diverged_at"] > 0
    assert np.isfinite(result["distance_to_minimum_norm"])
    assert result["optimizers"]["gd"]["converged"] is True
    assert any("diverged" in note for note in finished.outcome.notes)


@pytest.mark.parametrize("spelling", ["Heavy ball", "heavy_ball", "momentum", "HeavyBall", "heavy-ball"])
def test_optimizers_may_be_spelt_as_people_do(spelling: str) -> None:
    assert DEMO.read({"optimizer": spelling}).optimizer == "heavy-ball"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"n": 30, "d": 30}, "below d"),
        ({"n": 3, "d": 5, "batch_size": 4}, "batch_size"),
        ({"optimizer": "adadelta"}, "gd"),
        ({"learning_rate": 0}, "greater than 0"),
        ({"learning_rate": float("nan")}, "finite"),
        ({"steps": 10**9}, "200000"),
        ({"optimizer": "full-matrix-adagrad", "d": 300, "steps": 200_000}, "of work"),
        ({"optimizer": "sgd", "epsilon_sweep": True}, "no epsilon"),
        ({"optimizer": "adam", "epsilon_sweep": True, "penalty": 1.0}, "penalty 0"),
        ({"seed": 1}, "seed"),
    ],
)
def test_settings_that_make_no_sense_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        DEMO.read(params)


def test_many_problems_are_told_by_the_worst() -> None:
    single = [run(0, n=4, d=9, steps=300, runs=1).outcome.result]
    many = run(0, n=4, d=9, steps=300, runs=3).outcome.result
    assert many["residual"] >= single[0]["residual"]
    assert np.array(many["weights"]["sgd"]).shape == (3, 9)
