"""Networks read back from what PyTorch prints and from source; hostile text is refused and never run."""

import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from app.shapes import ShapeError, analyse
from app.shapes.exporting import pytorch_code
from app.shapes.importing import ImportRefused, import_network
from app.shapes.layers import LAYERS

MODULES = [
    nn.Conv2d(8, 8, 3, padding="same", bias=False),
    nn.Conv2d(8, 8, (3, 1), stride=2, padding=1, dilation=2, groups=2, padding_mode="reflect"),
    nn.ConvTranspose2d(8, 4, 3, 2, 1, 1),
    nn.MaxPool2d(3, 2, 1, 1, False, True),
    nn.AvgPool2d(2),
    nn.LPPool2d(2, 3),
    nn.AdaptiveAvgPool2d((1, None)),
    nn.AdaptiveMaxPool2d(3),
    nn.Upsample(scale_factor=2, mode="bilinear"),
    nn.Upsample(size=(3, 4)),
    nn.UpsamplingNearest2d(scale_factor=2),
    nn.UpsamplingBilinear2d(size=7),
    nn.PixelShuffle(2),
    nn.PixelUnshuffle(2),
    nn.ChannelShuffle(2),
    nn.Unfold(2),
    nn.ZeroPad2d(1),
    nn.ConstantPad2d(2, 1.5),
    nn.ReflectionPad2d((1, 2, 3, 4)),
    nn.ReplicationPad2d(1),
    nn.CircularPad2d(1),
    nn.BatchNorm2d(8),
    nn.BatchNorm2d(8, affine=False),
    nn.InstanceNorm2d(8, affine=True),
    nn.GroupNorm(2, 8),
    nn.LayerNorm((12, 12)),
    nn.LayerNorm(12, bias=False),
    nn.RMSNorm(12),
    nn.LocalResponseNorm(3),
    nn.Linear(12, 4, bias=False),
    nn.Flatten(),
    nn.Unflatten(1, (2, 4)),
    nn.ReLU(True),
    nn.LeakyReLU(0.2),
    nn.PReLU(8),
    nn.RReLU(),
    nn.ELU(),
    nn.CELU(),
    nn.GELU("tanh"),
    nn.Sigmoid(),
    nn.Hardtanh(-2, 2),
    nn.Hardshrink(),
    nn.Softshrink(),
    nn.Softplus(),
    nn.Threshold(0.1, 20),
    nn.GLU(1),
    nn.Softmax(dim=1),
    nn.Softmax2d(),
    nn.Dropout2d(0.2, True),
    nn.Identity(),
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
@pytest.mark.filterwarnings("ignore")
def test_what_is_printed_is_read_back(module: nn.Module) -> None:
    body = import_network(str(nn.Sequential(module)))
    report = analyse({**body, "input": [8, 12, 12]})
    assert report.layers[0].type == type(module).__name__
    assert report.totals.parameters == sum(p.numel() for p in module.parameters())
    output = module.eval()(torch.zeros(2, 8, 12, 12))
    assert tuple(output.shape[1:]) == report.layers[0].output_shape


SEQUENCES = [nn.RNN(3, 4), nn.GRU(3, 4), nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True, proj_size=2)]


@pytest.mark.parametrize("module", SEQUENCES, ids=lambda module: type(module).__name__)
def test_recurrent_layers_are_read_back(module: nn.Module) -> None:
    report = analyse({**import_network(str(module)), "input": [7, 3]})
    assert report.totals.parameters == sum(p.numel() for p in module.parameters())


def nested() -> nn.Sequential:
    block = nn.Sequential(OrderedDict([("conv", nn.Conv2d(3, 8, 3, padding=1)), ("norm", nn.BatchNorm2d(8))]))
    return nn.Sequential(
        OrderedDict([("stem", block), ("pool", nn.AvgPool2d(2)), ("head", nn.Sequential(nn.Flatten()))])
    )


def test_a_nested_sequential_keeps_names_and_notes_what_is_not_shown() -> None:
    body = import_network(str(nested()))
    report = analyse({**body, "input": [3, 8, 8]})
    assert [layer.name for layer in report.layers] == ["stem.conv", "stem.norm", "pool", "head.flatten1"]
    assert body["input"] == [3, "H", "W"]
    assert body["notes"][0] == "the text does not show the input's size; taken as [3, H, W]"
    assert any(
        note.startswith("AvgPool2d: the text does not show ceil_mode, count_include_pad")
        for note in body["notes"]
    )


def test_older_printouts_say_less() -> None:
    body = import_network(
        "Sequential(\n"
        "  (0): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)\n"
        ")"
    )
    assert "BatchNorm2d: the text does not show bias; taken as PyTorch's default" in body["notes"]
    assert body["layers"] == [{"type": "BatchNorm2d", "num_features": 8}]


def test_a_class_of_ones_own_is_taken_in_order_and_said_so() -> None:
    text = "Net(\n  (a): Linear(in_features=3, out_features=4, bias=True)\n  (b): ReLU()\n)"
    body = import_network(text)
    assert [layer["name"] for layer in body["layers"]] == ["a", "b"]
    assert any("Net is no Sequential" in note for note in body["notes"])


SOURCE = """
import torch.nn as nn
model = nn.Sequential(  # a comment
    nn.Conv2d(3, NF, k, padding="same", bias=False),
    torch.nn.MaxPool2d(kernel_size=2),
    nn.Sequential(OrderedDict([("conv", nn.Conv2d(NF, 2 * NF, 3, 1, 1)), ("act", nn.ReLU(inplace=True))])),
    nn.Flatten(),
    nn.Linear(2 * NF * (H // 2) * (W // 2), 10),
)
"""


def test_source_is_read_with_symbols() -> None:
    body = import_network(SOURCE)
    report = analyse(body)
    assert report.conditions == ("H >= 2", "W >= 2")
    assert report.network.inputs[0].shape[0] == 3
    assert report.layers[-1].output_shape == (10,)
    assert report.layers[2].name == "block1.conv"


@pytest.mark.parametrize("name", ["write-up-cnn", "pool-upsample", "alexnet", "vgg11_bn"])
def test_exported_code_is_read_back(name: str) -> None:
    from app.shapes.presets import load_preset

    preset = load_preset(name)
    report = analyse(preset)
    again = analyse(
        {
            **import_network(pytorch_code(report)),
            "input": preset["input"],
            "substitute": preset.get("substitute"),
        }
    )
    assert again.totals == report.totals
    assert [layer.output_shape for layer in again.layers] == [layer.output_shape for layer in report.layers]


BAD = [
    "",
    "   ",
    "hello",
    "import os",
    "__import__('os').system('true')",
    "nn.Sequential(__import__('os').system('true'))",
    "nn.Sequential(nn.Linear(3, eval('4')))",
    "nn.Sequential(*[nn.Linear(3, 3) for _ in range(9)])",
    "nn.Sequential(**{})",
    "nn.Sequential(nn.Linear(**config))",
    "nn.Sequential(nn.Linear(3, [x for x in y]))",
    "nn.Sequential(nn.Linear(3, lambda: 4))",
    "nn.Sequential(nn.Linear(3, (yield)))",
    "nn.Sequential(nn.Linear(3, 9**9**9**9))",
    "nn.Sequential(nn.Linear(3, 10**100))",
    "nn.Sequential(nn.Linear(3, 4j))",
    "nn.Sequential(nn.Linear(3, b'4'))",
    "nn.Sequential(nn.Linear(3, ...))",
    "nn.Sequential(nn.Linear(1, 2, 3, 4, 5, 6))",
    "nn.Sequential(nn.Linear(1, 2, out_features=3))",
    "nn.Sequential(nn.Linear(1, 2, colour=3))",
    "nn.Sequential(nn.Conv4d(1, 2))",
    "nn.Sequential(my.Linear(1, 2))",
    "nn.Sequential(nn.Linear)",
    "nn.Sequential(Add())",
    "nn.Sequential(" * 200 + ")" * 200,
    "(" * 10_000,
    "nn.Sequential(nn.Linear(3, " + "-" * 5_000 + "1))",
    "nn.Sequential(OrderedDict([(3, nn.ReLU())]))",
    "nn.Sequential(OrderedDict([nn.ReLU()]))",
    "nn.Sequential(nn.ReLU()",
    "nn.Sequential(\x00)",
    "nn.Sequential(nn.ReLU('\\N{x}'))",
    "Sequential(\n  (0): Linear(in_features=3",
    "Sequential(\n  (0): Linear(in_features=3, out_features=4)\n",
    "Sequential(\n)",
    "Sequential(\n  (0): Sequential()\n)",
    "Sequential(\n  (0): ModuleList(\n    (0): ReLU()\n  )\n)",
    "Sequential(\n  (0): MultiheadAttention(\n    (out_proj): Linear(in_features=4, out_features=4)\n  )\n)",
    "Sequential(\n  (0): Linear(in_features=__import__('os'))\n)",
    "Sequential(\n  (0): ReLU()\n)\nrm -rf /",
    "Sequential(\n  what is this\n)",
    "Sequential(\n" * 100,
    "x" * 300_000,
]


@pytest.mark.parametrize("text", BAD, ids=lambda text: repr(text[:40]))
def test_bad_text_is_refused_and_nothing_runs(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    with pytest.raises(ShapeError) as caught:
        analyse(import_network(text))
    assert time.process_time() - started < 0.5
    assert 5 < len(caught.value.detail) < 500


@pytest.mark.parametrize("text", [None, 3, ["nn.ReLU()"], {"a": 1}])
def test_what_is_no_text(text: Any) -> None:
    with pytest.raises(ImportRefused, match="expected a string"):
        import_network(text)


def test_every_plain_module_can_be_written_as_source() -> None:
    for name, layer in LAYERS.items():
        if layer.home == "torch.nn" and not any(argument.required for argument in layer.arguments):
            assert import_network(f"nn.{name}()")["layers"] == [{"type": name}]
