"""From a card's network type and arguments to the torch module."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from app.networks.card import NetworkSpec
from app.networks.course import ConvTransposeNet, PoolUpsampleNet, UNet
from app.networks.encoder_unet import EnlargedUNet
from app.networks.ensemble import Ensemble, assemble
from app.networks.photo_unet import PhotoUNet


def _ensemble(
    members: list[Mapping[str, Any]], mirror: bool = False, weights: list[float] | None = None
) -> Ensemble:
    return assemble([build(NetworkSpec.model_validate(member)) for member in members], mirror, weights)


NETWORKS: Mapping[str, Callable[..., nn.Module]] = {
    "pool-upsample": PoolUpsampleNet,
    "conv-transpose": ConvTransposeNet,
    "unet": UNet,
    "enlarged-unet": EnlargedUNet,
    "photo-unet": PhotoUNet,
    "ensemble": _ensemble,
}


def build(spec: NetworkSpec) -> nn.Module:
    """The untrained network of a spec; raises ValueError for an unknown type or arguments that do not fit."""
    try:
        factory = NETWORKS[spec.type]
    except KeyError:
        raise ValueError(f"unknown network type {spec.type!r}; known: {', '.join(NETWORKS)}") from None
    try:
        return factory(**spec.arguments)
    except TypeError as error:
        raise ValueError(f"network {spec.type!r}: {error}") from None
