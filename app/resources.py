"""Where templates, static files and models lie: at a checkout's top, inside the package once installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PACKAGED = _PACKAGE / "_data"
_ROOT = _PACKAGED if _PACKAGED.is_dir() else _PACKAGE.parent


def templates_dir() -> Path:
    """Folder of the Jinja templates."""
    return _ROOT / "templates"


def static_dir() -> Path:
    """Folder of the files served under `/static`."""
    return _ROOT / "static"


def models_dir() -> Path:
    """Folder of the trained models that come with Chromalab, one sub-folder a model."""
    return _ROOT / "models"
