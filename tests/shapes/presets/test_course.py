"""The write-up's tables and section 4.3, letter by letter, from the presets."""

from typing import Any

import pytest
import sympy

from app.shapes import NetworkError, analyse
from app.shapes.exporting import pytorch_code
from app.shapes.presets import COURSE, load_preset, preset_names
from app.shapes.report import Totals
from app.shapes.sizes import growth, to_text
from tests.shapes.build import module_of

NIC, NF, NC, k, H, W = sympy.symbols("NIC NF NC k H W", positive=True, integer=True)


def symbolic(shape: list[Any]) -> Any:
    body = load_preset("pool-upsample")
    del body["substitute"]
    return analyse({**body, "input": shape})


def same(size: Any, expected: Any) -> bool:
    names = {"NIC": NIC, "NF": NF, "NC": NC, "k": k, "H": H, "W": W}
    return bool(sympy.expand(sympy.sympify(to_text(size), locals=names) - expected) == 0)


def test_cnn_and_fcnn_tables() -> None:
    cnn, fcnn = analyse(load_preset("write-up-cnn")), analyse(load_preset("write-up-fcnn"))
    assert [(layer.neurons, layer.weights) for layer in cnn.layers] == [
        (32768, 864),
        (8192, 0),
        (16384, 18432),
        (4096, 0),
        (192, 1728),
    ]
    assert (cnn.totals.neurons, cnn.totals.weights) == (61632, 21024)
    counted = [(layer.neurons, layer.weights) for layer in fcnn.layers if layer.neurons]
    assert counted == [(3072, 9437184), (768, 0), (768, 589824), (192, 0), (192, 36864)]
    assert (fcnn.totals.neurons, fcnn.totals.weights) == (4992, 10063872)


@pytest.mark.parametrize(
    ("size", "outputs", "connections"),
    [
        (
            32,
            3520 * NF + 4352 * NC,
            k**2 * (1024 * NIC * NF + 512 * NF**2 + 128 * NF**2 + 256 * NF * NC + 1024 * NC**2),
        ),
        (
            64,
            14080 * NF + 17408 * NC,
            k**2 * (4096 * NIC * NF + 2048 * NF**2 + 512 * NF**2 + 1024 * NF * NC + 4096 * NC**2),
        ),
    ],
)
def test_section_4_3(size: int, outputs: Any, connections: Any) -> None:
    totals = symbolic(["NIC", size, size]).totals
    weights = NIC * k**2 * NF + 2 * k**2 * NF**2 + 2 * k**2 * NF**2 + k**2 * NF * NC + k**2 * NC**2
    assert same(totals.weights, weights)
    assert same(totals.neurons, outputs)
    assert same(totals.connections, connections)


def test_section_4_3_at_any_height_and_width() -> None:
    totals = symbolic(["NIC", "4*H", "4*W"]).totals
    assert same(totals.neurons, H * W * (55 * NF + 68 * NC))
    assert same(totals.connections, k**2 * H * W * (16 * NIC * NF + 10 * NF**2 + 4 * NF * NC + 16 * NC**2))
    floors = symbolic(["NIC", "H", "W"])
    assert to_text(floors.totals.neurons) == (
        "H*NF*W + 68*NC*floor(H/4)*floor(W/4) + 19*NF*floor(H/4)*floor(W/4) + 5*NF*floor(H/2)*floor(W/2)"
    )
    assert floors.conditions == ("H >= 4", "W >= 4")


def test_section_4_3_block_by_block() -> None:
    blocks: dict[str, Totals] = symbolic(["NIC", 32, 32]).blocks
    outputs = {name: to_text(totals.neurons) for name, totals in blocks.items()}
    assert outputs == {
        "block1": "1792*NF",
        "block2": "896*NF",
        "block3": "832*NF",
        "block4": "3328*NC",
        "block5": "1024*NC",
    }


def test_what_changes_if_filters_double() -> None:
    found = growth(symbolic(["NIC", 32, 32]).totals.neurons, "NF")
    assert (found.low, found.high) == (1, 2) and to_text(found.after) == "4352*NC + 7040*NF"


@pytest.mark.parametrize(
    ("name", "parameters"), [("pool-upsample", 49728), ("conv-transpose", 49728), ("unet", 56856)]
)
def test_course_networks_have_the_courses_parameters(name: str, parameters: int) -> None:
    report = analyse(load_preset(name))
    assert report.totals.parameters == parameters
    assert report.layers[-1].output_shape == (24, 32, 32)


@pytest.mark.parametrize("name", COURSE)
def test_exported_course_networks_run_in_pytorch(name: str) -> None:
    import torch

    report = analyse(load_preset(name))
    module = module_of(report).eval()
    shape = [int(str(size)) for size in report.network.inputs[0].shape]
    output = module(torch.zeros(2, *shape))
    assert tuple(output.shape[1:]) == report.layers[-1].output_shape
    assert sum(p.numel() for p in module.parameters()) == report.totals.parameters
    assert pytorch_code(report).startswith(("nn.Sequential(", "class Network"))


def test_unknown_presets_are_told() -> None:
    with pytest.raises(NetworkError, match="no preset called 'resnet'"):
        load_preset("resnet")
    with pytest.raises(NetworkError):
        load_preset("../course/unet")
    assert preset_names()[:5] == COURSE and "resnet50" in preset_names()
