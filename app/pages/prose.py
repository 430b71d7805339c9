"""The texts beside demos and claims as HTML, formulas as MathML."""

import re
from functools import lru_cache

from markupsafe import Markup, escape

from app.lab.text import Block, Span, blocks, spans
from app.pages.numbers import power_of_ten

_WIDE = 36
"""Characters of LaTeX that a narrow column may not hold."""
_POWER = re.compile(r"\b(\d+(?:\.\d+)?)e([+-]?\d+)\b")


@lru_cache(maxsize=1024)
def formula(latex: str, *, block: bool = False) -> Markup:
    """One formula; letters side by side are a product, as in Xw."""
    from latex2mathml.converter import convert  # here, because it loads a table of symbols

    return Markup(convert(latex, display="block" if block else "inline"))


@lru_cache(maxsize=256)
def prose(text: str) -> Markup:
    """A text in paragraphs, displayed formulas and lists."""
    return Markup("\n").join(_block(block) for block in blocks(text))


@lru_cache(maxsize=1024)
def line(text: str) -> Markup:
    """A line of words and formulas."""
    return _line(spans(text))


def scrolls(text: str) -> Markup:
    """What an element needs whose formulas may be wider than it: to be reached by keyboard."""
    wide = any(span.kind == "formula" and len(span.text) > _WIDE for span in spans(text))
    return Markup(' tabindex="0"') if wide else Markup("")


def _block(block: Block) -> Markup:
    if block.kind == "formula":
        shown = formula(block.lines[0][0].text, block=True)
        return Markup('<div class="formula" tabindex="0" role="group" aria-label="Formula">{}</div>').format(
            shown
        )
    if block.kind == "list":
        items = (Markup("<li>{}</li>").format(_line(item)) for item in block.lines)
        return Markup("<ul>{}</ul>").format(Markup("").join(items))
    return Markup("<p>{}</p>").format(_line(block.lines[0]))


def _line(found: tuple[Span, ...]) -> Markup:
    return Markup("").join(_span(span) for span in found)


def _span(span: Span) -> Markup:
    match span.kind:
        case "formula":
            return formula(span.text)
        case "stress":
            return Markup("<strong>{}</strong>").format(span.text)
        case _:
            return escape(_POWER.sub(lambda match: power_of_ten(match[1], int(match[2])), span.text))
