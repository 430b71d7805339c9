"""Hints as people type them and links carry them: `x, y, #rrggbb` and a radius if wanted, one a line."""

import json
import re
from collections.abc import Iterable
from typing import Any

from app.colorizing.options import Hint

FORM = "x, y, #rrggbb and perhaps a radius, such as 0.4, 0.25, #3a6ea5"
LONGEST = 120
"""Characters of a hint; the pattern's time grows with their square."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_HINT = re.compile(
    rf"(?P<x>{_NUMBER})[\s,]+(?P<y>{_NUMBER})[\s,]+#?(?P<color>[0-9a-fA-F]{{6}})(?:[\s,]+(?P<radius>{_NUMBER}))?"
)


def read_hint(text: str) -> dict[str, Any]:
    """One hint's fields, not yet checked for their ranges; raises ValueError. The `#` may be left out."""
    found = _HINT.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None:
        raise ValueError(f"{text.strip()[:40]!r} is not {FORM}")
    hint: dict[str, Any] = {"x": float(found["x"]), "y": float(found["y"]), "color": f"#{found['color']}"}
    if found["radius"] is not None:
        hint["radius"] = float(found["radius"])
    return hint


def hints_json(text: str) -> str:
    """What `Options.hints` takes, from hints one a line or apart by semicolons; JSON is passed on as it is.

    Raises ValueError, which names the first that is no hint.
    """
    if text.lstrip().startswith("["):
        return text
    return json.dumps([read_hint(line) for line in re.split(r"[;\n]", text) if line.strip()])


def hint_line(hint: Hint) -> str:
    """A hint as `read_hint` reads it."""
    numbers = [hint.x, hint.y, *(() if hint.radius is None else (hint.radius,))]
    x, y, *radius = (f"{number:.4f}".rstrip("0").rstrip(".") for number in numbers)
    return ", ".join([x, y, hint.color, *radius])


def hint_lines(hints: Iterable[Hint]) -> str:
    """Hints one a line."""
    return "\n".join(map(hint_line, hints))


def hint_link(hints: Iterable[Hint]) -> str:
    """Hints for a link: apart by semicolons, without what need not be there."""
    return ";".join(hint_line(hint).replace(" ", "").replace("#", "") for hint in hints)
