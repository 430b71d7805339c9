"""Weights in and out of safetensors files; nothing is ever unpickled."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from app.networks.build import build
from app.networks.card import WEIGHTS_NAME, Card, CardError, verify


def save_weights(network: nn.Module, path: Path, *, half: bool = False) -> None:
    """Write a network's state to a safetensors file; `half` stores parameters, not buffers, in float16."""
    parameters = {name for name, _ in network.named_parameters()}
    state: Mapping[str, Tensor] = network.state_dict()
    save_file(
        {
            name: (tensor.half() if half and name in parameters else tensor).detach().contiguous()
            for name, tensor in state.items()
        },
        path,
    )
    path.chmod(0o644)  # safetensors makes files for their owner alone; a model is served by another user


def load_network(folder: Path, card: Card) -> nn.Module:
    """The trained network of a model folder in float32 and eval mode, its SHA-256 checked first.

    Takes float32 (N, 1, H, W) gray scaled by `card.input`, H and W multiples of `card.size_multiple`; gives
    logits (N, classes, h, w). Raises CardError with one readable line when anything does not fit.
    """
    verify(folder, card)
    try:
        network = build(card.network)
        state = {name: tensor.float() if tensor.is_floating_point() else tensor
                 for name, tensor in load_file(folder / WEIGHTS_NAME).items()}  # fmt: skip
        network.load_state_dict(state)
    except (ValueError, RuntimeError, SafetensorError, OSError) as error:
        raise CardError(f"{card.id}: {str(error).splitlines()[0]}") from None
    found = sum(parameter.numel() for parameter in network.parameters())
    if found != card.parameters:
        raise CardError(f"{card.id}: the card says {card.parameters} parameters, the network has {found}")
    if any(not bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values()):
        raise CardError(f"{card.id}: the weights hold values that are not finite")
    return network.eval().requires_grad_(False)
