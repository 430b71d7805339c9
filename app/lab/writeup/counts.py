"""Section 4.3: PoolUpsampleNet's weights, outputs and connections with symbols."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.lab.shown import Table
from app.lab.writeup.claim import Cards, Claim, Finding, Link, confirmed_if
from app.shapes import analyse
from app.shapes.presets import load_preset
from app.shapes.report import Report
from app.shapes.sizes import Size, known_equal, parse_expression, to_latex, to_text

PRINTED: Mapping[str, str] = {
    "weights": "NIC*k**2*NF + 2*k**2*NF**2 + 2*k**2*NF**2 + k**2*NF*NC + k**2*NC**2",
    "outputs at 32": "3520*NF + 4352*NC",
    "outputs at 64": "14080*NF + 17408*NC",
    "connections at 32": "k**2*(1024*NIC*NF + 512*NF**2 + 128*NF**2 + 256*NF*NC + 1024*NC**2)",
    "connections at 64": "k**2*(4096*NIC*NF + 2048*NF**2 + 512*NF**2 + 1024*NF*NC + 4096*NC**2)",
}
BLOCKS = ("1792*NF", "896*NF", "832*NF", "3328*NC", "1024*NC")


@lru_cache(maxsize=2)
def symbolic(side: int) -> Report:
    """PoolUpsampleNet with symbols for channels and kernel, without biases, on a square picture."""
    body = {name: value for name, value in load_preset("pool-upsample").items() if name != "substitute"}
    return analyse(_without_bias(body) | {"input": ["NIC", side, side]})


def _without_bias(part: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(part)
    if "layers" in part:
        changed["layers"] = [_without_bias(layer) for layer in part["layers"]]
    if part.get("type") == "Conv2d":
        changed["bias"] = False
    return changed


def _computed(name: str) -> Size:
    side = 64 if name.endswith("64") else 32
    totals = symbolic(side).totals
    if name == "weights":
        return totals.weights
    return totals.neurons if name.startswith("outputs") else totals.connections


def _compare(name: str) -> Finding:
    found = _computed(name)
    same = known_equal(found, parse_expression(PRINTED[name])) is True
    return Finding(f"${to_latex(found)}$.", confirmed_if(same, "impossible"))


def _blocks(_: Cards) -> Finding:
    found = [(name, totals.neurons) for name, totals in symbolic(32).blocks.items()]
    same = all(
        known_equal(size, parse_expression(printed)) is True
        for (_, size), printed in zip(found, BLOCKS, strict=True)
    )
    rows = tuple((name, to_text(size), printed) for (name, size), printed in zip(found, BLOCKS, strict=True))
    table = Table("blocks", "Outputs of each block", ("block", "computed", "as printed"), rows)
    text = ", ".join(f"${to_latex(size)}$" for _, size in found)
    return Finding(f"{text}.", confirmed_if(same, "impossible"), table)


def _output(_: Cards) -> Finding:
    report = analyse(load_preset("pool-upsample"))
    shape = report.layers[-1].output_shape
    text = f"One number for each of {shape[0]} colours at each of {shape[1]} by {shape[2]} pixels."
    return Finding(text, confirmed_if(tuple(map(str, shape)) == ("24", "32", "32"), "impossible"))


def _as_printed(text: str) -> str:
    """LaTeX of an expression, term by term as it stands."""
    named = re.sub(r"[A-Z]+", r"\\mathit{\g<0>}", text)
    return named.replace("**", "^").replace("*", r"\,")


def _claim(name: str, title: str) -> Claim:
    printed = f"${_as_printed(PRINTED[name])}$."
    why = {
        "weights": "Five convolutions count; BatchNorm, pooling, ReLU and upsampling count no weights.",
        "outputs": "Every layer's outputs count: convolution, pooling or upsampling, BatchNorm, ReLU.",
        "connections": "Each convolution's weights are used once for each of its output pixels.",
    }[name.split()[0]]
    return Claim(
        name.replace(" ", "-"),
        "4.3",
        title,
        printed,
        why,
        Link("shapes", "pool-upsample"),
        lambda cards: _compare(name),
    )


CLAIMS = (
    Claim(
        "colours-as-classes",
        "4.1",
        "Colorization as classification",
        "A gray 32 by 32 picture in; for each pixel one of 24 colours out.",
        "The last convolution has a channel for each colour, at full size.",
        Link("shapes", "pool-upsample"),
        _output,
    ),
    _claim("weights", "Weights"),
    _claim("outputs at 32", "Outputs on 32 by 32"),
    Claim(
        "outputs-by-block",
        "4.3",
        "Outputs of each block on 32 by 32",
        f"${', '.join(map(_as_printed, BLOCKS))}$.",
        "Each block counts its convolution, its pooling or upsampling, BatchNorm and ReLU.",
        Link("shapes", "pool-upsample"),
        _blocks,
    ),
    _claim("connections at 32", "Connections on 32 by 32"),
    _claim("outputs at 64", "Outputs on 64 by 64"),
    _claim("connections at 64", "Connections on 64 by 64"),
)
