"""rmsprop-counterexample: the numbers as printed and as they should be, and the theorem on any point."""

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab import InvalidParams, demo, run_demo
from app.lab.demos.rmsprop_counterexample import CounterexampleParams
from app.lab.rmsprop_step import is_minimum_norm, loss, predicted_minimum_norm

DEMO = demo("rmsprop-counterexample")


def result(**params: Any) -> dict[str, Any]:
    return run_demo(DEMO, params).outcome.result


def test_the_stated_loss_gives_the_true_numbers() -> None:
    found = result(x=["2", "1"], target="2", learning_rate="2/7", beta=0.91, epsilon="0.2")
    assert found["gradient"] == ["-8", "-4"]
    assert found["w"] == ["80/91", "40/49"]
    assert found["loss"] == "133956/405769"
    assert found["minimum_norm"] == ["4/5", "2/5"]
    assert found["is_minimum_norm"] is False
    assert found["learning_rate_for_zero_loss"] == "91/410"


def test_the_printed_numbers_belong_to_a_quarter_of_the_gradient() -> None:
    found = result(gradient_scale="1/4")
    assert (found["gradient"], found["w"], found["loss"]) == (["-2", "-1"], ["5/7", "4/7"], "0")
    assert found["learning_rate_for_zero_loss"] == "2/7"


def test_the_repaired_rate_lands_on_zero_loss_elsewhere() -> None:
    found = result(learning_rate="91/410")
    assert (found["w"], found["loss"], found["is_minimum_norm"]) == (["28/41", "26/41"], "0", False)


def test_methods_land_where_they_should() -> None:
    methods = result()["methods"]
    assert all(found["converged"] for found in methods.values())
    assert methods["gd"]["distance_to_minimum_norm"] < 1e-9
    assert min(methods[name]["distance_to_minimum_norm"] for name in ("rmsprop", "adam", "adagrad")) > 0.1


def test_equal_entries_reach_the_minimum_norm_and_the_certificate_says_so() -> None:
    finished = run_demo(DEMO, {"x": ["1", "-1", "0"], "beta": "1/2"})
    rate = finished.outcome.result["learning_rate_for_zero_loss"]
    assert "sqrt(2)" in rate
    assert finished.outcome.result["w_at_zero_loss"] == finished.outcome.result["minimum_norm"]
    assert any("as it must be" in check.claim and check.holds for check in finished.outcome.certificate)


def test_target_zero_needs_no_rate() -> None:
    finished = run_demo(DEMO, {"target": 0})
    assert finished.outcome.result["learning_rate_for_zero_loss"] is None
    assert finished.outcome.result["is_minimum_norm"] is True


entries = st.fractions(-9, 9, max_denominator=7)


@settings(max_examples=60, deadline=None)
@given(
    x=st.lists(entries, min_size=1, max_size=4).filter(any),
    target=entries.filter(bool),
    beta=st.fractions(0, 1, max_denominator=12).filter(lambda value: value < 1),
    epsilon=st.fractions("1/9", 3, max_denominator=9),
)
def test_a_rate_for_zero_loss_always_exists_and_misses_as_predicted(
    x: list[Fraction], target: Fraction, beta: Fraction, epsilon: Fraction
) -> None:
    params = CounterexampleParams.model_validate(
        {"x": [str(value) for value in x], "target": str(target), "beta": str(beta), "epsilon": str(epsilon)}
    )
    step = params.first_step()
    rate = step.rate_for_zero_loss
    assert rate is not None and rate.sign > 0
    landed = step.with_rate(rate)
    assert loss(landed, step.x, step.target).sign == 0
    assert is_minimum_norm(landed, step.x, step.target) is predicted_minimum_norm(step, beta)


@settings(max_examples=20, deadline=None)
@given(
    x=st.lists(entries, min_size=1, max_size=3).filter(any),
    target=entries.filter(bool),
    beta=st.fractions(0, 1, max_denominator=12).filter(lambda value: value < 1),
)
def test_first_step_against_sympy(x: list[Fraction], target: Fraction, beta: Fraction) -> None:
    params = CounterexampleParams.model_validate(
        {"x": [str(value) for value in x], "target": str(target), "beta": str(beta), "epsilon": "1/5"}
    )
    step = params.first_step()
    root = sympy.sqrt(1 - sympy.Rational(beta.numerator, beta.denominator))
    for weight, value in zip(step.w, x, strict=True):
        g = -2 * sympy.Rational(str(target)) * sympy.Rational(str(value))
        expected = -sympy.Rational(2, 7) * g / (abs(g) * root + sympy.Rational(1, 5))
        assert sympy.simplify(sympy.sympify(str(weight), rational=True) - expected) == 0


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"x": []}, "at least 1"),
        ({"x": ["0", "0"]}, "all zeros"),
        ({"x": ["1/0"]}, "divides by zero"),
        ({"target": "two"}, "not a number"),
        ({"target": True}, "number or a fraction"),
        ({"target": "1e999"}, "not a number"),
        ({"target": "1e99"}, "in size"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": "-1/2"}, "above 0"),
        ({"beta": "11/10"}, "between 0 and 1"),
        ({"epsilon": "-1"}, "negative"),
        ({"epsilon": 0, "x": ["1", "0"]}, "0/0"),
        ({"epsilon": 0, "beta": 1}, "0/0"),
        ({"gradient_scale": 0}, "above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        DEMO.read(params)
