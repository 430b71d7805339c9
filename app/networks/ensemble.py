"""Several networks, and their mirror images, speaking with one voice."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """Mean of its members' probabilities, of the picture and (`mirror`) of its mirror image turned back.

    Logits come back as log-probabilities: (N, 1, H, W) to (N, classes, H, W).
    """

    def __init__(self, members: Sequence[nn.Module], mirror: bool = False) -> None:
        super().__init__()
        if not members:
            raise ValueError("an ensemble needs at least one member")
        self.members = nn.ModuleList(members)
        self.mirror = mirror

    def forward(self, gray: Tensor) -> Tensor:
        """Log of the mean probabilities."""
        votes = [member(gray).float().log_softmax(dim=1) for member in self.members]
        if self.mirror:
            mirrored = gray.flip(-1)
            votes += [member(mirrored).float().log_softmax(dim=1).flip(-1) for member in self.members]
        mean: Tensor = torch.stack(votes).logsumexp(dim=0).log_softmax(dim=1)
        return mean
