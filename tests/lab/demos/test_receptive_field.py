from typing import Any

import numpy as np
import pytest

from app.lab import InvalidParams, demo, run_demo
from app.shapes.presets import load_preset

DEMO = demo("receptive-field")


def result(**params: Any) -> dict[str, Any]:
    return run_demo(DEMO, {"draws": 0} | params).outcome.result


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "depth"),
    [(3, 1, 1, 1), (3, 1, 1, 10), (5, 1, 2, 4), (4, 2, 1, 4), (1, 1, 1, 3), (2, 3, 1, 3), (3, 2, 3, 3)],
)
def test_stacks_against_the_formulas(kernel: int, stride: int, dilation: int, depth: int) -> None:
    found = run_demo(
        DEMO, {"kernel_size": kernel, "stride": stride, "dilation": dilation, "depth": depth, "draws": 0}
    )
    jumps = stride ** np.arange(depth)
    size = 1 + dilation * (kernel - 1) * jumps.sum()
    sigma = np.sqrt(((kernel**2 - 1) / 12 * (dilation * jumps) ** 2).sum())
    assert found.outcome.result["theoretical"]["size"] == [size, size]
    assert found.outcome.result["reached"] == found.outcome.result["theoretical"]
    assert found.outcome.result["sigma_equal_weights"] == pytest.approx([sigma, sigma], rel=1e-9, abs=1e-9)
    assert all(check.holds for check in found.outcome.certificate)


def test_the_effective_field_is_a_shrinking_part() -> None:
    shares = []
    for depth in (5, 20, 40):
        found = result(depth=depth)
        shares.append(found["effective_side_equal_weights"] / found["theoretical"]["size"][0])
    assert shares == sorted(shares, reverse=True) and shares[-1] < 0.5


def test_random_networks_follow_the_path_counts() -> None:
    found = result(depth=6, draws=40, activation="none", channels=8)
    assert found["sigma_random_weights"] == pytest.approx(found["sigma_equal_weights"], rel=0.1)


@pytest.mark.parametrize("name", ["pool-upsample", "conv-transpose", "unet"])
def test_course_networks_from_the_calculator(name: str) -> None:
    finished = run_demo(DEMO, {"network": load_preset(name), "draws": 1})
    assert finished.outcome.certificate[0].holds
    assert finished.outcome.result["reached"] == finished.outcome.result["theoretical"]


def test_a_classifier_is_looked_at_before_it_flattens() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "Conv2d", "out_channels": 2, "kernel_size": 3, "name": "conv"},
        {"type": "Flatten"},
        {"type": "Linear", "out_features": 3},
    ]
    finished = run_demo(DEMO, {"network": {"input": [1, 12, 12], "layers": layers}, "draws": 1})
    assert finished.outcome.result["layer"] == "conv"
    assert finished.outcome.result["theoretical"]["size"] == [3, 3]
    assert any("Flatten" in note for note in finished.outcome.notes)


def test_a_window_in_the_padding_is_compared_inside_the_picture() -> None:
    layers = [{"type": "Conv2d", "out_channels": 1, "kernel_size": 9, "padding": 4}] * 2
    finished = run_demo(DEMO, {"network": {"input": [1, 10, 10], "layers": layers}, "draws": 1})
    assert finished.outcome.certificate[0].holds
    assert any("padding" in note for note in finished.outcome.notes)


def network(*sizes: Any, **layer: Any) -> dict[str, Any]:
    return {"network": {"input": list(sizes), "layers": [layer]}}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"kernel_size": 15, "depth": 40}, "pixels wide"),
        ({"stride": 4, "depth": 10}, "pixels wide"),
        (network(1, 8, 8, type="Linear", out_features=3), "cannot be run here"),
        (network(1, 8, 8, type="Conv2d", out_channels=1, kernel_size=9), "layer 0"),
        (network("C", 8, 8, type="ReLU"), "substitute"),
        (network(1, 8, type="ReLU"), "channels, height, width"),
        (network(1, 5000, 5000, type="ReLU"), "at most"),
        ({"network": {}}, "network"),
        ({"network": load_preset("vgg16")}, "take too long"),
    ],
)
def test_settings_that_cannot_be_run_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        DEMO.read(params)
