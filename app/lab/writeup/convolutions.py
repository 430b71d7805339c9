"""Section 3: a filter by hand, a convolutional against a fully connected network, the receptive field."""

from collections.abc import Sequence
from typing import Any

from app.lab.shown import Table
from app.lab.writeup.claim import Cards, Claim, Finding, Link, confirmed_if
from app.shapes import analyse
from app.shapes.convolve import convolve
from app.shapes.presets import load_preset
from app.shapes.report import Report

IMAGE = [[0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
KERNEL = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
FILTERED = [[0, 0, -1, -1, -1], [-1, -2, 3, 2, 4], [4, 2, 1, 2, -2], [-2, 3, 1, 3, -1], [0, -2, 4, -2, 0]]

_Row = tuple[str, int, int]
CNN: Sequence[_Row] = (
    ("32x32x32", 32768, 864),
    ("16x16x32", 8192, 0),
    ("16x16x64", 16384, 18432),
    ("8x8x64", 4096, 0),
    ("8x8x3", 192, 1728),
)
FCNN: Sequence[_Row] = (
    ("32x32x3", 3072, 9437184),
    ("16x16x3", 768, 0),
    ("16x16x3", 768, 589824),
    ("8x8x3", 192, 0),
    ("8x8x3", 192, 36864),
)


def _question(mode: str) -> dict[str, Any]:
    return {"image": IMAGE, "kernel": KERNEL, "mode": mode, "padding": 1}


def _filter(_: Cards) -> Finding:
    found = convolve(_question("convolution"))["output"]
    flipped = convolve(_question("cross-correlation"))["output"]
    rows = " / ".join(" ".join(map(str, row)) for row in FILTERED)
    same = (
        "the same without flipping the kernel, which is symmetric"
        if found == flipped
        else "other without flipping"
    )
    text = f"All 25 numbers: {rows}; {same}." if found == FILTERED else f"Another result: {found}."
    return Finding(text, confirmed_if(found == FILTERED, "impossible"))


def _counted(report: Report) -> list[_Row]:
    """Outputs, neurons and weights of the layers the write-up counts: those with values of their own."""
    rows = []
    for layer in report.layers:
        if layer.neurons == 0:
            continue
        shape = layer.output_shape
        if (
            len(shape) == 1
        ):  # the write-up writes a fully connected layer's output as height, width, 3 channels
            side = round((int(str(shape[0])) / 3) ** 0.5)
            shape = (3, side, side)
        channels, height, width = shape
        rows.append((f"{height}x{width}x{channels}", int(str(layer.neurons)), int(str(layer.weights))))
    return rows


def _compare(preset: str, printed: Sequence[_Row], totals: tuple[int, int]) -> Finding:
    report = analyse(load_preset(preset))
    found = _counted(report)
    sums = (int(str(report.totals.neurons)), int(str(report.totals.weights)))
    holds = found == list(printed) and sums == totals
    rows = tuple((*own, *theirs[1:]) for own, theirs in zip(found, printed, strict=False))
    columns = ("output", "neurons", "weights", "neurons as printed", "weights as printed")
    table = Table(preset, "Layer by layer", columns, (*rows, ("total", *sums, *totals)))
    text = f"{sums[0]:,} neurons and {sums[1]:,} weights in all."
    return Finding(text, confirmed_if(holds, "impossible"), table)


def _cnn(_: Cards) -> Finding:
    return _compare("write-up-cnn", CNN, (61632, 21024))


def _fcnn(_: Cards) -> Finding:
    return _compare("write-up-fcnn", FCNN, (4992, 10063872))


def _field_size(kernel: int, stride: int, depth: int) -> int:
    layer = {"type": "Conv2d", "out_channels": 1, "kernel_size": kernel, "stride": stride}
    report = analyse({"input": [1, 256, 256], "layers": [layer] * depth})
    return int(str(report.receptive_fields(report.layers[-1])["input"].size[0]))


def _field(_: Cards) -> Finding:
    base = _field_size(3, 1, 3)
    larger = {
        "kernel 5": _field_size(5, 1, 3),
        "stride 2": _field_size(3, 2, 3),
        "depth 6": _field_size(3, 1, 6),
    }
    parts = ", ".join(f"{size} with {change}" for change, size in larger.items())
    text = f"Three layers of kernel 3 and stride 1 see {base} pixels a side; {parts}."
    return Finding(text, confirmed_if(all(size > base for size in larger.values()), "impossible"))


CLAIMS = (
    Claim(
        "filter",
        "3.1",
        "A filter by hand",
        "$I * J$ with zero padding 1, 25 numbers.",
        "Computed from the definition; a symmetric kernel makes convolution and cross-correlation equal.",
        Link("convolve", body=_question("convolution")),
        _filter,
    ),
    Claim(
        "cnn-table",
        "3.2",
        "The convolutional network's table",
        "61632 neurons and 21024 weights, without biases.",
        "A convolution has $C_{in} k^2 C_{out}$ weights, whatever the size of the picture.",
        Link("shapes", "write-up-cnn"),
        _cnn,
    ),
    Claim(
        "fcnn-table",
        "3.2",
        "The fully connected network's table",
        "4992 neurons and 10063872 weights, without biases.",
        "A fully connected layer has a weight for every pair of input and output.",
        Link("shapes", "write-up-fcnn"),
        _fcnn,
    ),
    Claim(
        "receptive-field",
        "3.3",
        "What the receptive field grows with",
        "Kernel size, stride and depth.",
        "Each layer adds $k - 1$ steps of what the strides before it have made of one pixel.",
        Link("demo", "receptive-field"),
        _field,
    ),
)
