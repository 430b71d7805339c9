"""Maps and boxes against closed forms, and against moving single input pixels."""

from typing import Any

import numpy as np
import pytest
import torch

from app.lab.packing import Array
from app.lab.receptive.boxes import clipped, part, reached_box, spread, theoretical_box
from app.lab.receptive.maps import path_map, squared_map
from app.lab.receptive.runner import Runner
from app.lab.receptive.types import TYPES
from app.shapes import analyse
from app.shapes.layers.registry import LAYERS

NETWORK: dict[str, Any] = {
    "input": [2, 17, 20],
    "layers": [
        {"type": "Conv2d", "name": "a", "out_channels": 3, "kernel_size": 3, "padding": 1},
        {"type": "BatchNorm2d"},
        {"type": "ReLU", "name": "b"},
        {"type": "MaxPool2d", "kernel_size": 3, "stride": 2, "padding": 1, "name": "c"},
        {
            "type": "ConvTranspose2d",
            "out_channels": 3,
            "kernel_size": 3,
            "stride": 2,
            "padding": 1,
            "name": "d",
        },
        {"type": "Upsample", "size": [17, 20], "name": "e"},
        {"type": "Concat", "inputs": ["a", "e"]},
        {"type": "Conv2d", "out_channels": 2, "kernel_size": [3, 1], "dilation": 2},
    ],
}


def test_every_type_is_one_that_the_calculator_knows() -> None:
    assert set(LAYERS) >= TYPES


def test_real_networks_run_as_torch_says() -> None:
    report = analyse(NETWORK)
    runner = Runner(report, len(report.layers), skeleton=False, generator=torch.Generator().manual_seed(0))
    x = torch.randn(1, 2, 17, 20, dtype=torch.float64)
    assert tuple(runner(x).shape[1:]) == report.layers[-1].output_shape


@pytest.mark.parametrize("output", [(0, 0), (6, 9), (12, 19)])
def test_paths_lead_from_exactly_the_pixels_that_move_the_output(output: tuple[int, int]) -> None:
    """Brute force: raise every input pixel in turn, in a skeleton where more in is more out."""
    report = analyse(NETWORK)
    runner = Runner(report, len(report.layers), skeleton=True)
    paths = path_map(runner, (2, 17, 20), output)
    x = torch.ones(1, 2, 17, 20, dtype=torch.float64)
    with torch.no_grad():
        before = runner(x)[0, :, output[0], output[1]]
        for row, column in np.ndindex(17, 20):
            raised = x.clone()
            raised[:, :, row, column] += 1
            change = (runner(raised)[0, :, output[0], output[1]] - before).sum().item()
            assert change == pytest.approx(paths[row, column], rel=1e-9, abs=1e-12)
    inside = clipped(theoretical_box(report.fields[-1], output), 17, 20)
    assert reached_box(paths) == inside


def test_a_squared_gradient_is_the_square_of_torchs() -> None:
    report = analyse(
        {"input": [1, 9, 9], "layers": [{"type": "Conv2d", "out_channels": 1, "kernel_size": 3}]}
    )
    runner = Runner(report, 1, skeleton=False, generator=torch.Generator().manual_seed(1))
    found = squared_map(runner, (1, 9, 9), (2, 4), 0)
    weight = runner.modules[0].module.weight.detach().numpy()[0, 0]  # type: ignore[operator]
    expected = np.zeros((9, 9))
    expected[2:5, 4:7] = weight**2
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_skeleton_pooling_sums_its_windows_at_every_border() -> None:
    """Against torch's average pooling, which divides by the whole window with count_include_pad."""
    for ceil_mode in (False, True):
        for stride, padding in ((1, 0), (2, 1), (3, 1)):
            layer = {
                "type": "MaxPool2d",
                "kernel_size": 3,
                "stride": stride,
                "padding": padding,
                "ceil_mode": ceil_mode,
            }
            report = analyse({"input": [1, 8, 8], "layers": [layer]})
            x = torch.rand(1, 1, 8, 8, dtype=torch.float64)
            found = Runner(report, 1, skeleton=True)(x)
            pool = torch.nn.AvgPool2d(3, stride, padding, ceil_mode=ceil_mode, divisor_override=9)
            torch.testing.assert_close(found, pool(x))


def test_boxes() -> None:
    weights = np.zeros((6, 8))
    assert reached_box(weights) == (0, 0, 0, 0)
    weights[2, 3] = weights[4, 6] = 1.0
    assert reached_box(weights) == (2, 3, 3, 4)
    assert part(weights, (2, 3, 3, 4)).sum() == 2
    assert clipped((-2, 5, 4, 9), 6, 8) == (0, 5, 2, 3)
    assert clipped((7, 0, 3, 3), 6, 8) == (0, 0, 0, 0)


def test_spread_of_known_distributions() -> None:
    flat: Array = np.ones((9, 9))
    assert spread(flat).sigma == pytest.approx((np.sqrt(80 / 12),) * 2)
    axis = np.arange(-30, 31)
    bell = np.exp(-(axis**2) / (2 * 5.0**2))
    found = spread(np.outer(bell, bell))
    assert found.sigma == pytest.approx((5, 5), rel=1e-6)
    one = np.zeros((5, 5))
    one[1, 3] = 2.0
    assert spread(one).side == 1 and spread(one).sigma == (0, 0)
