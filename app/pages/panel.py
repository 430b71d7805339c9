"""The settings of the pages that colour pictures: as chosen, and each problem beside what caused it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode

from app.colorizing.colorizer import read_options
from app.colorizing.hint_text import hint_lines, hint_link, hints_json
from app.colorizing.options import Format, Options
from app.colorizing.registry import Registry
from app.colorizing.support import takes_hints
from app.networks.card import Card
from app.pages.samples import SAMPLES
from app.problems import FieldError

FIELDS = ("model", "temperature", "saturation", "restore", "candidate", "hints", "format")
UPLOADS = ("image", "images")
"""Names of what is uploaded; a page has one of them."""
ACCEPT = "image/jpeg,image/png,image/webp,image/tiff"
"""What the file dialogue offers; the service looks at the bytes, not at the name."""
_TITLES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
FORMATS = (("", "As it came"), *((name, _TITLES.get(name, name)) for name in get_args(Format)))


@dataclass(frozen=True)
class Said:
    """A problem in words, as it stands beside its field."""

    title: str
    text: str


@dataclass(frozen=True)
class Choice:
    """The settings of the panel; `card` None where no model is installed."""

    card: Card | None
    options: Options
    sample: str = ""
    refused_hints: str = ""
    """Hints as they were typed, where they cannot be read: to be mended, not typed again."""

    @property
    def temperature(self) -> float:
        """The temperature in force: chosen, or the model's own."""
        if self.options.temperature is not None:
            return self.options.temperature
        return self.default_temperature

    @property
    def default_temperature(self) -> float:
        """The model's own temperature."""
        return self.card.temperature if self.card else 0.0

    @property
    def steerable(self) -> bool:
        """Whether the model takes hints and has candidates."""
        return self.card is not None and takes_hints(self.card)

    @property
    def hints(self) -> str:
        """The hints, one a line, or as they were typed."""
        return self.refused_hints or hint_lines(self.options.hints)

    @property
    def steering(self) -> str:
        """Hints and candidate as JSON, for the script."""
        return self.options.model_dump_json(include={"hints", "candidate"})

    def for_another(self) -> "Choice":
        """The settings without what belongs to one picture: its hints, its candidate, the sample."""
        options = self.options.model_copy(update={"hints": (), "candidate": 0})
        return replace(self, options=options, sample="", refused_hints="")

    def address(self) -> str:
        """Address of the home page with these settings."""
        given = {
            "model": self.card.id if self.card else None,
            **self.options.model_dump(exclude_defaults=True),
        }
        if self.options.hints:
            given["hints"] = hint_link(self.options.hints)
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return f"/?{query}" if query else "/"


@dataclass(frozen=True)
class Offered:
    """A model to choose, a line about it, and whether it takes hints."""

    card: Card
    note: str
    steerable: bool


@dataclass(frozen=True)
class Panel:
    """What templates/_panel.html shows."""

    choice: Choice
    models: tuple[Offered, ...]
    default_model: str
    problems: Mapping[str, Said | None]
    """By field, and by what is uploaded."""
    formats: tuple[tuple[str, str], ...] = FORMATS

    @classmethod
    def of(cls, registry: Registry, choice: Choice, problems: Mapping[str, Said]) -> "Panel":
        """Of all models that there are."""
        models = tuple(Offered(card, note(card), takes_hints(card)) for card in registry.cards.values())
        places = {name: problems.get(name) for name in (*UPLOADS, *FIELDS)}
        return cls(choice, models, registry.default_id or "", places)

    @property
    def steerable(self) -> list[str]:
        """Titles of the models that take hints."""
        return [each.card.title for each in self.models if each.steerable]

    @property
    def note(self) -> str:
        """One line about the chosen model; empty where there is none."""
        return note(self.choice.card) if self.choice.card else ""


def read_choice(texts: Mapping[str, str], registry: Registry) -> tuple[Choice, list[FieldError]]:
    """The settings that texts name, defaults where they name none or nonsense, and what was nonsense."""
    errors: list[FieldError] = []
    known = {name: text for name, text in texts.items() if name in FIELDS}
    try:
        known["hints"] = hints_json(known.get("hints", ""))
    except ValueError as error:
        errors.append(FieldError("/hints", str(error)))
        del known["hints"]
    options = read_options(known, errors)
    if options is None:
        refused = {error.pointer.split("/")[1] for error in errors}
        options = read_options({name: text for name, text in known.items() if name not in refused}, [])
    card = registry.cards.get(registry.default_id or "")
    if wanted := texts.get("model"):
        card = registry.cards.get(wanted, card)
        if card is None or card.id != wanted:
            errors.append(FieldError("/model", f"there is no model {wanted[:64]!r} here"))
    sample = texts.get("sample", "")
    if sample and sample not in SAMPLES:
        errors.append(FieldError("/image", f"there is no sample {sample[:64]!r} here"))
        sample = ""
    spoiled = any(error.pointer.startswith("/hints") for error in errors)
    return Choice(card, options or Options(), sample, texts.get("hints", "") if spoiled else ""), errors


def beside(
    errors: Iterable[FieldError], title: str, *, fields: Collection[str] = FIELDS, rest: str = "image"
) -> dict[str, Said]:
    """The problems by the field they stand beside; those of no such field stand beside `rest`."""
    said: dict[str, Said] = {}
    for error in errors:
        field = error.pointer.strip("/").split("/")[0]
        detail = error.detail[:1].upper() + error.detail[1:]
        said.setdefault(field if field in fields else rest, Said(title, detail.rstrip(".") + "."))
    return said


def note(card: Card) -> str:
    """One line about a model."""
    return f"{card.parameters:,} parameters, trained on {card.trained_on}."
