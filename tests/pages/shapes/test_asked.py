"""Which network a page was asked for, and its text."""

import json

import pytest

from app.pages.shapes.asked import DEFAULT, Asked, asked_for, text_of, typed
from app.pages.shapes.link import pack
from app.shapes import analyse
from app.shapes.presets import load_preset, preset_names

SOURCE = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())"


@pytest.mark.parametrize("name", preset_names())
def test_the_text_of_a_preset_says_the_same(name: str) -> None:
    asked = asked_for(name)
    body = {key: value for key, value in load_preset(name).items() if key not in ("name", "title", "notes")}
    assert json.loads(asked.text) == body == asked.body
    assert asked.preset == asked.name == name and asked.title


def test_text_has_a_line_for_each_layer_also_in_blocks() -> None:
    body = {
        "input": ["C", 8, 8],
        "layers": [
            {"type": "ReLU"},
            {
                "type": "Sequential",
                "name": "b",
                "repeat": 2,
                "layers": [{"type": "ReLU"}, {"type": "Identity"}],
            },
        ],
    }
    assert text_of(body) == (
        '{\n  "input": ["C", 8, 8],\n  "layers": [\n    {"type": "ReLU"},\n'
        '    {"type": "Sequential", "name": "b", "repeat": 2, "layers": [\n'
        '        {"type": "ReLU"},\n        {"type": "Identity"}\n      ]}\n  ]\n}\n'
    )


def test_typed_text_comes_before_a_link_and_a_link_before_a_preset() -> None:
    packed = pack('{"input": [1], "layers": [{"type": "ReLU"}]}') or ""
    assert asked_for("unet", packed, SOURCE).text == SOURCE
    assert (asked_for("unet", packed).body or {})["input"] == [1]
    assert asked_for("unet").preset == "unet"
    assert asked_for().preset == DEFAULT


def test_imported_text_tells_what_it_left_open() -> None:
    asked = asked_for(text=SOURCE)
    assert asked.body is not None and asked.problem is None
    assert "the text does not show the input's size" in asked.notes[0]
    assert analyse(asked.body).to_json()["symbols"] == ["H", "W"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (asked_for("zebra" * 100), "no preset"),
        (asked_for(packed="zzzz"), "broken"),
        (typed("{"), "not JSON"),
        (typed("import os"), "text:"),
        (typed('{"input": NaN}'), "NaN"),
    ],
)
def test_what_cannot_be_read_says_why(asked: Asked, why: str) -> None:
    assert asked.body is None and asked.problem is not None
    assert why in asked.problem.detail


@pytest.mark.parametrize("text", ["{}", '{"input": 3, "notes": 5}', '{"layers": []}'])
def test_text_of_something_else_is_left_to_the_library(text: str) -> None:
    asked = typed(text)
    assert asked.body is not None and asked.problem is None


def test_links_hold_a_preset_by_name_and_any_other_packed() -> None:
    assert asked_for("unet").address("/shapes", symbols="1") == "/shapes?preset=unet&symbols=1"
    asked = typed(SOURCE)
    parameters = asked.parameters("a", "za")
    assert parameters is not None and list(parameters) == ["za"]
    assert asked_for(packed=parameters["za"]).text == SOURCE
