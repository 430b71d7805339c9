"""Several networks, and their mirror images, speaking with one voice."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor, nn

from app.networks.halves import Features, Halves


class Ensemble(nn.Module):
    """Mean of its members' probabilities, of the picture and (`mirror`) of its mirror image turned back.

    Logits come back as log-probabilities: (N, planes, H, W) to (N, classes, h, w). A member counts as
    often as its weight says, alike unless told. Raises ValueError without members, or for weights that are
    not one positive number for each.
    """

    def __init__(
        self, members: Sequence[nn.Module], mirror: bool = False, weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        if not members:
            raise ValueError("an ensemble needs at least one member")
        weights = [1.0] * len(members) if weights is None else list(weights)
        if len(weights) != len(members) or not all(0 < weight < math.inf for weight in weights):
            raise ValueError(f"{weights} is not one positive weight for each of {len(members)} members")
        self.members = nn.ModuleList(members)
        self.mirror = mirror
        self.weights = weights * (2 if mirror else 1)

    def forward(self, planes: Tensor) -> Tensor:
        """Log of the mean probabilities."""
        votes = [member(planes) for member in self.members]
        if self.mirror:
            mirrored = planes.flip(-1)
            votes += [member(mirrored).flip(-1) for member in self.members]
        return mean_vote(votes, self.weights)


class EnsembleOfHalves(Ensemble, Halves):
    """An ensemble whose members can all keep what they saw of a picture; so it can, too."""

    def __init__(
        self, members: Sequence[nn.Module], mirror: bool = False, weights: Sequence[float] | None = None
    ) -> None:
        super().__init__(members, mirror, weights)
        self.features = sum(member.features for member in self._halves()) * (2 if mirror else 1)

    def encode(self, gray: Tensor) -> Features:
        """The members' features of the picture and then of its mirror image, one after the other."""
        views = (gray, gray.flip(-1)) if self.mirror else (gray,)
        return tuple(
            feature for view in views for member in self._halves() for feature in member.encode(view)
        )

    def decode(self, features: Features, hints: Tensor) -> Tensor:
        """Log of the mean probabilities, from the members' features and hints (N, 3, H/4, W/4)."""
        rest = iter(features)
        votes = [member.decode(tuple(islice(rest, member.features)), hints) for member in self._halves()]
        if self.mirror:
            mirrored = hints.flip(-1)
            votes += [
                member.decode(tuple(islice(rest, member.features)), mirrored).flip(-1)
                for member in self._halves()
            ]
        return mean_vote(votes, self.weights)

    def forward(self, planes: Tensor, encode: Callable[[Tensor], Features] | None = None) -> Tensor:
        """Log of the mean probabilities; `encode` stands in for the method, to keep what it gives."""
        return Halves.forward(self, planes, encode)

    def _halves(self) -> Iterator[Halves]:
        for member in self.members:
            assert isinstance(member, Halves)
            yield member


def assemble(
    members: Sequence[nn.Module], mirror: bool = False, weights: Sequence[float] | None = None
) -> Ensemble:
    """The ensemble of these members; it keeps what it saw where all of them can."""
    alike = bool(members) and all(isinstance(member, Halves) for member in members)
    return (EnsembleOfHalves if alike else Ensemble)(members, mirror, weights)


def mean_vote(votes: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Log of the weighted mean of the probabilities that logits (N, classes, h, w) stand for."""
    logs = [
        vote.float().log_softmax(dim=1) + math.log(weight)
        for vote, weight in zip(votes, weights, strict=True)
    ]
    return torch.stack(logs).logsumexp(dim=0).log_softmax(dim=1)
