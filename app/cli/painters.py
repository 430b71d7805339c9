"""Colouring a picture file on this machine; `app.cli.client` has another do it."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.cli.picture_files import FileError, read_bytes
from app.colorizing.options import Options, UnsupportedOption
from app.colorizing.support import check_supported
from app.imaging.encode import OutputFormat
from app.settings import Settings

if TYPE_CHECKING:
    from app.colorizing.backends import Backend, Floats
    from app.colorizing.pipeline import Order, Result


class SetupError(Exception):
    """Nothing can be coloured at all: no such model, no service, no such option."""


class Painter(Protocol):
    """Colours picture files, from several threads at a time."""

    def paint(self, source: Path, format: OutputFormat) -> bytes:
        """The coloured picture in a format; raises FileError."""

    def uncertainty(self, source: Path) -> bytes:
        """Where the model is unsure, as a gray PNG, white where most; raises FileError."""

    def close(self) -> None:
        """Let go of what it holds."""


class _InTurn:
    """A backend for several threads: decoding and encoding go side by side, passes in turn on all cores."""

    def __init__(self, backend: "Backend") -> None:
        self.name = backend.name
        self._backend, self._lock = backend, threading.Lock()

    def __call__(self, planes: "Floats") -> "Floats":
        with self._lock:
            return self._backend(planes)


class LocalPainter:
    """Colours with a model on this machine; raises SetupError."""

    def __init__(self, model_id: str | None, options: Options, settings: Settings) -> None:
        from app.colorizing.backends import limit_threads
        from app.colorizing.registry import Registry, UnknownModel, UnusableModel

        registry = Registry(settings.models_dir)
        chosen = model_id or registry.default_id
        if chosen is None:
            raise SetupError(f"there is no model in {settings.models_dir}")
        try:
            self._card = registry.card(chosen)
            check_supported(self._card, options)
            limit_threads(settings.threads)
            self._backend = _InTurn(registry.load(chosen))
        except UnknownModel as error:
            why = registry.broken.get(chosen)
            raise SetupError(why or f"{error}; known are {', '.join(registry.cards)}") from None
        except (UnsupportedOption, UnusableModel) as error:
            raise SetupError(registry.broken.get(chosen, str(error))) from None
        self._options, self._settings = options, settings

    def paint(self, source: Path, format: OutputFormat) -> bytes:
        """The coloured picture in a format; raises FileError."""
        from app.colorizing.pipeline import Order

        result = self._colorize(source, Order(self._options.model_copy(update={"format": format})))
        assert result.image is not None
        return result.image

    def uncertainty(self, source: Path) -> bytes:
        """Where the model is unsure, as a gray PNG, white where most; raises FileError."""
        from app.colorizing.extras import gray_png
        from app.colorizing.pipeline import Order

        result = self._colorize(source, Order(self._options, frozenset({"uncertainty"})))
        assert result.uncertainty is not None
        return gray_png(result.uncertainty)

    def _colorize(self, source: Path, order: "Order") -> "Result":
        from app.colorizing.pipeline import colorize
        from app.imaging.errors import PictureError

        data = read_bytes(source, self._settings.max_body_bytes)
        try:
            return colorize(
                data,
                self._backend,
                self._card,
                order,
                max_pixels=self._settings.max_pixels,
                threads=self._settings.threads,
            )
        except (PictureError, UnsupportedOption) as error:
            raise FileError(str(error)) from None
        except MemoryError:
            raise FileError("there is not enough memory for it") from None

    def close(self) -> None:
        """Nothing is held."""
