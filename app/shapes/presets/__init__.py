"""Networks ready to be computed: the write-up's, the course's, and every classification network of
torchvision.
"""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from app.shapes.errors import NetworkError

COURSE = ("write-up-cnn", "write-up-fcnn", "pool-upsample", "conv-transpose", "unet")
_FOLDER = files(__name__)


@lru_cache(maxsize=1)
def preset_names() -> tuple[str, ...]:
    """Every preset's name, the write-up's and the course's first."""
    traced = sorted(path.name.removesuffix(".json") for path in _FOLDER.joinpath("torchvision").iterdir())
    return (*COURSE, *traced)


def load_preset(name: str) -> dict[str, Any]:
    """A preset as the body of a shapes request, with a title and notes; raises NetworkError for an unknown
    name.
    """
    if name not in preset_names():
        raise NetworkError(f"there is no preset called {name[:80]!r}")
    folder = "course" if name in COURSE else "torchvision"
    body: dict[str, Any] = json.loads(_FOLDER.joinpath(folder, f"{name}.json").read_text(encoding="utf-8"))
    return {"name": name, **body}


@lru_cache(maxsize=1)
def preset_list() -> tuple[dict[str, object], ...]:
    """Every preset's name, family, title, notes and input, without its layers."""
    found: list[dict[str, object]] = []
    for name in preset_names():
        body = load_preset(name)
        family = "course" if name in COURSE else "torchvision"
        told = {key: body.get(key) for key in ("title", "notes", "input")}
        found.append({"name": name, "family": family, **told})
    return tuple(found)
