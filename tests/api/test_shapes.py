"""POST /shapes to the letter of the contract: every field, and what it means, against PyTorch."""

from collections import OrderedDict
from collections.abc import Iterator
from math import prod
from typing import Any

import pytest
import sympy
import torch
from torch import Tensor, nn

from tests.api.shapes_service import Service, started
from tests.shapes.build import positive
from tests.shapes.contract import CONVOLUTION, EXAMPLE


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def test_the_contracts_example(service: Service) -> None:
    answer = service.ask("/shapes", EXAMPLE)
    conv, pool = answer["layers"]
    assert {name: conv[name] for name in CONVOLUTION} == CONVOLUTION
    assert pool["inputs"] == ["conv1"] and pool["output_shape"] == ["NF", 16, 16]
    assert pool["receptive_field"]["size"] == ["k + 1", "k + 1"]
    totals = {
        "parameters": "NF*NIC*k**2",
        "weights": "NF*NIC*k**2",
        "biases": 0,
        "neurons": "1280*NF",
        "connections": "1024*NF*NIC*k**2",
    }
    assert {name: answer["totals"][name] for name in totals} == totals
    assert answer["pytorch"].startswith("nn.Sequential(")
    assert answer["latex"]["parameters"] == r"\mathit{NF} \, \mathit{NIC} \, k^{2}"


def test_substitution_leaves_numbers_where_nothing_is_open(service: Service) -> None:
    answer = service.ask("/shapes", {**EXAMPLE, "substitute": {"NF": 32}})
    assert answer["totals"]["neurons"] == 40960 and answer["totals"]["weights"] == "32*NIC*k**2"
    everything = service.ask("/shapes", {**EXAMPLE, "substitute": {"NF": 32, "NIC": "3", "k": "2*2 - 1"}})
    assert everything["totals"]["weights"] == 864 and everything["symbols"] == []
    assert everything["layers"][0]["connections_in_bounds"] == 3 * 32 * (3 * 32 - 2) ** 2


def test_batch_scales_the_memory_estimate_only(service: Service) -> None:
    one, many = (
        service.ask("/shapes", {**EXAMPLE, "substitute": {"NF": 8, "NIC": 3, "k": 3}, "batch": batch})
        for batch in (1, 7)
    )
    assert many["memory"]["training"] == 7 * one["memory"]["training"] == 7 * 4 * 1024 * (3 + 8 + 2)
    assert many["totals"] == one["totals"]
    assert [layer["output_shape"] for layer in many["layers"]] == [[8, 32, 32], [8, 16, 16]]


NETWORKS: dict[str, dict[str, Any]] = {
    "convolutions": {
        "input": [4, 20, 17],
        "layers": [
            {"type": "Conv2d", "out_channels": 6, "kernel_size": [3, 4], "stride": [2, 1], "groups": 2},
            {"type": "BatchNorm2d"},
            {"type": "PReLU", "num_parameters": 6},
            {"type": "Conv2d", "out_channels": 5, "kernel_size": 4, "padding": "same", "dilation": [1, 2]},
            {"type": "AvgPool2d", "kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
            {"type": "ConvTranspose2d", "out_channels": 6, "kernel_size": [3, 5], "stride": 2, "padding": 2},
            {"type": "GroupNorm", "num_groups": 3},
            {"type": "Flatten"},
            {"type": "Linear", "out_features": 7},
        ],
    },
    "transposed": {
        "input": [6, 5, 7],
        "layers": [
            {
                "type": "ConvTranspose2d",
                "out_channels": 4,
                "kernel_size": [4, 3],
                "stride": [2, 3],
                "padding": 1,
                "output_padding": [1, 2],
                "groups": 2,
                "dilation": [2, 1],
                "bias": False,
            },
            {"type": "InstanceNorm2d", "affine": True, "track_running_stats": True},
            {"type": "Upsample", "scale_factor": 1.5},
        ],
    },
    "rows": {
        "input": [2, 7, 32],
        "layers": [{"type": "Linear", "out_features": 10}, {"type": "LayerNorm", "normalized_shape": 10}],
    },
    "sequence": {
        "input": [9, 6],
        "layers": [
            {"type": "LSTM", "hidden_size": 5, "num_layers": 2, "bidirectional": True, "proj_size": 3},
            {"type": "GRU", "hidden_size": 4, "bias": False},
            {"type": "Linear", "out_features": 3},
        ],
    },
    "branches": {
        "input": [3, 9, 9],
        "layers": [
            {"type": "Conv2d", "name": "a", "out_channels": 4, "kernel_size": 3, "padding": 1},
            {"type": "Conv2d", "name": "b", "out_channels": 2, "kernel_size": 1, "inputs": ["input"]},
            {"type": "Concat", "name": "joined", "inputs": ["a", "b"]},
            {"type": "Conv2d", "name": "c", "out_channels": 4, "kernel_size": 1},
            {"type": "Add", "inputs": ["c", "a"]},
        ],
    },
}


def built(answer: dict[str, Any]) -> nn.Module:
    """The module that the answer's code makes."""
    namespace: dict[str, Any] = {"torch": torch, "nn": nn, "OrderedDict": OrderedDict}
    code = answer["pytorch"]
    if code.startswith("nn."):
        module = eval(code, namespace)
    else:
        exec(code, namespace)
        module = namespace["Network"]()
    assert isinstance(module, nn.Module)
    return module.eval()


def watched(module: nn.Module, shape: list[int]) -> list[tuple[nn.Module, Tensor, Tensor]]:
    """Every module without children that runs, with its input and output."""
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(child: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        seen.append((child, inputs[0], output[0] if isinstance(output, tuple) else output))

    leaves = [child for child in module.modules() if not list(child.children())]
    hooks = [child.register_forward_hook(note) for child in leaves]
    with torch.no_grad():
        module(torch.ones(2, *shape))
    for hook in hooks:
        hook.remove()
    return seen


WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd, nn.RNNBase)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_count_means_what_pytorch_has(service: Service, name: str) -> None:
    body = NETWORKS[name]
    answer = service.ask("/shapes", body)
    module = built(answer)
    layers = [layer for layer in answer["layers"] if layer["type"] not in ("Add", "Concat")]
    for layer, (child, before, after) in zip(layers, watched(module, body["input"]), strict=True):
        assert layer["type"] == type(child).__name__
        sequence = isinstance(child, nn.RNNBase)  # the batch in the middle
        assert layer["input_shape"] == list(before.shape[::2] if sequence else before.shape[1:])
        assert layer["output_shape"] == list(after.shape[::2] if sequence else after.shape[1:])
        sizes = {key: parameter.numel() for key, parameter in child.named_parameters()}
        weights = {key: size for key, size in sizes.items() if not key.startswith("bias")}
        assert layer["parameters"] == sum(sizes.values())
        counted = isinstance(child, WEIGHTED)
        assert layer["weights"] == (sum(weights.values()) if counted else 0)
        assert layer["biases"] == (sum(sizes.values()) - sum(weights.values()) if counted else 0)
        assert layer["buffers"] == sum(buffer.numel() for buffer in child.buffers())
        assert layer["neurons"] == (0 if isinstance(child, nn.Flatten) else after.numel() // 2)
        assert layer["connections"] == dense_products(child, before, after)
        if isinstance(child, nn.modules.conv._ConvNd):
            assert layer["connections_in_bounds"] == ones_by_ones(child, before)
    totals = answer["totals"]
    assert totals["parameters"] == sum(parameter.numel() for parameter in module.parameters())
    for count in ("weights", "biases", "buffers", "neurons", "connections", "connections_in_bounds"):
        assert totals[count] == sum(layer[count] for layer in answer["layers"])


def dense_products(child: nn.Module, before: Tensor, after: Tensor) -> int:
    """Every weight is used once at each output position (transposed: input position), or on each row."""
    if isinstance(child, nn.modules.conv._ConvTransposeNd):
        return child.weight.numel() * prod(before.shape[2:])
    if isinstance(child, nn.modules.conv._ConvNd):
        return child.weight.numel() * prod(after.shape[2:])
    return child.weight.numel() * prod(before.shape[1:-1]) if isinstance(child, nn.Linear) else 0


def ones_by_ones(child: nn.modules.conv._ConvNd, before: Tensor) -> int:
    """Each product is 1, and what meets padding is 0."""
    with torch.no_grad():
        child.weight.fill_(1)
        if child.bias is not None:
            child.bias.zero_()
        return round(float(child(torch.ones_like(before)).double().sum())) // len(before)


def test_the_receptive_field_is_what_gradients_reach(service: Service) -> None:
    body = {
        "input": [1, 40, 40],
        "layers": [
            {"type": "Conv2d", "out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2},
            {
                "type": "ConvTranspose2d",
                "out_channels": 1,
                "kernel_size": 3,
                "stride": 2,
                "padding": 1,
                "output_padding": 1,
            },
        ],
    }
    answer = service.ask("/shapes", body)
    field = answer["layers"][-1]["receptive_field"]
    assert field["stride"] == [1, 1] and field["size"] == [7, 7] and field["start"] == [-1, -1]
    module = positive(built(answer))
    (height, width) = answer["layers"][-1]["output_shape"][1:]
    for row, column in ((14, 15), (15, 18), (20, 21)):
        x = torch.rand(1, 1, 40, 40, dtype=torch.float64, requires_grad=True)
        module(x)[0, 0, row, column].backward()
        assert x.grad is not None and row < height and column < width
        touched = torch.nonzero(x.grad[0, 0])
        for axis, index in enumerate((row, column)):
            phases = field["phases"][axis]
            phase = phases[index % len(phases)]
            # One period of outputs is `len(phases)` long and moves as far over the input, the stride being 1.
            first = phase["start"] + index // len(phases) * len(phases)
            assert int(touched[:, axis].min()) == first
            assert int(touched[:, axis].max()) == first + phase["size"] - 1


def test_upsampled_strides_are_fraction_strings_and_windows_alternate(service: Service) -> None:
    layer = {"type": "ConvTranspose1d", "out_channels": 1, "kernel_size": 3, "stride": 2}
    answer = service.ask("/shapes", {"input": [1, 8], "layers": [layer]})
    # Output 0 sees input 0 through the first tap, and index -1, which is not there, through the last.
    assert answer["layers"][0]["receptive_field"] == {
        "size": [2],
        "stride": ["1/2"],
        "start": [-1],
        "phases": [[{"start": -1, "size": 2}, {"start": 0, "size": 1}]],
    }


NAMES = ("N", "S", "I", "E", "O", "Q", "beta", "gamma", "zeta", "pi", "lambda")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_a_positive_integer(service: Service, name: str) -> None:
    body = {
        "input": [name, f"2*{name}", 9],
        "layers": [{"type": "Conv2d", "out_channels": f"{name} + 1", "kernel_size": 3}],
    }
    answer = service.ask("/shapes", body)
    symbol = sympy.Symbol(name, positive=True, integer=True)
    found = sympy.sympify(answer["totals"]["weights"].replace(name, "x_"), locals={"x_": symbol})
    assert sympy.expand(found - symbol * (symbol + 1) * 9) == 0
    assert answer["symbols"] == [name]
    assert answer["conditions"] == [f"{name} >= 2"]  # a window of 3 on 2*name


def test_expressions_of_the_whole_grammar(service: Service) -> None:
    texts = ["a + 2*b - 1", "a**2/a", "(a + b)*(a - b) + b**2", "floor(a/2) + ceiling(b/2)", "max(a, 3)"]
    body = {"input": [4], "layers": [{"type": "Linear", "out_features": text} for text in texts]}
    shapes = [layer["output_shape"][0] for layer in service.ask("/shapes", body)["layers"]]
    assert shapes == ["a + 2*b - 1", "a", "a**2", "floor((b - 1)/2) + floor(a/2) + 1", "max(3, a)"]
    at = {"a": 7, "b": 4}
    numbers = service.ask("/shapes", {**body, "substitute": at})
    assert [layer["output_shape"][0] for layer in numbers["layers"]] == [14, 7, 49, 5, 7]


def test_numbers_are_integers_however_large(service: Service) -> None:
    layers = [{"type": "Linear", "out_features": 10**9}, {"type": "Linear", "out_features": "10**9"}]
    totals = service.ask("/shapes", {"input": ["10**9"], "layers": layers})["totals"]
    assert totals["weights"] == 2 * 10**18 and totals["connections"] == 2 * 10**18


def test_shared_layers_are_counted_once_at_the_first(service: Service) -> None:
    fc = {"type": "Linear", "name": "fc", "out_features": 4}
    layers = [fc, {"type": "Linear", "name": "twice", "shares": "fc"}, {**fc, "name": "x", "shares": "twice"}]
    answer = service.ask("/shapes", {"input": [4], "layers": layers})
    assert [layer["parameters"] for layer in answer["layers"]] == [20, 0, 0]
    assert [layer["connections"] for layer in answer["layers"]] == [16, 16, 16]
    assert [layer.get("shares") for layer in answer["layers"]] == [None, "fc", "fc"]
    assert answer["totals"]["parameters"] == 20
    assert sum(parameter.numel() for parameter in built(answer).parameters()) == 20


@pytest.mark.parametrize(("dim", "shape"), [(None, [5, 4, 4]), (1, [5, 4, 4]), (-3, [5, 4, 4])])
def test_concat_joins_channels_unless_told(service: Service, dim: int | None, shape: list[int]) -> None:
    concat = {"type": "Concat", "inputs": ["x", "y"], **({} if dim is None else {"dim": dim})}
    body = {"input": {"x": [2, 4, 4], "y": [3, 4, 4]}, "layers": [concat]}
    assert service.ask("/shapes", body)["layers"][0]["output_shape"] == shape
    along = {"input": {"x": [2, 4, 4], "y": [2, 1, 4]}, "layers": [{**concat, "dim": 2}]}
    assert service.ask("/shapes", along)["layers"][0]["output_shape"] == [2, 5, 4]


def test_blocks_repeat_and_are_summed(service: Service) -> None:
    block = {
        "type": "Sequential",
        "name": "stage",
        "repeat": 3,
        "layers": [
            {"type": "Linear", "name": "fc", "out_features": 6},
            {"type": "Add", "inputs": ["fc", "input"]},
        ],
    }
    answer = service.ask("/shapes", {"input": [6], "layers": [block]})
    assert [layer["name"] for layer in answer["layers"]][::2] == [f"stage.{i}.fc" for i in range(3)]
    assert answer["layers"][3]["inputs"] == ["stage.1.fc", "stage.0.add1"]
    sums = {entry["name"]: entry["totals"]["parameters"] for entry in answer["blocks"]}
    assert sums == {"stage": 126, "stage.0": 42, "stage.1": 42, "stage.2": 42}
