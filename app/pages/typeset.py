"""Sizes, counts and bytes as people read them; js/typeset.js says the same."""

import re
from collections.abc import Sequence

from markupsafe import Markup

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_STEP = 1024
NONE = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"

_EQUALS = "<mo>&#x0003D;</mo>"

Size = int | str | None


def typeset(size: Size) -> str:
    """A size as it stands in JSON: digits in groups of three, powers raised, floors in their brackets."""
    if size is None:
        return NONE
    if isinstance(size, int):
        return f"{size:,}"
    text = re.sub(r"\*\*(\d+)", lambda match: match[1].translate(_RAISED), size)
    text = text.replace("*", "\N{MIDDLE DOT}").replace(" - ", " \N{MINUS SIGN} ")
    for name, left, right in (("floor", "⌊", "⌋"), ("ceiling", "⌈", "⌉")):
        inner = re.compile(rf"\b{name}\(([^()]*)\)")
        while inner.search(text):
            text = inner.sub(rf"{left}\1{right}", text)
    return text


def typeset_shape(sizes: Sequence[Size] | None) -> str:
    """A shape: its sizes with multiplication signs between them, sums in brackets."""
    if sizes is None:
        return NONE
    shown = [str(size) if isinstance(size, int) else typeset(size) for size in sizes]
    return f" {TIMES} ".join(f"({text})" if " " in text and len(shown) > 1 else text for text in shown)


def typeset_bytes(size: Size) -> str:
    """A number of bytes in the largest fitting unit; an expression stays in bytes."""
    if not isinstance(size, int):
        return NONE if size is None else f"{typeset(size)} B"
    power = min(len(_UNITS) - 1, max(0, (size.bit_length() - 1) // 10))
    if power == 0:
        return f"{size} B"
    return f"{size / _STEP**power:,.1f} {_UNITS[power]}"


def formula_parts(mathml: str) -> list[Markup]:
    """A formula as several, each but the first beginning with its equal sign, so that a line can break there.

    MathML as `to_mathml` writes it: one row in one `<math>`; equal signs inside a fraction or a group stay.
    """
    opened = re.match(r"(<math[^>]*><mrow>)(.*)(</mrow></math>)\Z", mathml, re.DOTALL)
    if opened is None:
        return [Markup(mathml)]
    head, row, tail = opened.groups()
    parts, depth, start = [], 0, 0
    for tag in re.finditer(r"<(/?)(\w+)[^>]*?(/?)>", row):
        closing, _, single = tag.groups()
        if not closing and depth == 0 and row.startswith(_EQUALS, tag.start()) and tag.start() > start:
            parts.append(row[start : tag.start()])
            start = tag.start()
        depth += 0 if single else -1 if closing else 1
    return [Markup(head + part + tail) for part in (*parts, row[start:])]
