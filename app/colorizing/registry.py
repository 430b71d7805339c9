"""The models on disk: found, verified and named at start-up, loaded when first used."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import structlog
from safetensors import SafetensorError, safe_open

from app.colorizing.backends import Backend, load_backend
from app.colorizing.backends.tuner import Tuner
from app.networks.card import WEIGHTS_NAME, Card, CardError, read_card, verify

PREFERRED_DEFAULTS = ("photo", "horses", "unet")
"""The default model is the first of these that is there, else the first by id."""

log = structlog.get_logger(__name__)

T = TypeVar("T")


class UnknownModel(LookupError):
    """No usable model has that id."""

    def __init__(self, model_id: str) -> None:
        super().__init__(f"there is no model {model_id!r}")


class UnusableModel(RuntimeError):
    """A model that was found but cannot be loaded; the message says why."""


class Registry:
    """Models of one folder by id. A broken one is named in the log and in `broken`; the others are served.

    No file of a model is read past its header before its SHA-256 is the one its card names.
    `elsewhere` gives the folder of a model that comes and goes, such as one that a job has trained: it is
    served to who knows its id, and not listed. `tuner` finds for the others what runs them best here.
    """

    def __init__(
        self,
        models_dir: Path,
        elsewhere: Callable[[str], Path | None] = lambda _: None,
        tuner: Tuner | None = None,
    ) -> None:
        # Readers take no lock, so that none waits for a network being loaded: `_cards`, `_broken` and
        # `_folders` are replaced, never changed in place. `_changing` is held briefly, `_loading` for a load.
        self._changing = threading.Lock()
        self._loading = threading.Lock()
        self._folders: dict[str, Path] = {}
        self._cards: dict[str, Card] = {}
        self._broken: dict[str, str] = {}
        self._backends: dict[str, Backend] = {}
        self._elsewhere, self._tuner = elsewhere, tuner
        self._guests: dict[str, Card] = {}
        for folder in _model_folders(models_dir):
            self.add(folder)
        if not self._cards:
            log.warning("there is no usable model", folder=str(models_dir))

    @property
    def cards(self) -> Mapping[str, Card]:
        """Card of each usable model, by id."""
        return MappingProxyType(self._cards)

    @property
    def broken(self) -> Mapping[str, str]:
        """Why each unusable model is unusable, by the name of its folder."""
        return MappingProxyType(self._broken)

    @property
    def default_id(self) -> str | None:
        """Id of the model that colours when none is named; None when there is no model at all."""
        cards = self._cards
        return next((name for name in (*PREFERRED_DEFAULTS, *cards) if name in cards), None)

    def card(self, model_id: str) -> Card:
        """Card of a usable model; raises UnknownModel."""
        card = self._cards.get(model_id) or self._guest(model_id)
        if card is None:
            raise UnknownModel(model_id)
        return card

    def folder(self, model_id: str) -> Path:
        """Folder of a usable model; raises UnknownModel."""
        self.card(model_id)
        return self._folders[model_id]

    def has(self, model_id: str) -> bool:
        """Whether a model of that id is usable; what was loaded of one that has gone is let go."""
        return model_id in self._cards or self._guest(model_id) is not None

    def add(self, folder: Path) -> bool:
        """Verify a model's folder and serve it from now on; False, its reason in `broken`, if unusable."""
        try:
            card = _checked(folder)
        except CardError as error:
            self._condemn(folder.name, str(error))
            return False
        with self._changing:
            self._folders = {**self._folders, card.id: folder}
            self._cards = dict(sorted({**self._cards, card.id: card}.items()))
            self._broken = _without(self._broken, card.id)
            self._backends.pop(card.id, None)
        return True

    def remove(self, model_id: str) -> None:
        """Serve a model no longer; raises UnknownModel. Its files stay."""
        self.card(model_id)
        with self._changing:
            self._cards = _without(self._cards, model_id)
            self._backends.pop(model_id, None)

    def load(self, model_id: str) -> Backend:
        """The model ready to run, loaded at the first call (any thread); UnknownModel or UnusableModel."""
        if (loaded := self._backends.get(model_id)) is not None:
            return loaded
        with self._loading:
            card = self.card(model_id)
            if (loaded := self._backends.get(model_id)) is not None:  # by the thread waited for
                return loaded
            try:
                backend = self._ready(self._folders[model_id], card)
            except Exception as error:
                self._condemn(model_id, str(error) or type(error).__name__)
                raise UnusableModel(f"the model {model_id!r} cannot be loaded") from error
            with self._changing:
                # Unless it was removed or replaced meanwhile.
                if card in (self._cards.get(model_id), self._guests.get(model_id)):
                    self._backends[model_id] = backend
            return backend

    def loaded(self, model_id: str) -> Backend | None:
        """What runs a model in this process; None as long as it has not been asked."""
        return self._backends.get(model_id)

    def close(self) -> None:
        """Find out no more what would run the models best (blocking, briefly)."""
        if self._tuner is not None:
            self._tuner.close()

    def _ready(self, folder: Path, card: Card) -> Backend:
        def load() -> Backend:
            return load_backend(folder, card)  # checks the SHA-256 of what it reads

        backend = load()
        if self._tuner is None or card.id not in self._cards:
            return backend
        return self._tuner.tune(folder, card, backend, load)

    def _guest(self, model_id: str) -> Card | None:
        """Card of a model that is kept elsewhere, for as long as it is there."""
        folder = self._elsewhere(model_id)
        if folder is None:
            if model_id in self._guests:
                with self._changing:
                    self._guests = _without(self._guests, model_id)
                    self._backends.pop(model_id, None)
            return None
        if (known := self._guests.get(model_id)) is not None:
            return known
        try:
            card = _checked(folder)
        except CardError as error:
            log.error("a model is not served", model=model_id, reason=str(error))
            return None
        with self._changing:
            self._folders = {**self._folders, model_id: folder}
            self._guests = {**self._guests, model_id: card}
        return card

    def _condemn(self, name: str, reason: str) -> None:
        log.error("a model is not served", model=name, reason=reason)
        with self._changing:
            self._cards = _without(self._cards, name)
            self._broken = dict(sorted({**self._broken, name: reason}.items()))
            self._backends.pop(name, None)


def _without(mapping: dict[str, T], key: str) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name != key}


def _model_folders(models_dir: Path) -> list[Path]:
    try:
        found = [path for path in models_dir.iterdir() if path.is_dir() and path.name[0] not in "._"]
    except OSError as error:
        log.error("the models folder cannot be read", folder=str(models_dir), reason=error.strerror)
        return []
    return sorted(found)


def _checked(folder: Path) -> Card:
    """The card of a folder whose files are what it says; raises CardError."""
    card = read_card(folder)
    verify(folder, card)
    _check_header(folder)
    return card


def _check_header(folder: Path) -> None:
    try:
        with safe_open(folder / WEIGHTS_NAME, framework="np") as file:
            file.keys()
    except (SafetensorError, OSError) as error:
        raise CardError(f"{folder.name}: {WEIGHTS_NAME} is not a safetensors file ({error})") from None
