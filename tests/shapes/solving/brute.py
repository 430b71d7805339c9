"""Brute force over settings, with the documented formulas (themselves checked against PyTorch in
test_solve.py).
"""

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import strategies as st

Settings = dict[str, int]
BOUNDS = {
    "kernel_size": (1, 6),
    "stride": (1, 4),
    "padding": (0, 5),
    "dilation": (1, 3),
    "output_padding": (0, 3),
}
NAMES = {
    "Conv1d": ("kernel_size", "stride", "padding", "dilation"),
    "ConvTranspose1d": ("kernel_size", "stride", "padding", "dilation", "output_padding"),
    "MaxPool1d": ("kernel_size", "stride", "padding", "dilation"),
    "AvgPool1d": ("kernel_size", "stride", "padding"),
    "LPPool1d": ("kernel_size", "stride"),
}


def length(kind: str, size: int, s: Settings, ceil_mode: bool) -> int | None:
    """The output's length, or None where PyTorch refuses."""
    k, stride, p, d = s["kernel_size"], s["stride"], s["padding"], s["dilation"]
    if kind == "ConvTranspose1d":
        if s["output_padding"] >= stride and s["output_padding"] >= d:
            return None
        out = (size - 1) * stride - 2 * p + d * (k - 1) + s["output_padding"] + 1
        return out if out >= 1 else None
    if kind != "Conv1d" and p > k / 2:
        return None
    room = size + 2 * p - d * (k - 1) - 1
    if kind != "Conv1d" and ceil_mode:
        out = math.ceil(room / stride) + 1
        if (out - 1) * stride >= size + p:
            out -= 1
    else:
        out = math.floor(room / stride) + 1
    return out if out >= 1 else None


def every_setting(kind: str, known: Settings, asked: list[str]) -> Iterator[Settings]:
    """All settings within BOUNDS, in the order of the asked names."""
    for values in product(*(range(BOUNDS[name][0], BOUNDS[name][1] + 1) for name in asked)):
        settings = {"padding": 0, "dilation": 1, "stride": 1, "output_padding": 0, **known}
        settings.update(zip(asked, values, strict=True))
        if "Pool" in kind and "stride" not in known and "stride" not in asked:
            settings["stride"] = settings["kernel_size"]
        yield settings


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """A question along one axis."""
    kind = draw(st.sampled_from(list(NAMES)))
    asked = draw(st.lists(st.sampled_from(NAMES[kind]), min_size=1, max_size=3, unique=True))
    body: dict[str, Any] = {
        "type": kind,
        "input": [draw(st.integers(1, 20))],
        "output": [draw(st.integers(1, 24))],
        "solve": asked,
        "bounds": {name: list(BOUNDS[name]) for name in asked},
    }
    for name in NAMES[kind]:
        if name not in asked and (name == "kernel_size" or draw(st.booleans())):
            body[name] = draw(st.integers(BOUNDS[name][0], BOUNDS[name][1]))
    if "Pool" in kind:
        body["ceil_mode"] = draw(st.booleans())
    return body
