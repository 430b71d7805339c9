"""torchvision's networks: the shipped files equal a fresh trace, and counts equal the published ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.shapes import analyse
from app.shapes.presets import COURSE, load_preset, preset_names
from app.shapes.report import Report

pytest.importorskip("torchvision", reason="the networks are traced from torchvision")

from app.shapes.presets import generate
from app.shapes.presets.generate import FOLDER, text_of
from app.shapes.presets.trace import build, names, published, trace

QUICK = ("alexnet", "googlenet", "mobilenet_v3_small", "swin_t", "vit_b_16", "regnet_y_400mf")
TRANSFORMERS = ("vit_", "swin_", "maxvit_")


def test_every_classification_network_is_there() -> None:
    assert sorted(preset_names()[len(COURSE) :]) == sorted(names())


def compare(name: str) -> Report:
    """The shipped file against the network that torchvision builds; returns the computed preset."""
    assert text_of(trace(name)) == (FOLDER / f"{name}.json").read_text(encoding="utf-8"), (
        f"{name}: generate again"
    )
    report = analyse(load_preset(name))
    module = build(name)
    assert report.totals.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert report.totals.buffers == sum(buffer.numel() for buffer in module.buffers())
    assert report.layers[-1].output_shape == (1000,)
    return report


@pytest.mark.parametrize("name", QUICK)
def test_files_equal_a_fresh_trace(name: str) -> None:
    compare(name)


@pytest.mark.long
@pytest.mark.parametrize("name", names())
def test_every_file_equals_a_fresh_trace(name: str) -> None:
    compare(name)


def counts(name: str) -> tuple[Report, int, int, dict[str, Any]]:
    """A computed preset, the parameters and products of its auxiliary heads, and what torchvision
    publishes.
    """
    report = analyse(load_preset(name))
    heads = [layer for layer in report.layers if layer.name.lower().startswith("aux")]
    parameters = sum(int(str(layer.parameters)) for layer in heads)
    products = sum(int(str(layer.multiply_accumulates)) for layer in heads)
    total = report.totals.parameters
    assert isinstance(total, int)
    return report, parameters, products, published(name, total)


@pytest.mark.parametrize("name", names())
def test_parameters_are_the_published_ones(name: str) -> None:
    report, in_heads, _, known = counts(name)
    total = report.totals.parameters
    assert isinstance(total, int)
    # GoogLeNet is published without its auxiliary heads, Inception with them.
    assert known["num_params"] == (total - in_heads if name == "googlenet" else total)


@pytest.mark.parametrize("name", names())
def test_operations_are_the_published_ones(name: str) -> None:
    report, _, in_heads, known = counts(name)
    products, connections = report.totals.multiply_accumulates, report.totals.connections
    assert isinstance(products, int) and isinstance(connections, int)
    rounding = 0.0005 / known["ops"]  # published to three digits after the point, in billions
    counted = (products - in_heads) / 1e9
    assert counted == pytest.approx(known["ops"], rel=0.0005 + rounding), known
    if not name.startswith(TRANSFORMERS):
        assert connections == products


def test_files_are_bodies_ready_to_post() -> None:
    for name in preset_names():
        body = load_preset(name)
        assert set(body) <= {"name", "title", "notes", "input", "layers", "substitute"}
        json.dumps(body)


def test_the_files_are_written_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    monkeypatch.setattr("app.shapes.presets.trace.names", lambda: ["alexnet"])
    generate.main()
    (written,) = tmp_path.iterdir()
    assert written.read_bytes() == (FOLDER / "alexnet.json").read_bytes()
