"""Drawings: well-formed, to scale, told aloud, and without anything a strict page forbids."""

import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from app.shapes import analyse
from app.shapes.drawing import to_svg
from app.shapes.drawing.layout import FONT_SIZE, SLIM, lay_out
from app.shapes.presets import load_preset

SVG = "{http://www.w3.org/2000/svg}"


def drawn(name: str) -> ET.Element:
    return ET.fromstring(to_svg(analyse(load_preset(name)), title=f"{name} <&>", prefix="a"))


@pytest.mark.parametrize("name", ["unet", "write-up-fcnn", "googlenet", "densenet121", "vit_b_16"])
def test_every_layer_is_drawn_and_told(name: str) -> None:
    report = analyse(load_preset(name))
    root = drawn(name)
    boxes = root.findall(f"{SVG}g/{SVG}rect")
    assert len(boxes) == len(report.layers) + 1
    titles = [group.findtext(f"{SVG}title") or "" for group in root.findall(f"{SVG}g")[1:]]
    for layer, title in zip(report.layers, titles[1:], strict=True):
        assert layer.name in title and layer.type in title
    edges = root.findall(f"{SVG}g/{SVG}path")
    assert len(edges) == sum(len(layer.inputs) for layer in report.layers)


def test_the_drawing_has_a_title_and_a_description() -> None:
    root = drawn("unet")
    assert root.get("role") == "img" and root.get("aria-labelledby") == "a-title a-desc"
    assert root.findtext(f"{SVG}title") == "unet <&>"
    assert "56856 parameters" in (root.findtext(f"{SVG}desc") or "")


def test_nothing_a_strict_page_forbids() -> None:
    text = to_svg(analyse(load_preset("unet")))
    for forbidden in ("<style", "style=", "<script", "href", "onload", "url("):
        assert forbidden not in text


@pytest.mark.parametrize("name", ["unet", "googlenet", "resnet50", "inception_v3"])
def test_boxes_never_overlap_and_stay_inside(name: str) -> None:
    layout = lay_out(analyse(load_preset(name)))
    boxes = list(layout.boxes.values())
    for one, other in combinations(boxes, 2):
        apart_x = abs(one.x - other.x) >= (one.width + other.width) / 2
        apart_y = abs(one.y - other.y) >= (one.height + other.height) / 2
        assert apart_x or apart_y
    for box in boxes:
        assert box.width / 2 <= box.x <= layout.width - box.width / 2
        assert box.height / 2 <= box.y <= layout.height - box.height / 2


def test_boxes_are_to_scale() -> None:
    report = analyse(load_preset("write-up-cnn"))
    boxes = lay_out(report).boxes
    heights = [boxes[place].height for place in range(5)]
    assert heights[0] > heights[1] == heights[2] > heights[3] == heights[4]
    assert (heights[0] - 6) / (heights[1] - 6) == pytest.approx(2)
    assert boxes[2].width > boxes[0].width > boxes[4].width


def test_symbols_are_drawn_with_a_value() -> None:
    body = load_preset("pool-upsample")
    del body["substitute"]
    text = to_svg(analyse({**body, "input": ["NIC", "H", "W"]}))
    assert "Symbols are drawn as 16." in text and "NF" in text
    ET.fromstring(text)


@pytest.mark.parametrize("name", ["unet", "write-up-fcnn", "pool-upsample", "alexnet"])
def test_labels_stand_beneath_their_blocks_and_clear_of_each_other(name: str) -> None:
    boxes = sorted(lay_out(analyse(load_preset(name))).boxes.values(), key=lambda box: box.x)
    labelled = [box for box in boxes if box.labels]
    assert labelled and all(len(box.labels) == 2 for box in labelled)
    for one, other in combinations(labelled, 2):
        between = (other.x + other.back[0] / 2) - (one.x + one.back[0] / 2)
        widths = [max(map(len, box.labels)) * 0.58 * FONT_SIZE for box in (one, other)]
        assert one.lane != other.lane or between >= sum(widths) / 2


def test_depth_is_to_scale_too_and_what_keeps_the_shape_is_slim() -> None:
    layers = [
        {"type": "Conv2d", "out_channels": 8, "kernel_size": 1},
        {"type": "ReLU"},
        {"type": "MaxPool2d", "kernel_size": [1, 2]},
    ]
    boxes = lay_out(analyse({"input": [8, 16, 32], "layers": layers})).boxes
    assert boxes[-1].height == boxes[2].height
    assert (boxes[-1].back[0] / 0.3 - 6) / (boxes[2].back[0] / 0.3 - 6) == pytest.approx(2)
    assert boxes[1].width == SLIM and not boxes[1].labels and boxes[1].back == boxes[0].back
    flat = lay_out(analyse({"input": [8], "layers": [{"type": "Linear", "out_features": 4}]})).boxes
    assert all(box.back == (0, 0) for box in flat.values())


def test_colours_are_attributes_that_a_style_sheet_overrides() -> None:
    text = to_svg(analyse(load_preset("unet")))
    assert '<g class="layer convolution" color="#b5370f"' in text
    assert text.count('class="roof"') == text.count('class="wall"') == text.count('class="front"')
