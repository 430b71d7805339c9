"""What a claim of the write-up is, and what checking it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.lab.shown import Table
from app.networks.card import Card

Verdict = Literal["confirmed", "off by a factor", "impossible", "needs a condition", "not measured here"]
"""The last where a trained model that would show it is not installed."""

Cards = Mapping[str, Card]


@dataclass(frozen=True, slots=True)
class Link:
    """Where to see it: a demo with params, a preset, a solver question, a convolution, or the models."""

    kind: Literal["demo", "shapes", "solve", "convolve", "models"]
    name: str = ""
    """Of the demo, preset or model."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """The demo's params, or what to post."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is computed now, in words and formulas, and what that makes of the claim."""

    computed: str
    verdict: Verdict
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure or statement. Texts hold formulas as in `app.lab.text`."""

    key: str
    section: str
    """Of the write-up, such as 1.2."""
    title: str
    printed: str
    """What the write-up prints; empty for what this project adds to it."""
    why: str
    """One sentence: why the verdict is what it is."""
    link: Link
    compute: Callable[[Cards], Finding]


def confirmed_if(holds: bool, otherwise: Verdict) -> Verdict:
    """The verdict of a claim that either holds or fails in a known way."""
    return "confirmed" if holds else otherwise
