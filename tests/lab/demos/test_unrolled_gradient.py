from typing import Any

import pytest

from app.lab import DemoError, InvalidParams, demo, run_demo
from app.lab.demos.unrolled_gradient import EXPONENTS, fit

DEMO = demo("unrolled-gradient")


def test_exponents_are_those_of_theory() -> None:
    finished = run_demo(DEMO, {"d": 40, "steps": [16, 64, 256]})
    result = finished.outcome.result
    for way, expected in EXPONENTS.items():
        assert result["exponents"][way] == pytest.approx(expected, abs=0.05)
        assert len(result["bytes"][way]) == 3
    assert result["bytes"]["reverse"][-1] > 8 * result["bytes"]["checkpointed"][-1]
    assert all(check.holds for check in finished.outcome.certificate)
    assert finished.outcome.pictures[0].media_type == "image/svg+xml"


def test_a_narrow_range_is_not_concluded_from() -> None:
    finished = run_demo(DEMO, {"d": 5, "steps": [4, 8]})
    assert any("No exponent is concluded" in note for note in finished.outcome.notes)
    assert not any("exponent" in check.claim for check in finished.outcome.certificate)


def test_a_single_step_count_has_no_exponent() -> None:
    assert run_demo(DEMO, {"d": 3, "steps": [5]}).outcome.result["exponents"]["reverse"] is None


def test_time_is_measured_only_on_request() -> None:
    assert "seconds" not in run_demo(DEMO, {"d": 3, "steps": [2, 3]}).outcome.result
    timed = run_demo(DEMO, {"d": 3, "steps": [2, 3], "measure_time": True})
    assert all(second > 0 for seconds in timed.outcome.result["seconds"].values() for second in seconds)
    assert "reverse/seconds" in timed.series


def test_step_counts_are_sorted_and_taken_once() -> None:
    assert DEMO.read({"steps": [9, 4, 9]}).steps == [4, 9]


def test_a_diverging_loop_is_an_error_in_words() -> None:
    with pytest.raises(DemoError, match="beyond what a number can hold"):
        run_demo(DEMO, {"d": 5, "steps": [1000], "learning_rate": 100.0})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"steps": []}, "at least 1"),
        ({"steps": [0]}, "greater than or equal to 1"),
        ({"steps": [4096], "d": 10_000}, "MiB"),
        ({"steps": list(range(4085, 4097))}, "steps in all"),
        ({"loss": "hinge"}, "logistic"),
    ],
)
def test_settings_that_cost_too_much_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        DEMO.read(params)


def test_fit_is_the_slope_of_the_logarithms() -> None:
    assert fit([3 * count**1.5 for count in (2, 5, 70)], [2, 5, 70]) == pytest.approx(1.5)
    assert fit([7, 7], [1, 2]) == 0
