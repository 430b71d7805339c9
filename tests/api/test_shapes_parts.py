"""What stands around POST /shapes: catalogue, presets, import, one layer, scaling, comparison, export."""

import csv
import inspect
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from tests.api.shapes_service import Service, started
from tests.api.test_shapes import built
from tests.shapes.contract import EXAMPLE

OUTSIDE = {"device", "dtype", "_weight", "_freeze", "min_value", "max_value"}
"""Arguments that no shape depends on: where numbers live, tensors themselves, Hardtanh's deprecated names."""
NETWORK = {**EXAMPLE, "substitute": {"NF": 8, "NIC": 3, "k": 3}}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def test_the_catalogue_has_pytorchs_arguments_and_defaults(service: Service) -> None:
    compared = 0
    for entry in service.get("/shapes/layers")["layers"]:
        assert entry["formula"] and entry["family"]
        if not (entry["module"] or "").startswith("torch.nn."):
            continue
        module = getattr(nn, entry["type"])
        ours = {argument["name"]: argument for argument in entry["arguments"]}
        if module.__init__ is nn.Module.__init__ or issubclass(module, nn.RNNBase):
            continue
        parameters = inspect.signature(module).parameters.values()
        starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        theirs = {parameter.name: parameter for parameter in parameters if parameter.kind not in starred}
        for name, argument in ours.items():
            assert name in theirs, f"{entry['type']} has no {name}"
            default = theirs[name].default
            if default is inspect.Parameter.empty:
                assert argument["required"] or argument["inferred"], (entry["type"], name)
            else:
                assert argument["default"] == getattr(default, "__name__", default)  # relu is a function
            compared += 1
        assert set(theirs) - set(ours) <= OUTSIDE, entry["type"]
    assert compared > 200


def test_torchvisions_networks_are_presets(service: Service) -> None:
    models = pytest.importorskip("torchvision.models")
    listed = [preset["name"] for preset in service.get("/shapes/presets")["presets"]]
    assert listed[:5] == ["write-up-cnn", "write-up-fcnn", "pool-upsample", "conv-transpose", "unet"]
    assert sorted(listed[5:]) == sorted(models.list_models(module=models))


@pytest.mark.parametrize(
    ("name", "parameters"), [("resnet50", 25_557_032), ("unet", 56_856), ("vit_b_16", 86_567_656)]
)
def test_a_preset_is_ready_to_post(service: Service, name: str, parameters: int) -> None:
    answer = service.ask("/shapes", service.get(f"/shapes/presets/{name}"))
    assert answer["totals"]["parameters"] == parameters


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_heads_are_told(service: Service, name: str) -> None:
    assert any("uxiliary head" in note for note in service.get(f"/shapes/presets/{name}")["notes"])


def test_unknown_presets(service: Service) -> None:
    for name in ("resnet", "..%2Fcourse%2Funet", "x" * 3000):
        response = service.client.get(f"/api/v1/shapes/presets/{name}")
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


def test_the_write_ups_tables(service: Service) -> None:
    tables = {
        "write-up-cnn": ([32768, 8192, 16384, 4096, 192], [864, 0, 18432, 0, 1728], 61632, 21024),
        "write-up-fcnn": ([3072, 768, 768, 192, 192], [9437184, 0, 589824, 0, 36864], 4992, 10063872),
    }
    for name, (neurons, weights, all_neurons, all_weights) in tables.items():
        answer = service.ask("/shapes", service.get(f"/shapes/presets/{name}"))
        counted = [layer for layer in answer["layers"] if layer["neurons"]]
        assert [layer["neurons"] for layer in counted] == neurons
        assert [layer["weights"] for layer in counted] == weights
        assert (answer["totals"]["neurons"], answer["totals"]["weights"]) == (all_neurons, all_weights)


@pytest.mark.parametrize(
    ("size", "neurons", "connections"),
    [
        (
            32,
            "4352*NC + 3520*NF",
            "1024*NC**2*k**2 + 256*NC*NF*k**2 + 640*NF**2*k**2 + 1024*NF*NIC*k**2",
        ),
        (
            64,
            "17408*NC + 14080*NF",
            "4096*NC**2*k**2 + 1024*NC*NF*k**2 + 2560*NF**2*k**2 + 4096*NF*NIC*k**2",
        ),
    ],
)
def test_section_4_3(service: Service, size: int, neurons: str, connections: str) -> None:
    body = service.get("/shapes/presets/pool-upsample")
    del body["substitute"]
    totals = service.ask("/shapes", {**body, "input": ["NIC", size, size]})["totals"]
    assert totals["neurons"] == neurons
    assert totals["connections"] == connections
    assert totals["weights"] == "NC**2*k**2 + NC*NF*k**2 + 4*NF**2*k**2 + NF*NIC*k**2"


def test_import_of_what_pytorch_prints(service: Service) -> None:
    middle = nn.Sequential(nn.ReLU(), nn.AvgPool2d(2))
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding="same"), middle, nn.ConvTranspose2d(8, 3, 2, 2))
    source = "nn.Conv2d(3, 8, 3, padding='same'), nn.ReLU(), nn.AvgPool2d(2), nn.ConvTranspose2d(8, 3, 2, 2)"
    for text in (str(model), f"m = nn.Sequential({source})\nprint(m)"):
        body = service.ask("/shapes/import", {"text": text})
        assert body["notes"][0].startswith("the text does not show the input's size")
        answer = service.ask("/shapes", {**body, "input": [3, 12, 12]})
        assert answer["totals"]["parameters"] == sum(p.numel() for p in model.parameters())
        assert answer["layers"][-1]["output_shape"] == list(model(torch.zeros(1, 3, 12, 12)).shape[1:])
    printed = service.ask("/shapes/import", {"text": str(model)})
    assert any("AvgPool2d" in note and "ceil_mode" in note for note in printed["notes"])
    assert service.ask("/shapes", printed)["layers"][-1]["output_shape"][0] == 3  # in symbols, as it came


def test_a_text_with_two_networks_says_which_was_read(service: Service) -> None:
    text = "class N(nn.Module):\n  def __init__(self):\n    self.a = nn.Sequential(nn.Linear(3, 4))\n"
    text += "    self.b = nn.Sequential(nn.Linear(4, 5))\n"
    body = service.ask("/shapes/import", {"text": text})
    assert [layer["out_features"] for layer in body["layers"]] == [4]
    assert "the text has 2 Sequential calls; the first one was read" in body["notes"]


def test_one_layer_in_depth(service: Service) -> None:
    found = service.ask("/shapes/layer?name=maxpool2d1&position=0,0,15", NETWORK)
    assert found["layer"]["type"] == "MaxPool2d" and found["arguments"]["kernel_size"] == [2, 2]
    rows, columns = found["sees"]["input"]
    assert rows == {"start": -1, "size": 4, "first": 0, "last": 2}
    assert columns == {"start": 29, "size": 4, "first": 29, "last": 31}
    assert "<math" in found["formulas"][0]["mathml"] and "= 16" in found["formulas"][0]["latex"]
    ET.fromstring(found["drawings"]["input"])
    assert service.refusal("/shapes/layer?name=pool", NETWORK)[0] == "/name"
    for position in ("0,0", "0,0,32", "-1,0,0", "a", "9" * 50, ","):
        assert service.refusal(f"/shapes/layer?name=conv1&position={position}", NETWORK)[0] == "/position"


def test_what_doubling_a_symbol_changes(service: Service) -> None:
    found = service.ask("/shapes/scaling?symbol=k&factor=2", EXAMPLE)["totals"]
    assert (found["weights"]["before"], found["weights"]["ratio"]) == ("NF*NIC*k**2", 4)
    assert found["neurons"]["reading"] == "the same"
    assert service.refusal("/shapes/scaling?symbol=H", EXAMPLE)[0] == "/symbol"
    for factor in ("1", "1001", "x", "1e9"):
        assert service.post(f"/shapes/scaling?symbol=k&factor={factor}", EXAMPLE).status_code == 422


def test_two_networks_side_by_side(service: Service) -> None:
    networks = [service.get(f"/shapes/presets/{name}") for name in ("write-up-cnn", "write-up-fcnn")]
    found = service.ask("/shapes/compare", {"networks": networks})
    first, second = found["networks"]
    assert first["totals"]["weights"] == 21024 and second["totals"]["weights"] == 10063872
    assert found["changes"]["weights"]["approximately"] == pytest.approx(10063872 / 21024)
    networks[1]["layers"][0]["out_features"] = 0
    where, _ = service.refusal("/shapes/compare", {"networks": networks})
    assert where.startswith("/networks/1/layers/")
    wrong: list[Any] = [{}, {"networks": networks[:1]}, {"networks": 3}, {"networks": networks, "x": 1}, []]
    for body in wrong:
        service.refusal("/shapes/compare", body)


def test_formulas_and_a_drawing_on_request(service: Service) -> None:
    plain = service.ask("/shapes", NETWORK)
    assert "formulas" not in plain and "drawing" not in plain
    for query in ("include=formulas,drawing", "include=formulas&include=drawing"):
        found = service.ask(f"/shapes?{query}", NETWORK)
        assert found["formulas"][1][0].startswith("H_{out} = ") and found["formulas"][1][0].endswith("= 16")
        ET.fromstring(found["drawing"])
    assert service.refusal("/shapes?include=colour", NETWORK)[0] == "/include"


def test_every_form_of_export(service: Service) -> None:
    files = {}
    for form in ("json", "csv", "markdown", "latex", "pytorch", "svg"):
        response = service.post(f"/shapes/export?format={form}", {**NETWORK, "title": "My net/2 \ud800"})
        assert response.status_code == 200
        assert 'attachment; filename="My-net-2' in response.headers["content-disposition"]
        files[form] = response.text
    rows = list(csv.DictReader(io.StringIO(files["csv"])))
    assert [row["parameters"] for row in rows] == ["216", "0", "216"]
    assert "| 216 |" in files["markdown"] and r"\begin{tabular}" in files["latex"]
    ET.fromstring(files["svg"])
    namespace: dict[str, Any] = {}
    exec(files["pytorch"], namespace)
    module = namespace["network"]()
    assert sum(parameter.numel() for parameter in module.parameters()) == 216
    assert service.post("/shapes/export?format=exe", NETWORK).status_code == 422
    assert service.post("/shapes/export", NETWORK).status_code == 422


def test_symbols_are_arguments_of_the_exported_code(service: Service) -> None:
    code = service.post("/shapes/export?format=pytorch", EXAMPLE).text
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    module = namespace["network"](NF=4, NIC=2, k=5)
    assert sum(parameter.numel() for parameter in module.parameters()) == 4 * 2 * 25
    assert sum(p.numel() for p in built(service.ask("/shapes", NETWORK)).parameters()) == 216
