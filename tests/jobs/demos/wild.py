"""A demo that does every wrong thing that it is asked for."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from app.lab import DemoError, Outcome, Picture, Point, Run, Series, Step
from app.lab.demo import Demo, LostWork, Params
from app.lab.shown import Figure, Json, Samples

NAN = float("nan")
Deed = Literal[
    "none",
    "aborts",
    "allocates",
    "asks for too much",
    "exits",
    "forgets",
    "forgets once",
    "gives an object",
    "gives NaN in the outcome",
    "gives NaN in the state",
    "gives a NaN point",
    "gives too many points",
    "grows",
    "hangs",
    "is killed",
    "paints text that no database takes",
    "prints",
    "raises",
    "refuses",
]


class WildParams(Params):
    """Settings of `wild`."""

    deed: Deed = "none"


class Wild(Demo[WildParams]):
    """One good step, then the deed, then another good step."""

    name = "wild"
    title = "Wild"
    summary = "Misbehaves."
    text = "It misbehaves."
    params_model = WildParams
    needs_folder = True

    def series(self, params: WildParams) -> list[Series]:
        return []

    def start(self, run: Run[WildParams]) -> Json:
        return {"step": 0}

    def step(self, run: Run[WildParams], state: Json) -> Step:
        after: Json = {"step": state["step"] + 1}
        good = Step(after, after["step"] / 3, (Point("steps", state["step"], 1.0),), done=after["step"] == 3)
        return self._misbehave(run, good) if state["step"] == 1 else good

    def finish(self, run: Run[WildParams], state: Json) -> Outcome:
        return Outcome({"x": NAN if run.params.deed == "gives NaN in the outcome" else 1.0}, ())

    def figures(
        self, params: WildParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        return {}

    def _misbehave(self, run: Run[WildParams], good: Step) -> Step:
        assert run.folder is not None
        match run.params.deed:
            case "aborts":
                os.abort()
            case "allocates":
                hoard = []
                while True:
                    hoard.append(bytearray(b"x" * (16 << 20)))
            case "asks for too much":
                bytearray(1 << 42)
            case "exits":
                sys.exit(3)
            case "forgets":
                raise LostWork("the checkpoint is gone")
            case "forgets once":
                return self._forget_once(run.folder, good)
            case "gives an object":
                return Step({"step": good.state["step"], "it": object()}, good.progress)
            case "gives NaN in the state":
                return Step(good.state | {"x": NAN}, good.progress)
            case "gives a NaN point":
                return Step(good.state, good.progress, (Point("steps", 1, NAN),))
            case "gives too many points":
                return Step(good.state, good.progress, (Point("steps", 1, 1.0),) * 200_000)
            case "grows":
                return Step(good.state | {"x": "x" * (17 << 20)}, good.progress)
            case "hangs":
                time.sleep(3600)
            case "is killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "paints text that no database takes":
                odd: Any = "\0\ud800"
                return Step(good.state, good.progress, pictures=(Picture("p", odd, "", "image/png", ""),))
            case "prints":
                print("no answer of mine")
            case "raises":
                raise ZeroDivisionError("division by zero")
            case "refuses":
                raise DemoError("this run cannot go on")
        return good

    def _forget_once(self, folder: Path, good: Step) -> Step:
        mark = folder / "forgotten"
        if not mark.exists():
            mark.touch()
            raise LostWork("the checkpoint is gone")
        return good
