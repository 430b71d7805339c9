"""Small requests that would take minutes or gigabytes if work were not counted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.shapes_service import SECONDS, Service, started

CONV: dict[str, Any] = {"type": "Conv2d", "out_channels": 2, "kernel_size": 3}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def upsampled(size: int, mode: str = "bilinear") -> dict[str, object]:
    return {"type": "Upsample", "size": size, "mode": mode}


def joined(turn: int) -> list[dict[str, object]]:
    """What the layer before gave, cut and convolved, side by side again."""
    before = [f"c{turn}" if turn else "input"]
    return [
        {"type": "Slice", "dim": 2, "stop": 256, "inputs": before, "name": f"a{turn}"},
        {"type": "Conv1d", "out_channels": 1, "kernel_size": 257, "inputs": before, "name": f"b{turn}"},
        {"type": "Concat", "dim": 2, "inputs": [f"a{turn}", f"b{turn}"], "name": f"c{turn + 1}"},
    ]


def minimum(turn: int) -> str:
    return "min(" + ", ".join(f"floor((a{i}*b{i} + {turn})/c{i}) + {i}" for i in range(15)) + ")"


SHIFTED = {
    "type": "ShiftedWindowAttention",
    "window_size": [1000, 997],
    "shift_size": [3, 5],
    "num_heads": 3,
}
HEAVY: dict[str, tuple[str, dict[str, Any]]] = {
    "windows of long periods": (
        "/shapes",
        {"input": [1, 1023, 1023], "layers": [upsampled(1021), upsampled(1019)] * 500},
    ),
    "windows within windows": (
        "/shapes",
        {
            "input": [96, 1000, 9],
            "layers": [
                {"type": "Permute", "dims": [0, 2, 3, 1]},
                *[SHIFTED] * 900,
            ],
        },
    ),
    "listed windows": (
        "/shapes",
        {
            "input": [1, 512],
            "layers": [layer for i in range(300) for layer in joined(i)],
        },
    ),
    "long periods in every layer": (
        "/shapes",
        {"input": [1, 64, 64], "layers": [upsampled(127), *[{"type": "ReLU"}] * 1_999]},
    ),
    "floors in minima in floors": (
        "/shapes",
        {
            "input": ["C", "H", "W"],
            "layers": [{"type": "MaxPool2d", "kernel_size": "k", "stride": "s", "ceil_mode": True}] * 40,
        },
    ),
    "a long symbolic chain": (
        "/shapes",
        {"input": ["C", "H", "W"], "layers": [{**CONV, "out_channels": "F", "stride": 2}] * 1_900},
    ),
    "minima of much": (
        "/shapes",
        {
            "input": ["H"],
            "layers": [{"type": "Linear", "out_features": minimum(turn)} for turn in range(300)],
        },
    ),
    "a block of strides": (
        "/shapes/solve",
        {
            "layers": [{"type": "ConvTranspose3d", "kernel_size": 3, "stride": 1000}] * 2,
            "input": [3, 4, 5],
            "output": [3_000_000, 4, 6],
            "solve": ["padding", "output_padding"],
        },
    ),
    "three axes without a solution": (
        "/shapes/solve",
        {
            "type": "ConvTranspose3d",
            "input": [300, 301, 302],
            "output": [9999, 9998, 9997],
            "solve": ["kernel_size", "padding", "stride", "dilation", "output_padding"],
        },
    ),
    "empty lines": ("/shapes/import", {"text": "\n" * 199_000 + "x"}),
    "attributes of attributes": ("/shapes/import", {"text": f"nn.Sequential(a{'.b' * 900}(3))"}),
    "calls of calls": ("/shapes/import", {"text": f"nn.Sequential(nn.Linear(3, f{'()' * 900}))"}),
    "a number without end": ("/shapes/import", {"text": f"nn.Sequential(nn.Linear(3, 0x{'f' * 100_000}))"}),
}


@pytest.mark.parametrize("name", HEAVY)
def test_nothing_explodes(service: Service, name: str) -> None:
    path, body = HEAVY[name]
    began = time.process_time()
    response = service.post(path, body)
    assert time.process_time() - began < SECONDS
    assert response.status_code in (200, 422)
    assert len(response.content) < 4_000_000
