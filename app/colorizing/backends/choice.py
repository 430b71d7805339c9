"""What was found to run a model best on a machine, remembered in a file of `data_dir`."""

import json
import os
import platform
import tempfile
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import __version__
from app.colorizing.backends.kinds import KINDS
from app.machine import cpu_model
from app.networks.card import Card

log = structlog.get_logger(__name__)

Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Contender(_Strict):
    """One kind of backend in the comparison."""

    name: str
    speed: Positive | None = Field(
        None, description="Eager float32's processor time for a pass by this one's; null if it was not timed."
    )
    delta_e: float | None = Field(
        None, description="Difference from eager float32's colours: CIE 1976 ΔE, 99.9th percentile."
    )
    agreement: float | None = Field(None, description="Share of places whose likeliest colour is the same.")
    refused: str | None = Field(None, description="Why it does not come into question.")


class Choice(_Strict):
    """The fastest backend whose colours nobody can tell from float32's."""

    name: str
    threads: Annotated[int, Field(ge=1)] = Field(description="Threads of a pass, where so many are granted.")
    contenders: list[Contender]

    @property
    def chosen(self) -> Contender | None:
        """What was measured of the one that was chosen."""
        return next((each for each in self.contenders if each.name == self.name), None)


class _Remembered(_Strict):
    key: dict[str, str | int]
    choice: Choice


def key(card: Card, threads: int) -> dict[str, str | int]:
    """What a choice depends on: the model, the processor, its share that we are granted, the libraries."""
    return {
        "model": card.sha256,
        "processor": cpu_model(),
        "threads": threads,
        "chromalab": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in ("torch", "openvino")},
    }


class Choices:
    """The remembered choices, one file each; several processes and machines may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, about: dict[str, str | int]) -> Choice | None:
        """What is remembered for a key; None if nothing is, or nothing that can be used."""
        path = self._path(about)
        try:
            found = _Remembered.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.warning(
                "a remembered choice of backend cannot be read", file=str(path), reason=type(error).__name__
            )
            return None
        usable = (
            found.key == about
            and found.choice.name in KINDS
            and found.choice.threads <= int(about["threads"])
        )
        return found.choice if usable else None

    def write(self, about: dict[str, str | int], choice: Choice) -> None:
        """Remember a choice, whole or not at all; raises OSError."""
        content = _Remembered(key=about, choice=choice).model_dump_json(indent=1)
        descriptor, partial = tempfile.mkstemp(dir=self._folder, suffix=".partial")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            os.replace(partial, self._path(about))
        except BaseException:
            os.unlink(partial)
            raise

    def lock(self, about: dict[str, str | int]) -> Path:
        """The file that whoever is measuring holds locked; makes the folder, raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._path(about).with_suffix(".lock")

    def _path(self, about: dict[str, str | int]) -> Path:
        digest = sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        return self._folder / f"{digest[:32]}.json"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
