"""Bad input about shapes: every kind is a 422 that says where and why, soon."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.shapes_service import SECONDS, Service, started

LINEAR: dict[str, Any] = {"type": "Linear", "out_features": 3}
CONV: dict[str, Any] = {"type": "Conv2d", "out_channels": 2, "kernel_size": 3}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def network(*layers: object, **more: object) -> dict[str, object]:
    return {"input": [3], "layers": list(layers), **more}


def image(*layers: object, **more: object) -> dict[str, object]:
    return {"input": [4, 8, 8], "layers": list(layers), **more}


def cycle(length: int) -> dict[str, object]:
    names = [f"r{i}" for i in range(length)]
    return network(*({"type": "ReLU", "name": n, "inputs": [names[i - 1]]} for i, n in enumerate(names)))


def nested(depth: int) -> str:
    block = '{"type": "Sequential", "layers": ['
    return '{"input": [3], "layers": [' + block * depth + '{"type": "ReLU"}' + "]}" * depth + "]}"


def wide(text: object) -> dict[str, object]:
    return network({**LINEAR, "out_features": text})


REFUSED: list[tuple[str, object, str]] = [
    ("no layers", network(), "/layers"),
    ("no body", "", ""),
    ("no JSON", "{", ""),
    ("a list", [], ""),
    ("null", "null", ""),
    ("no input", {"layers": [LINEAR]}, "/input"),
    ("10 000 layers", network(*[LINEAR] * 10_000), "/layers/2000"),
    (
        "a repeat of 10 000",
        network({"type": "Sequential", "repeat": 10_000, "layers": [LINEAR]}),
        "/layers/0/repeat",
    ),
    ("a cycle", cycle(3), "/layers/0/inputs"),
    ("a cycle of 2 000", cycle(2_000), "/layers/0/inputs"),
    ("itself", network({**LINEAR, "name": "a", "inputs": ["a"]}), "/layers/0/inputs"),
    (
        "sharing in a circle",
        network({**LINEAR, "name": "a", "shares": "b"}, {**LINEAR, "name": "b", "shares": "a"}),
        "/layers/0/shares",
    ),
    ("an unknown name", network({**LINEAR, "inputs": ["nowhere"]}), "/layers/0/inputs/0"),
    ("an unknown type", network({"type": "Lineer"}), "/layers/0/type"),
    ("an unknown argument", network({**LINEAR, "in/out": 3}), "/layers/0/in~1out"),
    ("an unknown field", network(LINEAR, **{"a~b": 3}), "/a~0b"),
    ("a missing argument", network({"type": "Linear"}), "/layers/0/out_features"),
    ("zero", {"input": [0], "layers": [LINEAR]}, "/input/0"),
    ("below zero", image({**CONV, "kernel_size": [3, -1]}), "/layers/0/kernel_size/1"),
    ("10**100", wide(10**100), "/layers/0/out_features"),
    ("10**100 as text", wide("10**100"), "/layers/0/out_features"),
    (
        "5 000 digits",
        '{"input": [3], "layers": [{"type": "Linear", "out_features": ' + "9" * 5_000 + "}]}",
        "/layers/0/out_features",
    ),
    ("a tower", wide("9**9**9**9"), "/layers/0/out_features"),
    ("code", wide("__import__('os').system('true')"), "/layers/0/out_features"),
    ("10 kB of brackets", wide("(" * 10_000), "/layers/0/out_features"),
    ("nested brackets", wide("(" * 400 + "1" + ")" * 400), "/layers/0/out_features"),
    ("many terms", wide("(a + b + c + d + e + f)**60"), "/layers/0/out_features"),
    ("a division by zero", wide("4/(a - a)"), "/layers/0/out_features"),
    ("half a size", wide("a/2"), "/layers/0/out_features"),
    ("NaN", wide(float("nan")), "/layers/0/out_features"),
    ("infinity", image({"type": "Upsample", "scale_factor": float("inf")}), "/layers/0/scale_factor"),
    (
        "1e999",
        '{"input": [4, 8, 8], "layers": [{"type": "Upsample", "scale_factor": 1e999}]}',
        "/layers/0/scale_factor",
    ),
    ("a float", wide(3.0), "/layers/0/out_features"),
    ("true", wide(True), "/layers/0/out_features"),
    ("a string for a flag", network({**LINEAR, "bias": "yes"}), "/layers/0/bias"),
    ("a string for a number", image({"type": "Dropout", "p": "0.5"}), "/layers/0/p"),
    ("an output below 1", image({**CONV, "kernel_size": 9}), "/layers/0/kernel_size"),
    ("a pooled-away map", image({"type": "MaxPool2d", "kernel_size": 9}), "/layers/0/kernel_size"),
    ("a function's name", wide("floor"), "/layers/0/out_features"),
    ("a function's name put in", network(LINEAR, substitute={"max": "min"}), "/substitute/max"),
    ("no symbol", network(LINEAR, substitute={"a b": 3}), "/substitute/a b"),
    ("half a character", '{"input": ["\\ud800"], "layers": [{"type": "ReLU"}]}', "/input/0"),
    ("a nul", network({"type": "ReLU", "name": "\0"}), "/layers/0/name"),
    ("blocks in blocks", nested(300), "/layers" + "/0/layers" * 17),
    ("lists in lists", "[" * 100_000, ""),
    ("a long name", network({**LINEAR, "name": "a" * 3_000_000}), "/layers/0/name"),
    (
        "too large output_padding",
        image(
            {"type": "ConvTranspose2d", "out_channels": 1, "kernel_size": 3, "stride": 2, "output_padding": 2}
        ),
        "/layers/0/output_padding",
    ),
    ("negative padding", image({**CONV, "padding": -1}), "/layers/0/padding"),
    ("groups that do not divide", image({**CONV, "groups": 3}), "/layers/0/groups"),
    ("wrong channels", image({**CONV, "in_channels": 5}), "/layers/0/in_channels"),
    ("'same' with a stride", image({**CONV, "padding": "same", "stride": 2}), "/layers/0/padding"),
    (
        "shapes that do not add up",
        {"input": {"a": [3], "b": [4]}, "layers": [{"type": "Add", "inputs": ["a", "b"]}]},
        "/layers/0",
    ),
    (
        "250 inputs for each of 1 900 layers",
        network(
            {"type": "ReLU", "name": "r"}, *({"type": "Add", "inputs": ["r"] * 250} for _ in range(1_900))
        ),
        "/layers/81/inputs",
    ),
]


@pytest.mark.parametrize(("body", "pointer"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_what_cannot_be_says_where(service: Service, body: object, pointer: str) -> None:
    began = time.process_time()
    where, why = service.refusal("/shapes", body)
    assert time.process_time() - began < SECONDS
    assert where == pointer, why
    assert 5 < len(why) < 1_500


@pytest.mark.parametrize("kind", ["groups", "kernel_size", "padding"])
def test_what_pytorch_refuses_names_the_layer_its_index_and_why(service: Service, kind: str) -> None:
    wrong = {**CONV, "name": "second", kind: {"groups": 3, "kernel_size": 30, "padding": -2}[kind]}
    where, why = service.refusal("/shapes", image(CONV, wrong))
    assert where == f"/layers/1/{kind}"
    assert why.startswith("layer 1 (second, Conv2d): ")
