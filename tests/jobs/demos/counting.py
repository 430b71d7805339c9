"""A demo whose numbers depend on every bit of the step before: any lost or doubled step shows."""

import time
from collections.abc import Mapping

from app.lab import Check, Outcome, Point, Run, Series, Step
from app.lab.demo import Demo, Params
from app.lab.shown import Axis, Figure, Json, Samples


class CountingParams(Params):
    """Settings of `counting`."""

    steps: int = 3
    points: int = 2
    """In a step."""
    sleep: float = 0.0
    """Seconds that a step takes."""


class Counting(Demo[CountingParams]):
    """A chaotic sequence, x to 3.99 x (1 - x), as many points a step as wanted."""

    name = "counting"
    title = "Counting"
    summary = "Counts."
    text = "It counts."
    params_model = CountingParams

    def series(self, params: CountingParams) -> list[Series]:
        return [Series("x", "x", Axis("step"), Axis("x"))]

    def start(self, run: Run[CountingParams]) -> Json:
        return {"step": 0, "x": (run.seed % 1000 + 1) / 1002}

    def step(self, run: Run[CountingParams], state: Json) -> Step:
        time.sleep(run.params.sleep)
        x, points = state["x"], []
        for place in range(run.params.points):
            x = 3.99 * x * (1 - x)
            points.append(Point("x", state["step"] * run.params.points + place, x))
        done = state["step"] + 1
        after = {"step": done, "x": x}
        return Step(after, done / run.params.steps, tuple(points), done=done >= run.params.steps)

    def finish(self, run: Run[CountingParams], state: Json) -> Outcome:
        return Outcome({"x": state["x"]}, (Check.equal("All were counted", state["step"], run.params.steps),))

    def figures(
        self, params: CountingParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        counted = series.get("x", {"x": [], "y": []})
        return {
            "x": {"data": [{"type": "scatter", **counted}], "layout": {}},
            "empty": {"data": [], "layout": {}},
        }
