"""A demo that does nothing, in one step: what remains is the cost of a job."""

from collections.abc import Mapping

from app.lab import Outcome, Run, Series, Step
from app.lab.demo import Demo, Params
from app.lab.shown import Figure, Json, Samples


class Nothing(Demo[Params]):
    """The demo."""

    name = title = summary = text = "nothing"
    params_model = Params

    def series(self, params: Params) -> list[Series]:
        """None."""
        return []

    def start(self, run: Run[Params]) -> Json:
        """Nothing."""
        return {}

    def step(self, run: Run[Params], state: Json) -> Step:
        """The last one."""
        return Step({}, 1.0, done=True)

    def finish(self, run: Run[Params], state: Json) -> Outcome:
        """Nothing."""
        return Outcome({}, ())

    def figures(
        self, params: Params, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """None."""
        return {}
