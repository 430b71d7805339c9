"""Exports: PyTorch code that runs and agrees, tables that hold the counts, formulas with numbers, JSON."""

import csv
import io
import json
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from app.shapes import ShapeError, analyse
from app.shapes.catalogue import catalogue
from app.shapes.exporting import (
    layer_formulas,
    pytorch_code,
    pytorch_file,
    result_json,
    to_csv,
    to_latex_table,
    to_markdown,
)
from app.shapes.exporting.names import _MODULE
from app.shapes.exporting.pytorch import is_chain
from app.shapes.layers import LAYERS
from app.shapes.presets import load_preset
from app.shapes.report import Report
from tests.shapes.build import module_of
from tests.shapes.cases import FAMILIES, Case, cases

Layer = dict[str, Any]


def agrees(report: Report) -> None:
    """Run the exported code and compare every output and the parameters."""
    module = module_of(report).eval()
    inputs = [torch.zeros(2, *(int(str(size)) for size in source.shape)) for source in report.network.inputs]
    if report.layers[0].type == "Embedding":
        inputs = [tensor.long() for tensor in inputs]
    with torch.no_grad():
        output = module(*inputs)
    outputs = output if isinstance(output, tuple) else (output,)
    expected = [layer.output_shape for layer in report.layers if layer.name in report.outputs]
    assert [tuple(tensor.shape[1:]) for tensor in outputs] == expected
    assert sum(p.numel() for p in module.parameters()) == report.totals.parameters


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.filterwarnings("ignore")
def test_every_layer_type_is_exported_as_code_that_runs(family: str) -> None:
    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases(family))
    def run(case: Case) -> None:
        names = [f"x{i}" for i in range(len(case.shapes))]
        inputs = dict(zip(names, case.shapes, strict=True))
        try:
            report = analyse(
                {"input": inputs, "layers": [{"type": case.type, "inputs": names, **case.arguments}]}
            )
        except ShapeError:
            return
        if not case.type.startswith("InstanceNorm"):
            agrees(report)

    run()


@st.composite
def graphs(draw: st.DrawFn) -> list[Layer]:
    """Random graphs on (4, 8, 8): chains with branches, repeats and shared layers."""
    layers: list[Layer] = []
    names = ["input"]
    for i in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["Conv2d", "ReLU", "BatchNorm2d", "Add", "Sequential", "shared"]))
        name = draw(st.sampled_from([f"n{i}", f"type{i}", f"a.b{i}", f"x-{i}"]))
        layer: Layer = {"type": kind, "name": name}
        conv = {"type": "Conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}
        if kind == "Conv2d":
            layer |= conv
        elif kind == "Add":
            layer["inputs"] = [draw(st.sampled_from(names)) for _ in range(draw(st.integers(1, 3)))]
        elif kind == "Sequential":
            inner = [{**conv, "name": "c"}, {"type": "Add", "inputs": ["c", "input"]}]
            layer |= {"layers": inner, "repeat": draw(st.integers(1, 2))}
        elif kind == "shared":
            owners = [each["name"] for each in layers if each["type"] == "Conv2d" and "shares" not in each]
            layer |= {"type": "Conv2d", "shares": draw(st.sampled_from(owners))} if owners else conv
        if kind != "Add" and draw(st.integers(0, 3)) == 0:
            layer["inputs"] = [draw(st.sampled_from(names))]
        layers.append(layer)
        names.append(name)
    return layers


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_graphs_are_exported_as_code_that_runs(layers: list[Layer]) -> None:
    agrees(analyse({"input": [4, 8, 8], "layers": layers}))


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v3_small", "densenet121"])
def test_torchvisions_networks_run_when_exported(name: str) -> None:
    report = analyse(load_preset(name))
    module = module_of(report).to("meta").eval()
    shape = [int(str(size)) for size in report.network.inputs[0].shape]
    output = module(torch.zeros(2, *shape, device="meta"))
    last = output[-1] if isinstance(output, tuple) else output
    assert tuple(last.shape) == (2, 1000)
    assert sum(p.numel() for p in module.parameters()) == report.totals.parameters
    assert sum(b.numel() for b in module.buffers()) == report.totals.buffers


def test_a_chain_is_a_sequential_and_a_graph_a_class() -> None:
    assert is_chain(analyse(load_preset("alexnet"))) and not is_chain(analyse(load_preset("unet")))
    code = pytorch_code(analyse(load_preset("write-up-cnn")))
    assert code.startswith("nn.Sequential(\n    OrderedDict([\n")
    assert '("conv1", nn.Conv2d(3, 32, 3, padding="same", bias=False)),' in code


def test_files_stand_alone() -> None:
    for name in ("write-up-cnn", "unet", "pool-upsample", "swin_t"):
        namespace: dict[str, Any] = {}
        exec(pytorch_file(analyse(load_preset(name))), namespace)
        assert "network" in namespace or "Network" in namespace


def test_symbols_become_arguments() -> None:
    body = load_preset("pool-upsample")
    del body["substitute"]
    namespace: dict[str, Any] = {}
    exec(pytorch_file(analyse(body)), namespace)
    network = namespace["network"](NC=24, NF=32, NIC=1, k=3)
    assert sum(p.numel() for p in network.parameters()) == 49728


def test_floors_and_keywords_in_code() -> None:
    layers = [
        {"type": "MaxPool2d", "kernel_size": 2},
        {"type": "Flatten"},
        {"type": "Linear", "out_features": "lambda + min(a, 7)"},
    ]
    code = pytorch_file(analyse({"input": [3, "H", 8], "layers": layers}))
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    assert "lambda_" in code and "(H) // (2)" in code
    network = namespace["network"](H=9, a=5, lambda_=2)
    assert network(torch.zeros(1, 3, 9, 8)).shape == (1, 7)


def test_names_that_pytorch_modules_have_are_avoided() -> None:
    missing = {name for name in dir(nn.Module()) if not name.startswith("_")} - _MODULE
    assert missing == set()
    layers = [
        {"type": "ReLU", "name": name}
        for name in ("train", "forward", "class", "self", "0", "x.y", "x-y", "x_y")
    ]
    agrees(analyse({"input": [3], "layers": [*layers, {"type": "Add", "inputs": ["x_y", "input"]}]}))


def test_csv_holds_every_count() -> None:
    report = analyse(load_preset("unet"))
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert len(rows) == len(report.layers) + 1
    assert rows[-1]["layer"] == "total" and rows[-1]["parameters"] == "56856"
    assert sum(int(row["connections"]) for row in rows[:-1]) == int(rows[-1]["connections"])
    assert rows[0]["output"] == "32\N{MULTIPLICATION SIGN}16\N{MULTIPLICATION SIGN}16"


def test_markdown_and_latex_hold_every_layer() -> None:
    report = analyse(load_preset("write-up-cnn"))
    markdown, latex = to_markdown(report).splitlines(), to_latex_table(report)
    assert len(markdown) == 2 + len(report.layers) + 1
    assert {line.count("|") for line in markdown} == {9}
    assert latex.count(r"\\") == 1 + len(report.layers) + 1 and "$61632$" in latex


def test_formulas_have_the_layers_numbers() -> None:
    layers = [
        {
            "type": "Conv2d",
            "out_channels": 8,
            "kernel_size": [3, 4],
            "stride": 2,
            "padding": [1, 0],
            "bias": False,
        },
        {
            "type": "ConvTranspose2d",
            "out_channels": 4,
            "kernel_size": 3,
            "stride": 2,
            "padding": 1,
            "output_padding": 1,
        },
        {"type": "MaxPool2d", "kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"type": "ReLU"},
    ]
    report = analyse({"input": [3, 32, 32], "layers": layers})
    first, second, third, fourth = (layer_formulas(layer) for layer in report.layers)
    assert (
        first[0]
        == r"H_{out} = \left\lfloor \frac{32 + 2 \cdot 1 - 1 \cdot (3 - 1) - 1}{2} \right\rfloor + 1 = 16"
    )
    assert first[2] == r"\text{parameters} = 3 \cdot \frac{8}{1} \cdot 3 \cdot 4 + 0 = 288"
    assert second[0] == r"H_{out} = (16 - 1) \cdot 2 - 2 \cdot 1 + 1 \cdot (3 - 1) + 1 + 1 = 32"
    assert r"\left\lceil" in third[0] and third[0].endswith("= 16")
    assert fourth == []


def test_formulas_evaluate_to_their_value() -> None:
    from sympy.parsing.sympy_parser import parse_expr

    layer = {"type": "Conv2d", "out_channels": 8, "kernel_size": 4, "padding": "same", "dilation": 3}
    (formula, _, _) = layer_formulas(analyse({"input": [3, 32, 32], "layers": [layer]}).layers[0])
    text = formula.split(" = ")[1]
    for latex, plain in (
        (r"\left\lfloor \frac{", "floor(("),
        ("}{", ")/("),
        (r"} \right\rfloor", "))"),
        (r"\cdot", "*"),
    ):
        text = text.replace(latex, plain)
    assert parse_expr(text) == 32


def test_json_is_json_and_names_the_code() -> None:
    body = result_json(analyse(load_preset("unet")), formulas=True)
    again = json.loads(json.dumps(body, allow_nan=False))
    assert again == body
    assert set(again) >= {
        "layers",
        "totals",
        "pytorch",
        "latex",
        "blocks",
        "memory",
        "conditions",
        "formulas",
    }
    assert again["pytorch"].startswith("class Network(nn.Module)")
    assert len(again["formulas"]) == len(again["layers"])


def test_the_catalogue_lists_every_type_and_argument() -> None:
    listed: Any = json.loads(json.dumps(catalogue()))
    assert {entry["type"] for entry in listed["layers"]} == set(LAYERS)
    conv = next(entry for entry in listed["layers"] if entry["type"] == "Conv2d")
    assert [argument["name"] for argument in conv["arguments"]] == [
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "bias",
        "padding_mode",
    ]
    assert conv["arguments"][3] == {
        "name": "stride",
        "kind": "positive size, or a list of 2",
        "required": False,
        "inferred": False,
        "default": 1,
    }
    assert conv["formula"] == r"\left\lfloor \frac{L_{in} + 2 p - d \cdot (k - 1) - 1}{s} \right\rfloor + 1"
    assert all("@" not in entry["formula"] for entry in listed["layers"])


def test_the_catalogues_defaults_are_pytorchs() -> None:
    import inspect

    for name, layer in LAYERS.items():
        if layer.home != "torch.nn" or layer.family == "recurrent":
            continue
        parameters = inspect.signature(getattr(nn, name)).parameters
        for argument in layer.arguments:
            assert argument.name in parameters, (name, argument.name)
            theirs = parameters[argument.name].default
            if argument.inferred or callable(theirs) or name in ("Threshold",):
                continue
            if argument.required:
                assert theirs is inspect.Parameter.empty, (name, argument.name)
            else:
                assert argument.default == theirs, (name, argument.name)
