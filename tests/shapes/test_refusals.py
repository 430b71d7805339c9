"""What cannot be: refusals that name the layer and the reason, and errors that point at their place."""

import time
from typing import Any

import pytest

from app.shapes import NetworkError, RefusedError, ShapeError, analyse

Layer = dict[str, Any]
CONV: Layer = {"type": "Conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}


def run(layers: list[Any], shape: Any) -> Any:
    return analyse({"input": list(shape), "layers": layers})


@pytest.mark.parametrize(
    ("layers", "shape", "reason"),
    [
        (
            [{**CONV, "groups": 3}],
            (4, 8, 8),
            r"layer 0 \(conv2d1, Conv2d\): in_channels \(4\) must be divisible",
        ),
        (
            [{**CONV, "in_channels": 3}],
            (4, 8, 8),
            "in_channels is 3, but the input's number of channels is 4",
        ),
        ([{**CONV, "padding": -1}], (4, 8, 8), "negative padding"),
        (
            [{**CONV, "padding": "same", "stride": 2}],
            (4, 8, 8),
            "padding='same' is not supported for a stride",
        ),
        ([{**CONV, "kernel_size": 30}], (4, 8, 8), "the window of 30 is larger than the padded input of 10"),
        (
            [CONV, {"type": "Linear", "in_features": 9, "out_features": 1}],
            (4, 8, 8),
            "layer 1 .*in_features is 9",
        ),
        ([{"type": "MaxPool2d", "kernel_size": 3, "padding": 2}], (4, 8, 8), "padding 2 is more than half"),
        (
            [{"type": "ConvTranspose2d", "out_channels": 1, "kernel_size": 3, "output_padding": 1}],
            (4, 8, 8),
            "output_padding 1 must be smaller than the stride",
        ),
        (
            [
                {"type": "Add", "inputs": ["a", "input"]},
                {**CONV, "name": "a", "out_channels": 5, "inputs": ["input"]},
            ],
            (4, 8, 8),
            "sizes 5 and 4 do not fit together along dimension 1",
        ),
        ([CONV], ("C", "H"), "its input is \\[C, H\\]"),
        (
            [
                {"type": "Embedding", "num_embeddings": 9, "embedding_dim": 2},
                {"type": "Embedding", "num_embeddings": 9, "embedding_dim": 2},
            ],
            (7,),
            "layer 1 .*reads integers",
        ),
        ([{**CONV, "out_channels": 2**40}], (4, 2**20, 2**20), "more bytes than 64 bits"),
        ([{"type": "Reshape", "shape": ["2*C", 8]}], ("C", 8), "8\\*C values do not fit into 16\\*C"),
    ],
)
def test_what_pytorch_refuses_is_named(layers: list[Layer], shape: Any, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        run(layers, shape)


LINEAR: Layer = {"type": "Linear", "out_features": 3}


def block(layers: list[Layer], **more: Any) -> dict[str, Any]:
    return {"input": [3], "layers": [{"type": "Sequential", "layers": layers, **more}]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/input"),
        ({"input": [3]}, "/layers"),
        ({"input": [3], "layers": []}, "/layers"),
        ({"input": [3], "layers": {}}, "/layers"),
        ({"input": [3], "layers": [3]}, "/layers/0"),
        ({"input": [3], "layers": [{}]}, "/layers/0"),
        ({"input": [3], "layers": [{"type": "Conv4d"}]}, "/layers/0/type"),
        ({"input": [3], "layers": [{"type": ["Linear"]}]}, "/layers/0/type"),
        ({"input": [3], "layers": [{"type": "__import__"}]}, "/layers/0/type"),
        ({"input": [], "layers": [LINEAR]}, "/input"),
        ({"input": 3, "layers": [LINEAR]}, "/input"),
        ({"input": [0], "layers": [LINEAR]}, "/input/0"),
        ({"input": [-3], "layers": [LINEAR]}, "/input/0"),
        ({"input": [True], "layers": [LINEAR]}, "/input/0"),
        ({"input": [float("nan")], "layers": [LINEAR]}, "/input/0"),
        ({"input": [10**100], "layers": [LINEAR]}, "/input/0"),
        ({"input": ["9**9**9**9"], "layers": [LINEAR]}, "/input/0"),
        ({"input": ["__import__('os')"], "layers": [LINEAR]}, "/input/0"),
        ({"input": ["(" * 10_000], "layers": [LINEAR]}, "/input/0"),
        ({"input": ["floor"], "layers": [LINEAR]}, "/input/0"),
        ({"input": [3] * 9, "layers": [LINEAR]}, "/input"),
        ({"input": {"a": [3], "b": [0]}, "layers": [LINEAR]}, "/input/b/0"),
        ({"input": {}, "layers": [LINEAR]}, "/input"),
        ({"input": {"a b": [3]}, "layers": [LINEAR]}, "/input/a b"),
        ({"input": [3], "layers": [LINEAR], "substitute": {"a": "1.5"}}, "/substitute/a"),
        ({"input": [3], "layers": [LINEAR], "substitute": {"a b": 1}}, "/substitute/a b"),
        ({"input": [3], "layers": [LINEAR], "substitute": []}, "/substitute"),
        ({"input": ["C", 3], "layers": [LINEAR], "substitute": {"C": 0}}, "/substitute/C"),
        ({"input": [3], "layers": [LINEAR], "batch": 0}, "/batch"),
        ({"input": [3], "layers": [LINEAR], "batch": "all"[:0]}, "/batch"),
        ({"input": [3], "layers": [LINEAR], "ex/tra": 1}, "/ex~1tra"),
        ({"input": [3], "layers": [{**LINEAR, "size": 1}]}, "/layers/0/size"),
        ({"input": [3], "layers": [{"type": "Linear"}]}, "/layers/0/out_features"),
        ({"input": [3], "layers": [{**LINEAR, "out_features": "x" * 70}]}, "/layers/0/out_features"),
        ({"input": [3], "layers": [{**LINEAR, "out_features": 2.0}]}, "/layers/0/out_features"),
        ({"input": [3], "layers": [{**LINEAR, "bias": 1}]}, "/layers/0/bias"),
        ({"input": [3], "layers": [{**LINEAR, "name": "input"}]}, "/layers/0/name"),
        ({"input": [3], "layers": [{**LINEAR, "name": "a"}, {**LINEAR, "name": "a"}]}, "/layers/1/name"),
        ({"input": [3], "layers": [{**LINEAR, "name": "a/b"}]}, "/layers/0/name"),
        ({"input": [3], "layers": [{**LINEAR, "name": 7}]}, "/layers/0/name"),
        ({"input": [3], "layers": [{**LINEAR, "inputs": ["nowhere"]}]}, "/layers/0/inputs/0"),
        ({"input": [3], "layers": [{**LINEAR, "inputs": []}]}, "/layers/0/inputs"),
        ({"input": [3], "layers": [{**LINEAR, "inputs": [3]}]}, "/layers/0/inputs"),
        ({"input": [3], "layers": [{**LINEAR, "inputs": ["input", "input"]}]}, "/layers/0/inputs"),
        ({"input": [3], "layers": [{**LINEAR, "name": "a", "inputs": ["a"]}]}, "/layers/0/inputs"),
        ({"input": [3], "layers": [{**LINEAR, "name": "a", "shares": "a"}]}, "/layers/0/shares"),
        ({"input": [3], "layers": [{**LINEAR, "shares": "input"}]}, "/layers/0/shares"),
        ({"input": [3], "layers": [{**LINEAR, "shares": {}}]}, "/layers/0/shares"),
        (block([]), "/layers/0/layers"),
        (block([LINEAR], repeat=0), "/layers/0/repeat"),
        (block([LINEAR], repeat="n"), "/layers/0/repeat"),
        (block([LINEAR], repeat=10**9), "/layers/0/repeat"),
        (block([LINEAR], color=1), "/layers/0/color"),
        (block([LINEAR], inputs=["x"]), "/layers/0/inputs/0"),
        (block([{**LINEAR, "bias": 3}]), "/layers/0/layers/0/bias"),
    ],
)
def test_what_cannot_be_says_where(body: dict[str, Any], pointer: str) -> None:
    started = time.process_time()
    with pytest.raises(ShapeError) as caught:
        analyse(body)
    assert time.process_time() - started < 0.2
    assert caught.value.pointer == pointer, caught.value.detail
    assert 5 < len(caught.value.detail) < 1_500


def test_cycles_name_their_members() -> None:
    layers = [
        {**LINEAR, "name": "a", "inputs": ["c"]},
        {**LINEAR, "name": "b", "inputs": ["a"]},
        {**LINEAR, "name": "c", "inputs": ["b"]},
    ]
    with pytest.raises(NetworkError, match="a reads c reads b reads a"):
        run(layers, [3])


@pytest.mark.parametrize(
    "layers", [[LINEAR] * 10_000, [{"type": "Sequential", "repeat": 1_999, "layers": [LINEAR, LINEAR]}]]
)
def test_too_many_layers_are_refused_at_once(layers: list[Layer]) -> None:
    started = time.process_time()
    with pytest.raises(NetworkError, match="more than 2000 layers"):
        run(layers, [3])
    assert time.process_time() - started < 1


def test_blocks_nest_only_so_deep() -> None:
    layers: list[Layer] = [LINEAR]
    for _ in range(40):
        layers = [{"type": "Sequential", "layers": layers, "repeat": 1}]
    with pytest.raises(NetworkError, match="nest deeper"):
        run(layers, [3])


def test_an_unknown_type_names_the_layer() -> None:
    with pytest.raises(RefusedError, match=r'layer 1 \(head\): "Lineer" is not supported'):
        run([LINEAR, {"type": "Lineer", "name": "head"}], [3])
