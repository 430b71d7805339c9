"""Gradient maps of one output position."""

import torch

from app.lab.packing import Array
from app.lab.receptive.runner import Runner


def path_map(runner: Runner, shape: tuple[int, ...], output: tuple[int, int]) -> Array:
    """Gradient (H, W) of one output position of a skeleton by the input: positive where a path leads."""
    return _gradient(runner, torch.ones(1, *shape, dtype=torch.float64), output).sum(dim=0).numpy()


def squared_map(runner: Runner, shape: tuple[int, ...], output: tuple[int, int], seed: int) -> Array:
    """Squared gradient (H, W) of one output position at a normal random input, summed over channels."""
    x = torch.randn(1, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return (_gradient(runner, x, output) ** 2).sum(dim=0).numpy()


def _gradient(runner: Runner, x: torch.Tensor, output: tuple[int, int]) -> torch.Tensor:
    x.requires_grad_()
    y = runner(x)[0, :, output[0], output[1]]
    (g,) = torch.autograd.grad(y.sum(), x)
    return g[0]
