"""The Demo protocol: a demonstration as a chain of short steps that can stop anywhere and go on elsewhere.

A demo is a pure function of (params, seed), cut into steps. A step takes the state that the step before it
gave, and that state is JSON. So whoever runs the steps may write each state down, be killed, and go on from
the last one written: the numbers are the same, bit for bit on one machine. Running a step twice does no
harm.

A new demo is one file in `app/lab/demos/` with one subclass of `Demo` in it.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.lab.shown import Figure, Json, Outcome, Picture, Point, Samples, Series

MAX_SEED = 2**63 - 1


class Params(BaseModel):
    """Settings of a demo; every number has bounds, and the JSON Schema is also the form."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Params)


class DemoError(Exception):
    """A run that cannot go on; the message is a sentence for its reader."""


class LostWork(DemoError):
    """The work folder lacks what an earlier step left there; start again from `Demo.start`."""


class InvalidParams(ValueError):
    """Settings that a demo does not take; `errors` are (JSON pointer, sentence) pairs."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer or '/'}: {reason}" for pointer, reason in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Run(Generic[P]):
    """One run of a demo: what all of its steps are given."""

    params: P
    seed: int = 0
    folder: Path | None = None
    """The run's own folder, for work too large for the state; see `Demo.needs_folder`."""
    data: Path | None = None
    """Where data sets are, if there are any."""
    model_id: str = "trained"
    """The id under which a network trained here is published in `folder`."""
    deaths: int = 0
    """Processes in a row that have died over the step that is to be taken."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise InvalidParams([("/seed", f"must be between 0 and {MAX_SEED}")])


@dataclass(frozen=True, slots=True)
class Step:
    """What one step gives: the next state, and what it has to show."""

    state: Json
    progress: float
    """Share of the whole run that is done, 0..1."""
    points: tuple[Point, ...] = ()
    pictures: tuple[Picture, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    """What readers of the run's events are told beside the progress."""
    done: bool = False
    """Whether this was the last step; `Demo.finish` takes its state."""


class Demo(ABC, Generic[P]):
    """A demonstration. Subclasses are stateless: everything that changes is in the state."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    """One sentence for the list."""
    text: ClassVar[str]
    """What it shows and why it is true: paragraphs between blank lines, formulas as in `app.lab.text`."""
    params_model: type[P]
    needs_folder: ClassVar[bool] = False

    def read(self, params: Mapping[str, Any]) -> P:
        """Checked settings from JSON; raises InvalidParams."""
        try:
            return self.params_model.model_validate(dict(params))
        except ValidationError as error:
            raise InvalidParams([_readable(found) for found in error.errors(include_url=False)]) from None

    def schema(self) -> Json:
        """JSON Schema of the settings."""
        return self.params_model.model_json_schema()

    @abstractmethod
    def series(self, params: P) -> list[Series]:
        """The curves that a run will draw, known before it starts."""

    @abstractmethod
    def start(self, run: Run[P]) -> Json:
        """The state before the first step; cheap."""

    @abstractmethod
    def step(self, run: Run[P], state: Json) -> Step:
        """One short piece of work; leaves `state` as it is. Raises DemoError."""

    @abstractmethod
    def finish(self, run: Run[P], state: Json) -> Outcome:
        """Result and certificate from the last step's state. Raises DemoError."""

    @abstractmethod
    def figures(self, params: P, series: Mapping[str, Samples], outcome: Outcome | None) -> dict[str, Figure]:
        """Charts by name, the main one first; `outcome` is None while the run goes on."""


def _readable(error: Any) -> tuple[str, str]:
    where = "".join(f"/{_escaped(part)}" for part in error["loc"] if not _is_branch(part))
    reason = str(error["msg"]).removeprefix("Value error, ")
    return where, reason[:1].lower() + reason[1:]


def _is_branch(part: int | str) -> bool:
    """Whether a part of pydantic's location names a branch of a union rather than a place in the JSON."""
    return isinstance(part, str) and ("[" in part or part in {"int", "float", "str", "none"})


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def require_finite(document: Any, where: str = "") -> None:
    """Raise DemoError if any number inside is NaN or infinite, which JSON cannot hold."""
    if isinstance(document, float) and not math.isfinite(document):
        raise DemoError(f"a number that is not finite came out{f' in {where}' if where else ''}")
    if isinstance(document, Mapping):
        for key, value in document.items():
            require_finite(value, f"{where}.{key}" if where else str(key))
    elif isinstance(document, Iterable) and not isinstance(document, str):
        for index, value in enumerate(document):
            require_finite(value, f"{where}[{index}]")
