"""Write the preset files of torchvision's networks: `python -m app.shapes.presets.generate` in a checkout."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "torchvision"


def text_of(body: dict[str, Any]) -> str:
    """A body as JSON with one layer on each line."""
    layers = ",\n".join(json.dumps(layer, separators=(",", ":")) for layer in body["layers"])
    head = ",\n".join(
        f"{json.dumps(key)}:{json.dumps(value)}" for key, value in body.items() if key != "layers"
    )
    return f'{{{head},\n"layers":[\n{layers}\n]}}\n'


def main() -> None:
    """Trace every network and write its file."""
    from app.shapes.presets.trace import names, trace

    FOLDER.mkdir(exist_ok=True)
    for name in names():
        text = text_of(trace(name))
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.splitlines()) - 2} layers, {len(text)} bytes")


if __name__ == "__main__":
    main()
