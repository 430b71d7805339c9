"""Colouring a picture file on this machine; `app.cli.client` has another do it."""

from pathlib import Path
from typing import Protocol

from app.cli.picture_files import FileError, read_bytes
from app.colorizing.options import Options, UnsupportedOption
from app.colorizing.support import check_supported
from app.imaging.encode import OutputFormat
from app.settings import Settings


class SetupError(Exception):
    """Nothing can be coloured at all: no such model, no service, no such option."""


class Painter(Protocol):
    """Colours one picture file at a time."""

    def paint(self, source: Path, format: OutputFormat) -> bytes:
        """The coloured picture in a format; raises FileError."""

    def close(self) -> None:
        """Let go of what it holds."""


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
            self._backend = registry.load(chosen)
        except UnknownModel as error:
            why = registry.broken.get(chosen)
            raise SetupError(why or f"{error}; known are {', '.join(registry.cards)}") from None
        except (UnsupportedOption, UnusableModel) as error:
            raise SetupError(registry.broken.get(chosen, str(error))) from None
        self._options, self._settings = options, settings

    def paint(self, source: Path, format: OutputFormat) -> bytes:
        """The coloured picture in a format; raises FileError."""
        from app.colorizing.pipeline import Order, colorize
        from app.imaging.errors import PictureError

        data = read_bytes(source, self._settings.max_body_bytes)
        order = Order(self._options.model_copy(update={"format": format}))
        try:
            result = colorize(
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
        assert result.image is not None
        return result.image

    def close(self) -> None:
        """Nothing is held."""
