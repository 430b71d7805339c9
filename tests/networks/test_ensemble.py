"""The mean of members and mirror images, against doing it by hand in float64."""

import pytest
import torch
from torch import nn

from app.networks.ensemble import Ensemble, EnsembleOfHalves, assemble
from app.networks.photo_unet import PhotoUNet


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
    for weights in ([1.0, 2.0], [0.0], [float("inf")]):
        with pytest.raises(ValueError, match="positive weight"):
            Ensemble([nn.Conv2d(1, 5, 1)], weights=weights)


def test_members_that_keep_what_they_saw_make_an_ensemble_that_does() -> None:
    torch.manual_seed(0)
    members = [PhotoUNet(variant, bins=5, widths=(8, 8, 8), hints=4).eval() for variant in ("lite0", "lite1")]
    network = assemble([assemble(members), members[0]], mirror=True)  # nested: each has its own number
    assert isinstance(network, EnsembleOfHalves)
    planes = torch.rand(1, 4, 32, 64)
    with torch.inference_mode():
        turned = planes.flip(3)
        votes = [
            logits.double().softmax(1)
            for logits in (
                *((member(planes)) for member in members),
                *((member(turned).flip(3)) for member in members),
            )
        ]
        # Each half of the nested ensemble is one vote of two; the lone member is the other.
        first = (votes[0] + votes[1]) / 2, (votes[2] + votes[3]) / 2
        expected = (first[0] + first[1] + votes[0] + votes[2]) / 4
        features = network.encode(planes[:, :1])
        assert len(features) == network.features == 24
        hinted = network.decode(features, torch.nn.functional.avg_pool2d(planes[:, 1:], 4))
        for found in (network(planes), hinted, network(planes, lambda _: features)):
            torch.testing.assert_close(found.exp().double(), expected, rtol=1e-4, atol=1e-6)


def test_members_that_keep_nothing_make_one_that_does_not() -> None:
    assert not isinstance(assemble([nn.Conv2d(1, 5, 1)]), EnsembleOfHalves)
