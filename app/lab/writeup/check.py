"""All claims in the write-up's order, and their checking."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.lab.writeup import convolutions, counts, curves, minimum_norm, padding, rmsprop, training
from app.lab.writeup.claim import Claim, Finding
from app.networks.card import Card

CLAIMS: tuple[Claim, ...] = (
    *minimum_norm.CLAIMS,
    *rmsprop.CLAIMS,
    *minimum_norm.BEYOND,
    *training.CLAIMS,
    *convolutions.CLAIMS,
    *counts.CLAIMS,
    *curves.CLAIMS,
    *padding.CLAIMS,
)
"""In the order of the write-up."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim with what was found."""

    claim: Claim
    finding: Finding


def checked(cards: Mapping[str, Card] | None = None) -> Iterator[Checked]:
    """Compute every claim, one by one; `cards` are the trained models at hand, by id."""
    for claim in CLAIMS:
        yield Checked(claim, claim.compute(cards or {}))
