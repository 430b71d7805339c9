"""Which network a page was asked for: a preset, a packed link, or text as somebody typed it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from app.pages.shapes.link import BrokenLink, pack, unpack
from app.shapes import ShapeError
from app.shapes.importing import read_network
from app.shapes.presets import load_preset, preset_names

DEFAULT = "write-up-cnn"
_SAID = ("name", "title", "notes")
"""What presets and imports say about themselves; it does not belong to the text of a network."""


@dataclass(frozen=True)
class Asked:
    """A network as it was asked for; `body` None and `problem` set where it cannot be read."""

    text: str
    body: dict[str, Any] | None
    preset: str = ""
    title: str = ""
    notes: tuple[str, ...] = field(default=())
    problem: ShapeError | None = None

    @property
    def name(self) -> str:
        """What its files are called."""
        return self.preset or "network"

    def parameters(self, preset: str = "preset", packed: str = "z") -> dict[str, str] | None:
        """The parameters of a link to it, under these names; None where it does not fit in one."""
        if self.preset:
            return {preset: self.preset}
        text = pack(self.text)
        return None if text is None else {packed: text}

    def address(self, path: str = "/shapes", **more: str) -> str | None:
        """A link to a page with this network."""
        parameters = self.parameters()
        return None if parameters is None else f"{path}?{urlencode({**parameters, **more})}"


def asked_for(preset: str = "", packed: str = "", text: str = "", default: str = DEFAULT) -> Asked:
    """The network of a request: typed text first, then a packed one, then a preset, else the default."""
    if text.strip():
        return typed(text)
    if packed:
        try:
            return typed(unpack(packed))
        except BrokenLink as error:
            return Asked("", None, problem=ShapeError(str(error)))
    name = preset or default
    if name not in preset_names():
        return Asked("", None, problem=ShapeError(f"there is no preset called {name[:64]!r}"))
    body = load_preset(name)
    notes = tuple(str(note) for note in body.get("notes", ()))
    bare = {key: value for key, value in body.items() if key not in _SAID}
    return Asked(text_of(bare), bare, name, str(body.get("title", name)), notes)


def typed(text: str) -> Asked:
    """A network that somebody typed."""
    try:
        body = read_network(text)
    except ShapeError as error:
        return Asked(text, None, problem=error)
    notes = body.get("notes", ()) if isinstance(body, Mapping) else ()
    said = tuple(str(note) for note in notes) if isinstance(notes, list) else ()
    bare = {key: value for key, value in body.items() if key not in _SAID}
    return Asked(text, bare, notes=said)


def text_of(body: Mapping[str, Any]) -> str:
    """A network as JSON with one layer a line; js/shapes/tree.js writes the same."""
    return _written(body, "") + "\n"


def _written(item: Mapping[str, Any], indent: str) -> str:
    layers = item.get("layers")
    if not isinstance(layers, list):
        return json.dumps(item, ensure_ascii=False)
    inner = indent + "  "
    parts = [
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in item.items()
        if key != "layers"
    ]
    lines = [
        f"{inner}  {_written(layer, inner + '  ') if isinstance(layer, dict) else json.dumps(layer)}"
        for layer in layers
    ]
    if indent:
        head = "{" + ", ".join([*parts, '"layers": ['])
        return head + "\n" + ",\n".join(lines) + f"\n{inner}]}}"
    listed = '  "layers": [\n' + ",\n".join(lines) + "\n  ]"
    return "{\n" + ",\n".join([*(f"  {part}" for part in parts), listed]) + "\n}"
