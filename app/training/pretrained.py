"""Published encoder weights, from a package of the `train` extra into a network of ours."""

from importlib import resources
from pathlib import Path

import torch
from torch import nn

from app.networks.card import sha256_of
from app.networks.encoder import EfficientNetLite, fold
from app.training.recipe import Pretrained, RecipeError


def load_pretrained(network: nn.Module, source: Pretrained) -> None:
    """Fold the published weights into `network.encoder` and freeze its stem and first stages.

    Raises RecipeError when the package is missing or its file is not the one the recipe pins.
    """
    encoder = _encoder(network)
    try:
        path = Path(str(resources.files(source.package).joinpath(source.file)))
    except ModuleNotFoundError:
        raise RecipeError(f"{source.package} is not installed: pip install 'chromalab[train]'") from None
    if not path.is_file() or sha256_of(path) != source.sha256:
        raise RecipeError(
            f"{source.package}: {source.file} is not the file with SHA-256 {source.sha256[:12]}…"
        )
    # The one pickle that is ever read: in training only, its bytes pinned by the recipe's SHA-256.
    fold(encoder, torch.load(path, map_location="cpu", weights_only=True))
    freeze(network, source)


def freeze(network: nn.Module, source: Pretrained) -> None:
    """Leave the encoder's stem and first stages as they are; a run that goes on from another needs it too."""
    encoder = _encoder(network)
    frozen: list[nn.Module] = [encoder.stem, *list(encoder.stages)[: source.frozen_stages]]
    for module in frozen:
        module.requires_grad_(False)


def _encoder(network: nn.Module) -> EfficientNetLite:
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, EfficientNetLite):
        raise RecipeError("only a network with an EfficientNet-Lite encoder can start from published weights")
    return encoder
