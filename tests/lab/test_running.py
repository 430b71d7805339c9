"""The runner: what it refuses to pass on."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.lab import Demo, DemoError, Outcome, Point, Run, Series, Step, demo, run_demo
from app.lab.demo import Params, require_finite
from app.lab.shown import Check, Figure, Json, Samples, collect


class Broken(Demo[Params]):
    """A demo that gives whatever it is made with."""

    name = title = summary = text = "broken"
    params_model = Params

    def __init__(self, step: Step, outcome: Outcome) -> None:
        self.given, self.outcome = step, outcome

    def series(self, params: Params) -> list[Series]:
        return []

    def start(self, run: Run[Params]) -> Json:
        return {}

    def step(self, run: Run[Params], state: Json) -> Step:
        return self.given

    def finish(self, run: Run[Params], state: Json) -> Outcome:
        return self.outcome

    def figures(
        self, params: Params, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        return {}


GOOD = Outcome({}, ())
NAN = float("nan")


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (Step({"a": NAN}, 1.0, done=True), GOOD),
        (Step({}, 1.0, (Point("s", 0, NAN),), done=True), GOOD),
        (Step({}, 1.0, done=True), Outcome({"deep": [{"er": float("inf")}]}, ())),
        (Step({}, 1.0, done=True), Outcome({}, (Check("c", NAN, 1.0, False),))),
    ],
)
def test_numbers_that_are_not_finite_end_the_run(step: Step, outcome: Outcome) -> None:
    with pytest.raises(DemoError, match="not finite"):
        run_demo(Broken(step, outcome))


def test_a_state_that_is_no_json_is_an_error_of_the_demo() -> None:
    with pytest.raises(TypeError):
        run_demo(Broken(Step({"a": object()}, 1.0, done=True), GOOD))


def test_a_demo_that_needs_a_folder_says_so() -> None:
    with pytest.raises(DemoError, match="work folder"):
        run_demo(demo("train-colorizer"))


def test_finished_runs_tell_versions() -> None:
    finished = run_demo(Broken(Step({}, 1.0, done=True), GOOD))
    assert {"chromalab", "python", "numpy", "torch"} <= set(finished.versions)


def test_points_are_collected_by_series_in_order() -> None:
    points = [Point("a", 0, 1), Point("b", 0, 2), Point("a", 1, 3)]
    assert collect(points) == {"a": {"x": [0, 1], "y": [1, 3]}, "b": {"x": [0], "y": [2]}}


def test_the_place_of_a_bad_number_is_told() -> None:
    document: Any = {"a": [1.0, {"b": NAN}]}
    with pytest.raises(DemoError, match=r"a\[1\]\.b"):
        require_finite(document)
