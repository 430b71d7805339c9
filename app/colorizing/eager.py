"""PyTorch as it is: float32, channels last, no compilation; what every other backend is measured against."""

import timeit
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from app.colorizing.features import FeatureMemory
from app.networks.card import Card
from app.networks.photo_unet import PhotoUNet
from app.networks.weights import load_network

Floats = NDArray[np.float32]


WORTH_SHARING = 0.015
"""Seconds on one core below which a pass stays on it: to share a pass, threads must meet after every layer,
and where the cores are busy each meeting waits until the last of them is scheduled."""


class Eager:
    """A network run by PyTorch's eager mode on the CPU."""

    name = "eager float32 channels_last"

    def __init__(self, folder: Path, card: Card) -> None:
        self._network = load_network(folder, card).to(memory_format=torch.channels_last)
        self._mean, self._std = card.input.mean, card.input.std
        self._encode: FeatureMemory | None = None
        self._pace = self._seconds_per_pixel(-(-card.input_size // card.size_multiple) * card.size_multiple)
        if isinstance(
            self._network, PhotoUNet
        ):  # only now: the pace is that of pictures seen for the first time
            self._encode = FeatureMemory(self._network.encode)

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""
        if planes.size * self._pace >= WORTH_SHARING:
            return self._run(planes)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # for the calling thread, as OpenMP counts
        try:
            return self._run(planes)
        finally:
            torch.set_num_threads(threads)

    def _run(self, planes: Floats) -> Floats:
        with torch.inference_mode():
            batch = torch.from_numpy(planes).contiguous(memory_format=torch.channels_last)
            gray = (batch[:, :1] - self._mean) / self._std
            given = torch.cat([gray, batch[:, 1:]], dim=1) if batch.shape[1] > 1 else gray
            logits = self._network(given, self._encode) if self._encode else self._network(given)
            probabilities: Floats = torch.softmax(logits.float(), dim=1).contiguous().numpy()
        return probabilities

    def _seconds_per_pixel(self, side: int) -> float:
        """Time of a pass on one core, the best of three after one to warm up."""
        planes = np.full((1, 1, side, side), 0.5, dtype=np.float32)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            self._run(planes)
            return min(timeit.repeat(lambda: self._run(planes), number=1, repeat=3)) / planes.size
        finally:
            torch.set_num_threads(threads)
