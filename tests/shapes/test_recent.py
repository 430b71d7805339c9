"""What is remembered between requests: bounded, safe across threads, and never another request's shortcut."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.shapes import analyse
from app.shapes.analysis import RECENT
from app.shapes.presets import load_preset
from app.shapes.recent import Recent
from app.shapes.receptive.budget import bounded_windows
from app.shapes.sizes import to_text


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    RECENT.clear()
    yield
    RECENT.clear()


def test_the_oldest_is_forgotten() -> None:
    recent: Recent[int] = Recent(2)
    for key in "ab":
        recent.put(key, ord(key))
    assert recent.get("a") == 97
    recent.put("c", 99)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (97, None, 99)
    assert len(recent) == 2


def test_results_are_the_same_remembered_or_not() -> None:
    body = load_preset("resnet18")
    first = analyse(body).to_json()
    assert len(RECENT) > 0
    assert analyse(body).to_json() == first


def test_true_one_and_one_point_zero_are_told_apart() -> None:
    def body(bias: Any) -> dict[str, Any]:
        return {"input": [3], "layers": [{"type": "Linear", "out_features": 2, "bias": bias}]}

    assert analyse(body(True)).totals.parameters == 8
    for wrong in (1, 1.0, "true"):
        with pytest.raises(ValueError, match="bias: expected true or false"):
            analyse(body(wrong))


def test_symbols_are_not_remembered() -> None:
    body = {"input": ["C"], "layers": [{"type": "Linear", "out_features": "F"}]}
    assert to_text(analyse(body).totals.parameters) == "C*F + F"
    assert analyse({**body, "substitute": {"C": 2, "F": 3}}).totals.parameters == 9
    assert len(RECENT) == 0
    fixed = {"input": [2], "layers": [{"type": "Linear", "out_features": "F"}]}
    assert to_text(analyse(fixed).totals.parameters) == "3*F"
    assert analyse({**fixed, "substitute": {"F": 3}}).totals.parameters == 9


def test_a_receptive_field_given_up_is_not_remembered() -> None:
    layer = {"type": "ConvTranspose1d", "out_channels": 1, "kernel_size": 3, "stride": 2}
    body = {"input": [1, 8], "layers": [layer]}
    with bounded_windows(0):
        from app.shapes.analysis import compute
        from app.shapes.network import parse_network

        report = compute(parse_network(body))
        assert report.receptive_fields(report.layers[0]) == {}
    again = analyse(body)
    assert again.receptive_fields(again.layers[0])["input"].size == (2,)


def test_many_threads_at_once() -> None:
    names = ["alexnet", "resnet18", "vgg11", "squeezenet1_0", "unet", "write-up-cnn"]
    alone = {name: analyse(load_preset(name)).totals for name in names}
    RECENT.clear()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: (name, analyse(load_preset(name)).totals), names * 8))
    assert all(alone[name] == totals for name, totals in found)
