"""Takes a demo to its end in this process, passing every state through JSON as a durable worker would."""

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from app import __version__
from app.lab.demo import Demo, DemoError, Run, Step, require_finite
from app.lab.shown import Json, Outcome, Picture, Point, Samples, collect

_NUMERIC = ("numpy", "torch")
"""Packages whose version can change a number."""


@dataclass(frozen=True)
class Finished:
    """A run at its end."""

    outcome: Outcome
    series: dict[str, Samples]
    pictures: list[Picture] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Result, certificate, series and versions, as REST gives them."""
        return {
            "result": self.outcome.result,
            "certificate": [asdict(check) for check in self.outcome.certificate],
            "series": self.series,
            "versions": self.versions,
        }


def versions() -> dict[str, str]:
    """What the numbers of a run depend on beside params and seed."""
    found = {"chromalab": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for package in _NUMERIC:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def take_step(demo: Demo[Any], run: Run[Any], state: Json) -> Step:
    """One step, checked: its state and points are JSON with finite numbers only. Raises DemoError."""
    step = demo.step(run, state)
    for point in step.points:
        require_finite((point.x, point.y), point.series)
    try:
        json.dumps(step.state, allow_nan=False)
    except (TypeError, ValueError):
        require_finite(step.state, "the state")
        raise
    return step


def finish(demo: Demo[Any], run: Run[Any], state: Json) -> Outcome:
    """The outcome, checked to hold finite numbers only. Raises DemoError."""
    outcome = demo.finish(run, state)
    require_finite(outcome.to_json())
    return outcome


def run_demo(
    demo: Demo[Any],
    params: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    folder: Path | None = None,
    data: Path | None = None,
    listen: Callable[[Step], None] = lambda step: None,
) -> Finished:
    """Run a demo from start to end. Raises InvalidParams, DemoError."""
    if demo.needs_folder and folder is None:
        raise DemoError(f"{demo.name} needs a work folder")
    run = Run(demo.read(params or {}), seed, folder, data)
    state, done = demo.start(run), False
    points: list[Point] = []
    pictures: list[Picture] = []
    while not done:
        step = take_step(demo, run, json.loads(json.dumps(state)))
        listen(step)
        points += step.points
        pictures += step.pictures
        state, done = step.state, step.done
    return Finished(finish(demo, run, json.loads(json.dumps(state))), collect(points), pictures, versions())
