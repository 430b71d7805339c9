"""Settings between forms, links and JSON: there and back, whatever is typed."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.lab import demos
from app.pages.lab.settings import address, changed, read, texts_of
from app.pages.numbers import plain
from app.pages.shapes.asked import asked_for

CASES: dict[str, list[dict[str, Any]]] = {
    "min-norm": [{}, {"compare": []}, {"compare": ["gd", "nadam"], "learning_rate": 1e-3, "epsilon": 1e-12}],
    "rmsprop-counterexample": [{}, {"x": ["1/3", "-2", "7"], "learning_rate": "91/410"}],
    "unrolled-gradient": [{}, {"steps": [1, 4096], "measure_time": True}],
    "optimal-learning-rate": [{}, {"probe": 0.25}],
    "weight-decay": [{}, {"optimizers": ["adam"], "decay": 1e-8}],
    "trajectories": [
        {},
        {"start": [-1.5, 2], "learning_rates": {"adam": 0.1, "gd": 1e-4}},
        {"surface": "expression", "expression": "x**2 + y**2, no"[:11]},
    ],
    "receptive-field": [
        {},
        {
            "network": {
                "input": [3, 32, 32],
                "layers": [{"type": "Conv2d", "out_channels": 8, "kernel_size": 3}],
            }
        },
    ],
    "train-colorizer": [{}, {"center_gray": False, "learning_rate": 1e-5}],
}


@pytest.mark.parametrize(
    ("name", "params"), [(name, case) for name, cases in CASES.items() for case in cases]
)
def test_a_link_holds_every_setting(name: str, params: dict[str, Any]) -> None:
    demo = demos()[name]
    complete = demo.read(params).model_dump(mode="json")
    link = address(demo, complete, 7)
    assert link is not None
    pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
    there = read(demo, pairs)
    assert not there.problems and not there.unknown
    assert demo.read(there.params).model_dump(mode="json") == complete
    assert there.seed == 7
    settings = {key.split(".")[0] for key, _ in pairs} | {"learning_rates"}
    assert set(complete) <= settings, "defaults are held too: they may change one day"


@pytest.mark.parametrize(
    ("name", "params"), [(name, case) for name, cases in CASES.items() for case in cases]
)
def test_a_form_gives_back_what_it_was_filled_with(name: str, params: dict[str, Any]) -> None:
    demo = demos()[name]
    complete = demo.read(params).model_dump(mode="json")
    pairs = [(key, text) for key, texts in texts_of(demo, complete, 3).items() for text in texts]
    assert demo.read(read(demo, pairs).params).model_dump(mode="json") == complete


@hypothesis_settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_lose_no_digit(value: float) -> None:
    assert float(plain(value)) == value


@pytest.mark.parametrize(
    ("value", "text"), [(1e-8, "1e-8"), (10.0, "10"), (1e22, "1e22"), (0.1, "0.1"), (True, "true"), (7, "7")]
)
def test_numbers_as_one_types_them(value: float, text: str) -> None:
    assert plain(value) == text


def test_what_is_left_out_keeps_its_default() -> None:
    demo = demos()["min-norm"]
    assert read(demo, [("n", "20"), ("learning_rate", "")]).params == {"n": 20}


@pytest.mark.parametrize("text", ["ten", "1_000", "9" * 5000, "", "0x10", "١٢"])
def test_what_is_no_number_is_left_to_the_demo_to_refuse(text: str) -> None:
    params = read(demos()["min-norm"], [("n", text)]).params
    assert params.get("n", text) == text


def test_unknown_names_are_told() -> None:
    given = read(
        demos()["min-norm"], [("n", "9"), ("learning", "1"), ("job", "x"), ("key", "y"), ("seed", "1")]
    )
    assert given.unknown == ("learning",)


@pytest.mark.parametrize(
    "text",
    [
        "unet",
        "/shapes?preset=unet",
        "http://127.0.0.1:8000/shapes?preset=unet",
        asked_for("unet").text,
    ],
)
def test_a_network_comes_in_any_way_the_calculator_gives_it(text: str) -> None:
    given = read(demos()["receptive-field"], [("network", text)])
    assert given.params["network"] == asked_for("unet").body


def test_the_calculators_packed_link_is_read() -> None:
    link = asked_for(text=asked_for("write-up-cnn").text).address()
    assert link is not None
    given = read(demos()["receptive-field"], [("network", link)])
    assert given.params["network"] == asked_for("write-up-cnn").body


@pytest.mark.parametrize("text", ["https://example.org/", "/shapes?z=!!", "no-such-net", "{", "import os"])
def test_what_is_no_network_is_a_problem_of_its_field(text: str) -> None:
    given = read(demos()["receptive-field"], [("network", text)])
    assert "network" not in given.params and given.problems["network"]


def test_a_network_too_large_for_a_link_has_none() -> None:
    layers = [
        {
            "type": "Conv2d",
            "out_channels": place % 97 + 1,
            "kernel_size": place % 5 + 1,
            "padding": 2,
            "name": f"layer{place * 7919 % 10007}",
        }
        for place in range(1500)
    ]
    body = {"input": [3, 32, 32], "layers": layers}
    assert address(demos()["receptive-field"], {"network": body}, 0) is None


def test_only_what_differs_is_told() -> None:
    demo = demos()["min-norm"]
    params = demo.read({"n": 12, "compare": [], "epsilon_sweep": True, "optimizer": "adam"}).model_dump(
        mode="json"
    )
    assert changed(demo, params) == {
        "Equations": "12",
        "Optimizer": "Adam",
        "Beside it": "none",
        "Sweep epsilon": "yes",
    }
