"""The mean of members and mirror images, against doing it by hand in float64."""

import pytest
import torch
from torch import nn

from app.networks.ensemble import Ensemble


def test_is_the_mean_of_probabilities() -> None:
    torch.manual_seed(0)
    members = [nn.Conv2d(1, 5, 3, padding=1) for _ in range(2)]
    gray = torch.randn(2, 1, 8, 8)
    votes = [member(gray).double().softmax(1) for member in members]
    votes += [member(gray.flip(3)).double().softmax(1).flip(3) for member in members]
    found = Ensemble(members, mirror=True)(gray)
    torch.testing.assert_close(found.exp().double(), torch.stack(votes).mean(0), rtol=1e-5, atol=1e-6)


def test_mirrored_input_gives_mirrored_output() -> None:
    network = Ensemble([nn.Conv2d(1, 5, 3, padding=1)], mirror=True)
    gray = torch.randn(1, 1, 8, 8)
    torch.testing.assert_close(network(gray.flip(3)), network(gray).flip(3))


def test_nobody_is_no_ensemble() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Ensemble([])
