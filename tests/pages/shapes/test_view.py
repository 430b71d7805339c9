"""What the calculator shows of a network."""

from typing import Any

import pytest

from app.pages.shapes.asked import asked_for, typed
from app.pages.shapes.view import FAMILIES, presets, rows, view
from app.shapes import analyse
from app.shapes.presets import load_preset, preset_names


def test_rows_are_the_layers_with_a_head_for_every_block() -> None:
    body = {
        "input": [4, 8, 8],
        "layers": [
            {"type": "ReLU", "name": "first"},
            {
                "type": "Sequential",
                "name": "stage",
                "layers": [
                    {
                        "type": "Sequential",
                        "name": "a",
                        "layers": [{"type": "Conv2d", "name": "c", "out_channels": 4, "kernel_size": [3, 1]}],
                    },
                    {"type": "ReLU", "name": "r", "inplace": True},
                ],
            },
        ],
    }
    found = [
        (row.name, row.depth, row.short, row.layer is None, row.arguments) for row in rows(analyse(body))
    ]
    assert found == [
        ("first", 0, "first", False, ""),
        ("stage", 0, "stage", True, ""),
        ("stage.a", 1, "stage.a", True, ""),
        ("stage.a.c", 2, "c", False, "out_channels 4, kernel_size (3, 1)"),
        ("stage.r", 1, "r", False, "inplace true"),
    ]


def test_leaving_symbols_free_shows_the_write_ups_polynomials() -> None:
    bound, free = (view(asked_for("pool-upsample"), free=choice) for choice in (False, True))
    totals: Any = free.shown["totals"]
    assert totals["neurons"] == "4352*NC + 3520*NF"
    assert isinstance(bound.shown["totals"]["neurons"], int)
    assert bound.values == free.values == {"NC": "24", "NF": "32", "NIC": "1", "k": "3"}


def test_a_symbol_without_a_value_has_an_empty_field() -> None:
    shown = view(typed('{"input": ["C", "H"], "layers": [{"type": "ReLU"}], "substitute": {"H": 5}}'))
    assert shown.values == {"C": "", "H": "5"}
    assert shown.scaling is not None and shown.scaling.symbol == "C"


def test_the_layer_and_the_symbol_asked_for_are_shown_and_unknown_ones_fall_back() -> None:
    asked = asked_for("pool-upsample")
    shown = view(asked, layer="block2.conv2d1", grows="k")
    assert shown.inspection is not None and shown.inspection.layer.name == "block2.conv2d1"
    assert shown.scaling is not None and shown.scaling.symbol == "k"
    fallen = view(asked, layer="nobody", grows="nothing")
    assert fallen.inspection is not None and fallen.inspection.layer.name == "block1.conv2d1"
    assert fallen.scaling is not None and fallen.scaling.symbol == "NF"


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (
            '{"input": [3, 8, 8], "layers": [{"type": "Conv2d", "out_channels": 0, "kernel_size": 3}]}',
            "/layers/0/out_channels",
        ),
        ('{"input": [3, 8, 8], "layers": [{"type": "Conv9d"}]}', "/layers/0/type"),
        ('{"input": [3], "layers": []}', "/layers"),
    ],
)
def test_a_problem_says_where(text: str, pointer: str) -> None:
    shown = view(typed(text))
    assert shown.problem is not None and shown.problem.pointer == pointer
    assert shown.report is None and shown.shown["totals"] is None and shown.rows == ()


def test_every_preset_can_be_chosen_and_every_type_has_a_family() -> None:
    assert sorted(name for _, names in presets() for name in names) == sorted(preset_names())
    assert {layer["type"] for layer in load_preset("write-up-cnn")["layers"]} <= set(FAMILIES)
