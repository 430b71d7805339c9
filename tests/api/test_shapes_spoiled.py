"""Sound requests about shapes, spoiled at random: answered, or refused with a pointer into them."""

import copy
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.shapes_service import PREFIX, Service, started

LINEAR: dict[str, Any] = {"type": "Linear", "out_features": 3}
CONV: dict[str, Any] = {"type": "Conv2d", "out_channels": 2, "kernel_size": 3}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


SEEDS: list[tuple[str, dict[str, Any]]] = [
    (
        "/shapes?include=formulas,drawing",
        {
            "input": ["NIC", 32, 32],
            "layers": [
                {
                    **CONV,
                    "name": "conv1",
                    "out_channels": "NF",
                    "padding": "same",
                    "bias": False,
                    "stride": 1,
                },
                {"type": "MaxPool2d", "kernel_size": 2, "stride": [2, 2], "ceil_mode": True},
                {
                    "type": "Sequential",
                    "name": "b",
                    "repeat": 2,
                    "layers": [{"type": "ReLU", "name": "r"}, {"type": "Add", "inputs": ["r", "input"]}],
                },
                {"type": "Upsample", "scale_factor": 2.0, "mode": "bilinear", "align_corners": True},
                {"type": "Concat", "inputs": ["b", "b"], "dim": 1},
                {"type": "Conv2d", "shares": "conv1", "inputs": ["input"], "name": "again"},
            ],
            "batch": 4,
            "substitute": {"NF": 32},
        },
    ),
    (
        "/shapes",
        {
            "input": {"x": [4, 9, 9], "y": [4, 9, 9]},
            "layers": [
                {"type": "Bilinear", "inputs": ["x", "y"], "out_features": 3},
                {"type": "Unflatten", "dim": 1, "unflattened_size": [-1, 2]},
                {"type": "Reshape", "shape": [3, -1]},
                {"type": "Permute", "dims": [0, 2, 1]},
                {"type": "Slice", "dim": 1, "start": 0, "stop": 20, "step": 3},
                {"type": "Mean", "dim": [1], "keepdim": True},
                {"type": "LSTM", "hidden_size": 4, "proj_size": 2, "num_layers": 2},
                {"type": "MultiheadAttention", "num_heads": 2},
                {"type": "LayerNorm", "normalized_shape": [2], "eps": 1e-5},
                {"type": "Softmax", "dim": -1},
            ],
        },
    ),
    (
        "/shapes/solve",
        {
            "type": "ConvTranspose2d",
            "input": [8, 8],
            "output": [16, 16],
            "kernel_size": 5,
            "stride": 2,
            "solve": ["padding", "output_padding"],
            "bounds": {"padding": [0, 9]},
        },
    ),
    (
        "/shapes/solve",
        {
            "layers": [{**CONV, "kernel_size": 5}, {"type": "ReLU"}, {"type": "MaxPool2d", "kernel_size": 2}],
            "input": [32, 32],
            "output": [16, 16],
            "solve": ["padding"],
            "each": False,
        },
    ),
    ("/shapes/import", {"text": "nn.Sequential(nn.Linear(3, 4))"}),
    ("/shapes/layer?name=r", {"input": [4], "layers": [{"type": "ReLU", "name": "r"}]}),
    (
        "/shapes/compare",
        {"networks": [{"input": [4], "layers": [LINEAR]}, {"input": ["a"], "layers": [LINEAR]}]},
    ),
    (
        "/convolve",
        {"image": [[1, 2, 3], [4, 5.5, 6]], "kernel": [[1, 0]], "mode": "convolution", "padding": 1},
    ),
]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    2,
    3.5,
    1e308,
    float("nan"),
    2**63,
    10**100,
    "",
    "NF",
    "-1",
    "floor",
    "floor(H/2)",
    "1/0",
    "9**9**9**9",
    "__import__('os')",
    "\ud800",
    "\0",
    "é",
    "a" * 70,
    [],
    [[]],
    {},
    [1, 2],
    [1, 2, 3],
    ["a"],
    {"a": 1},
    "same",
    "input",
    "conv1",
    "Conv2d",
    "Sequential",
    "Add",
    [None],
    [-1],
    {"type": "Add"},
    "(((",
    "a/b",
]


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def spoiled(draw: random.Random, body: dict[str, Any]) -> dict[str, Any]:
    """A body in which one to three things are replaced, left out or added."""
    body = copy.deepcopy(body)
    for _ in range(draw.choice([1, 1, 2, 3])):
        *path, key = draw.choice([path for path in places(body) if path])
        holder: Any = body
        for step in path:
            holder = holder[step]
        junk = copy.deepcopy(draw.choice(JUNK))
        kind = draw.random()
        if kind < 0.7:
            holder[key] = junk
        elif kind < 0.85:
            del holder[key]
        elif isinstance(holder, dict):
            holder[draw.choice(["type", "inputs", "shares", "repeat", "padding", "a/b"])] = junk
        else:
            holder.insert(key, junk)
        if not body:
            break
    return body


def resolves(pointer: str, document: object) -> bool:
    """Whether all of a pointer but its last part leads to something; a missing field may be pointed at."""
    value: Any = document
    for part in pointer.split("/")[1:-1]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return False
    return True


@pytest.mark.parametrize("seed", range(8))
def test_answered_or_refused_with_a_pointer_into_it(service: Service, seed: int) -> None:
    draw, statuses = random.Random(seed), Counter[int]()
    for _ in range(60):
        path, body = draw.choice(SEEDS)
        document = spoiled(draw, body)
        response = service.post(path, document)
        statuses[response.status_code] += 1
        assert response.status_code in (200, 422), (path, document)
        if response.status_code == 422:
            problem = response.json()
            (error,) = problem["errors"]
            assert problem["instance"] == PREFIX + path.partition("?")[0]
            asked = error["pointer"] in ("/name", "/position")  # of the address, not of the body
            assert asked or resolves(error["pointer"], document), (error, document)
    assert statuses[200] and statuses[422] > 20
