"""A recipe: everything that decides a training run, in one TOML file."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.networks.card import InputScaling, NetworkSpec

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says which field and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Phase(_Strict):
    """Consecutive epochs on one mixture of classes."""

    epochs: Annotated[int, Field(gt=0)]
    pictures: Annotated[int, Field(gt=0)] | None = None
    """Pictures an epoch; every training picture of the target class once when left out."""
    target_share: Share = 1.0
    """Share of the pictures that are of the target class, the others coming from all other classes; for
    photographs, share of those whose shorter side is the recipe's size or more."""


class Optimizer(_Strict):
    """Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019) and its learning rate over the run."""

    name: Literal["adam", "adamw"] = "adam"
    learning_rate: Annotated[float, Field(gt=0.0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    schedule: Literal["constant", "one-cycle"] = "constant"
    """`one-cycle`: linear warm-up over the first `warmup` of all steps, then half a cosine to zero."""
    warmup: Share = 0.05
    encoder_factor: Annotated[float, Field(ge=0.0)] = 1.0
    """The pretrained encoder's rate as a multiple of the rest's."""
    clip_norm: Annotated[float, Field(gt=0.0)] | None = None


class Pretrained(_Strict):
    """A published encoder to start from, carried by a package of the `train` extra."""

    package: str
    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    origin: str
    frozen_stages: Annotated[int, Field(ge=0)] = 3


class PhotoSettings(_Strict):
    """What is particular to photographs, whose colours are bins of the ab plane."""

    sizes: Annotated[list[Annotated[int, Field(gt=0, multiple_of=32)]], Field(min_length=1)] = [128]
    """Sides in pixels of the squares of a batch, each batch of one size and all of as many pixels."""
    smallest_crop: Annotated[float, Field(gt=0.0, le=1.0)] = 0.6
    """A square is at least this share of a picture's shorter side."""
    stride: Annotated[int, Field(ge=1, le=32)] = 4
    """Pixels of the input to one place of the network's output, in each direction."""
    hinted: Share = 0.5
    """Share of the pictures some of whose colours are given away; at 0 the network is given gray alone."""
    aged: Share = 0.3
    """Share of the pictures that are faded, blurred, grainy, scratched or compressed."""
    rebalancing: Annotated[float, Field(ge=0.0, le=1.0)] = 0.6
    """Power of a colour's rarity in its weight; 0 weighs all alike."""
    uniform: Share = 0.5
    """How much of the uniform distribution rarity is measured against."""


class Recipe(_Strict):
    """One model's training run: on horses-24 or any class of tiny pictures, with `photos` on photographs."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str
    network: NetworkSpec
    size: Annotated[int, Field(gt=0)] = 32
    """Side in pixels of the squares it trains on; for photographs, of those that `batch_size` counts and of
    the validation's."""
    input_size: Annotated[int, Field(gt=0)] | None = None
    """Side in pixels of the square that is served, where another than `size`."""
    photos: PhotoSettings | None = None
    size_multiple: Annotated[int, Field(gt=0)] = 4
    input: InputScaling = InputScaling()
    initialization: Literal["default", "kaiming"] = "default"
    target_class: str = "horse"
    phases: Annotated[list[Phase], Field(min_length=1)]
    batch_size: Annotated[int, Field(gt=0)] = 100
    optimizer: Optimizer = Optimizer()
    flips: bool = False
    shift: Annotated[int, Field(ge=0)] = 0
    """Pictures are moved by up to so many pixels in each direction, mirrored at their borders."""
    exposure: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    """Pictures are brightened or darkened by up to so many stops before gray and targets are taken."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What convolutions compute in; weights, losses and their sums are float32 in either case."""
    mirror: bool = False
    """Average the mirrored picture in at inference."""
    averaging: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Decay of the exponential average of the weights that is published; 0 publishes the last weights."""
    validation: Annotated[int, Field(ge=0)] = 0
    """Training pictures of the target class held out for the history; 0 takes the test pictures, as the
    course does."""
    temperature: Share = 0.38
    """Default of the annealed mean when the model is served (Zhang et al. 2016)."""
    calibration: Annotated[float, Field(gt=0.0)] = 1.0
    """What the published logits are divided by, if the network is surer than right (Guo et al. 2017)."""
    start: str | None = None
    """Id of a published model of the same network whose weights this run begins with."""
    afresh: list[str] = []
    """Modules that do not take `start`'s weights, and so may have another shape: a head for other classes."""
    pretrained: Pretrained | None = None
    half: bool = False
    """Store the weights in float16."""
    seed: Annotated[int, Field(ge=0)] = 0
    trained_on: str
    licence: str

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    def phase_of(self, epoch: int) -> Phase:
        """The phase that an epoch, counted from 0, belongs to."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase
            epoch -= phase.epochs
        raise IndexError("epoch beyond the recipe's last")


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with Chromalab, by id."""
    folder = Path(str(resources.files("app.training") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_recipe(name: str) -> Recipe:
    """A shipped recipe by id, or any TOML file by path; raises RecipeError."""
    path = shipped_recipes().get(name) or Path(name)
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(shipped_recipes())
        raise RecipeError(f"no recipe {name!r}; shipped: {known}; or give a .toml file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "recipe"
        raise RecipeError(f"{path}: {where}: {first['msg']}") from None
