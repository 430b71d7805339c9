"""Formulas as MathML, for pages that show them without any script."""

import re
from functools import lru_cache

_WORDS = re.compile(r"_\{(in|out)\}")
_NAMES = re.compile(r"\\text\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z][A-Za-z0-9]+")


@lru_cache(maxsize=4096)
def to_mathml(latex: str, *, block: bool = False) -> str:
    """A formula in LaTeX as a `<math>` element; names of several letters stand upright, each as one."""
    from latex2mathml.converter import convert  # here, because it loads a table of symbols

    worded = _WORDS.sub(r"_{\\text{\1}}", latex)
    named = _NAMES.sub(lambda found: found[0] if found[0][0] == "\\" else rf"\text{{{found[0]}}}", worded)
    return convert(named, display="block" if block else "inline")
