"""The texts beside demos and claims: paragraphs with formulas in LaTeX.

Blank lines part paragraphs. `$…$` is a formula in the line and `**…**` stresses words. A paragraph `$$…$$` is
a formula of its own, one whose lines start with `- ` a list.
"""

import re
from dataclasses import dataclass
from typing import Literal

_INLINE = re.compile(r"\$([^$]+)\$|\*\*([^*$]+)\*\*")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line: words, stressed words, or a formula in LaTeX."""

    kind: Literal["words", "stress", "formula"]
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a displayed formula or a list; each line is its spans."""

    kind: Literal["paragraph", "formula", "list"]
    lines: tuple[tuple[Span, ...], ...]


def blocks(text: str) -> list[Block]:
    """A text in blocks."""
    found = []
    for raw in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in raw.strip().splitlines()]
        joined = " ".join(lines)
        if joined.startswith("$$") and joined.endswith("$$"):
            found.append(Block("formula", ((Span("formula", joined[2:-2].strip()),),)))
        elif lines[0].startswith("- "):
            items: list[str] = []
            for line in lines:
                if line.startswith("- "):
                    items.append(line[2:].strip())
                else:
                    items[-1] += f" {line}"
            found.append(Block("list", tuple(spans(item) for item in items)))
        else:
            found.append(Block("paragraph", (spans(joined),)))
    return found


def spans(line: str) -> tuple[Span, ...]:
    """A line in words and formulas; raises ValueError on a lone `$` or `**`."""
    found: list[Span] = []
    place = 0
    for match in _INLINE.finditer(line):
        found.append(Span("words", line[place : match.start()]))
        formula, stressed = match.groups()
        found.append(Span("stress", stressed) if formula is None else Span("formula", formula))
        place = match.end()
    found.append(Span("words", line[place:]))
    if any(span.kind == "words" and ("$" in span.text or "**" in span.text) for span in found):
        raise ValueError(f"a formula or stress is not closed in {line!r}")
    return tuple(span for span in found if span.text)
