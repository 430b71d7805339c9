"""The state of a training run as one safetensors file, replaced atomically."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from app.networks.card import Epoch


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be written or read; the message says which and why."""


@dataclass
class Progress:
    """Where a run is: the next batch is number `batch` of epoch `epoch`, both counted from 0."""

    recipe: dict[str, Any]
    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    pictures: int = 0
    seconds: float = 0.0
    history: list[Epoch] = field(default_factory=list)


def save_checkpoint(
    path: Path, progress: Progress, networks: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> None:
    """Write everything that the run needs to go on; the old file stays until the new one is whole.

    Raises CheckpointError (full disk, read-only folder …), with nothing half-written left behind.
    """
    tensors = {
        f"{role}.{name}": tensor.detach().contiguous()
        for role, network in networks.items()
        for name, tensor in network.state_dict().items()
    }
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value).contiguous()
    document = asdict(progress) | {"history": [epoch.model_dump() for epoch in progress.history]}
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, partial, metadata={"progress": json.dumps(document)})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        kept = "; the last checkpoint is still good" if path.exists() else ""
        raise CheckpointError(f"{path} cannot be written: {error}{kept}") from error


def load_checkpoint(path: Path, networks: dict[str, nn.Module], optimizer: torch.optim.Optimizer) -> Progress:
    """Put a saved run's tensors back where they were, and say where it was; raises CheckpointError."""
    try:
        with safe_open(path, framework="pt") as file:
            document = json.loads(file.metadata()["progress"])
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for role, network in networks.items():
            prefix = f"{role}."
            network.load_state_dict(
                {
                    name.removeprefix(prefix): value
                    for name, value in tensors.items()
                    if name.startswith(prefix)
                }
            )
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            role, _, rest = name.partition(".")
            if role == "optimizer":
                index, _, key = rest.partition(".")
                state.setdefault(int(index), {})[key] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        history = [Epoch.model_validate(epoch) for epoch in document.pop("history")]
        return Progress(**document, history=history)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error
