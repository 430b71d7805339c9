"""The model card: everything about a trained network except its weights, as `config.json` beside them."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"

Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class CardError(ValueError):
    """A model folder that cannot be used; the message says which file and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NetworkSpec(_Strict):
    """Which network the weights belong to: a type known to `app.networks.build` and its arguments."""

    type: str
    arguments: dict[str, Any] = {}


class InputScaling(_Strict):
    """How gray 0..1 enters the network: `(gray - mean) / std`."""

    mean: float = 0.0
    std: Annotated[float, Field(gt=0.0)] = 1.0


class Epoch(_Strict):
    """One line of the training history; losses are mean cross-entropy in nats, accuracy a share 0..1."""

    epoch: int
    train_loss: float
    val_loss: float
    val_accuracy: float | None = None
    seconds: float | None = None


class Figure(_Strict):
    """One measured figure, with the 95 % interval over other pictures of the same kind where it was found."""

    value: float
    low: float | None = None
    high: float | None = None


class Evaluation(_Strict):
    """A table of figures from one run: what, on what, and for each row its measures by name."""

    title: str
    note: str = ""
    picture: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.svg$")] | None = None
    """A drawing of it beside the card."""
    rows: dict[str, dict[str, Figure]]


class Card(_Strict):
    """A trained model, without its weights: identity, provenance, input, output, measures and history."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str
    task: Literal["palette", "ab"]
    network: NetworkSpec
    parameters: Annotated[int, Field(gt=0)]
    input_size: Annotated[int, Field(gt=0)]
    """Side in pixels of the square the network was trained at."""
    size_multiple: Annotated[int, Field(gt=0)] = 1
    """Height and width of any input must be multiples of this."""
    input: InputScaling = InputScaling()
    palette: list[tuple[Unit, Unit, Unit]] | None = None
    """Task `palette`: the RGB 0..1 colour of each class."""
    bins: list[tuple[float, float]] | None = None
    """Task `ab`: the CIE ab centre of each class."""
    temperature: Annotated[float, Field(ge=0.0, le=1.0)] = 0.38
    """Default of the annealed mean (Zhang et al. 2016)."""
    trained_on: str
    licence: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    metrics: dict[str, float | str | dict[str, float]] = {}
    evaluations: list[Evaluation] = []
    """Tables that `chromalab evaluate --save` and the benchmarks have measured."""
    history: list[Epoch] = []
    recipe: dict[str, Any] = {}
    versions: dict[str, str] = {}

    @model_validator(mode="after")
    def _classes_match_task(self) -> "Card":
        if self.task == "palette" and not self.palette:
            raise ValueError("a palette model needs its palette")
        if self.task == "ab" and not self.bins:
            raise ValueError("an ab model needs its bins")
        return self

    @property
    def classes(self) -> int:
        """Number of classes, the channels of the network's output."""
        return len(self.palette or self.bins or ())


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_card(folder: Path) -> Card:
    """Read `folder/config.json`; raises CardError with one readable line if it cannot be."""
    path = folder / CONFIG_NAME
    try:
        card = Card.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CardError(f"{folder.name}: {CONFIG_NAME} is missing") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CardError(f"{folder.name}: {CONFIG_NAME} cannot be read ({type(error).__name__})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "card"
        raise CardError(f"{folder.name}: {CONFIG_NAME}: {where}: {first['msg']}") from None
    if card.id != folder.name:
        raise CardError(f"{folder.name}: {CONFIG_NAME} belongs to model {card.id!r}")
    return card


def verify(folder: Path, card: Card) -> None:
    """Raise CardError unless the weights' SHA-256 is the one the card names."""
    path = folder / WEIGHTS_NAME
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        raise CardError(f"{folder.name}: {WEIGHTS_NAME} is missing") from None
    except OSError as error:
        raise CardError(f"{folder.name}: {WEIGHTS_NAME} cannot be read ({type(error).__name__})") from None
    if found != card.sha256:
        raise CardError(f"{folder.name}: {WEIGHTS_NAME} does not match its SHA-256 ({found[:12]}… found)")
