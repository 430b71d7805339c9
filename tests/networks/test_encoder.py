"""The folded gray encoder against timm's EfficientNet-Lite on a gray picture repeated three times."""

import pytest
import timm
import torch

from app.networks.encoder import EfficientNetLite, fold


@pytest.mark.parametrize("variant", ["lite0", "lite2"])
@pytest.mark.parametrize("size", [(64, 96), (37, 50)])
def test_features_are_timms(variant: str, size: tuple[int, int]) -> None:
    torch.manual_seed(1)
    reference = timm.create_model(f"tf_efficientnet_{variant}", features_only=True)
    reference.train()
    with torch.no_grad():  # BatchNorm statistics that differ from 0 and 1, so that folding is really tried
        for _ in range(3):
            reference(torch.randn(4, 3, 64, 64))
    reference.eval()
    encoder = EfficientNetLite(variant).eval()
    fold(encoder, reference.state_dict())
    gray = torch.randn(2, 1, *size)
    with torch.no_grad():
        expected, found = reference(gray.expand(-1, 3, -1, -1)), encoder(gray)
    assert tuple(feature.shape[1] for feature in found) == encoder.channels
    for theirs, ours in zip(expected, found, strict=True):
        assert (theirs - ours).abs().max() <= 1e-5 * theirs.abs().max()


def test_weights_of_another_variant_are_refused() -> None:
    published = timm.create_model("tf_efficientnet_lite2").state_dict()
    with pytest.raises(ValueError, match="does not fit"):
        fold(EfficientNetLite("lite0"), published)
