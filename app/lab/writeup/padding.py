"""Section 5.4: the shape formulas, and the paddings that keep ConvTransposeNet's shapes."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from app.lab.shown import Table
from app.lab.writeup.claim import Cards, Claim, Finding, Link, confirmed_if
from app.shapes import ShapeError, analyse
from app.shapes.solving import solve

KERNELS = (3, 4, 5)
DOWN: Mapping[int, int] = {3: 1, 4: 1, 5: 2}
UP: Mapping[int, tuple[int, int]] = {3: (1, 1), 4: (1, 0), 5: (2, 1)}
FLAT: Mapping[int, int] = {3: 1, 4: 2, 5: 2}
"""The padding as printed; for kernel 4 at stride 1 the write-up rounds 1.5 up to 2."""


def _ask(layer: str, size: int, wanted: int, kernel: int, stride: int) -> dict[str, Any]:
    unknown = ["padding"] + ["output_padding"] * (layer == "ConvTranspose2d")
    return {
        "type": layer,
        "input": [size, size],
        "output": [wanted, wanted],
        "kernel_size": kernel,
        "stride": stride,
        "solve": unknown,
    }


def _size(layer: str, **settings: int) -> int | None:
    """The output's side by `app.shapes`, None where PyTorch refuses the layer."""
    side = settings.pop("side")
    body = {"input": [1, side, side], "layers": [{"type": layer, "out_channels": 1} | settings]}
    try:
        return int(str(analyse(body).layers[-1].output_shape[1]))
    except ShapeError:
        return None


def _formulas(_: Cards) -> Finding:
    tried = wrong = 0
    for side, k, s, p, d in product((5, 8, 13), (1, 2, 3, 4), (1, 2, 3), (0, 1, 2), (1, 2)):
        conv = (side + 2 * p - d * (k - 1) - 1) // s + 1
        back = (side - 1) * s - 2 * p + d * (k - 1) + 1
        for layer, formula in (("Conv2d", conv), ("ConvTranspose2d", back)):
            found = _size(layer, side=side, kernel_size=k, stride=s, padding=p, dilation=d)
            if found is not None:
                tried, wrong = tried + 1, wrong + (found != formula)
    text = f"Right in {tried - wrong} of {tried} settings that PyTorch takes."
    return Finding(text, confirmed_if(wrong == 0, "impossible"))


def _down(_: Cards) -> Finding:
    rows, holds = [], True
    for kernel, padding in DOWN.items():
        answers = [solve(_ask("Conv2d", size, size // 2, kernel, 2)).solutions for size in (32, 16)]
        holds &= all({"padding": padding} in found for found in answers)
        rows.append((kernel, _listed(answers[0]), f"padding {padding}"))
    table = Table(
        "down", "Conv2d, 32 to 16 and 16 to 8, stride 2", ("kernel", "every solution", "printed"), tuple(rows)
    )
    return Finding(
        "The printed padding is a solution for each kernel.", confirmed_if(holds, "impossible"), table
    )


def _up(_: Cards) -> Finding:
    rows, holds = [], True
    for kernel, (padding, extra) in UP.items():
        answers = [solve(_ask("ConvTranspose2d", size, 2 * size, kernel, 2)).solutions for size in (8, 16)]
        holds &= all({"padding": padding, "output_padding": extra} in found for found in answers)
        rows.append((kernel, _listed(answers[0]), f"padding {padding}, output_padding {extra}"))
    columns = ("kernel", "every solution", "printed")
    table = Table("up", "ConvTranspose2d, 8 to 16 and 16 to 32, stride 2", columns, tuple(rows))
    return Finding(
        "The printed pair is a solution for each kernel.", confirmed_if(holds, "impossible"), table
    )


def _flat(kernels: tuple[int, ...]) -> Finding:
    parts, holds = [], True
    for kernel in kernels:
        answer = solve(_ask("Conv2d", 32, 32, kernel, 1))
        holds &= {"padding": FLAT[kernel]} in answer.solutions
        parts.append(
            f"kernel {kernel}: {_listed(answer.solutions)}" if answer.solutions else str(answer.reason)
        )
    return Finding("; ".join(parts).rstrip(".") + ".", confirmed_if(holds, "impossible"))


def _rounding(_: Cards) -> Finding:
    """Half the kernel less one, rounded up, tried at both strides on even sizes."""
    good: dict[int, list[int]] = {1: [], 2: []}
    for stride, kernel in product(good, (2, 4, 6, 8)):
        rounded = -(-(kernel - stride) // 2)
        if _size("Conv2d", side=32, kernel_size=kernel, stride=stride, padding=rounded) == 32 // stride:
            good[stride].append(kernel)
    text = (
        "Half the missing pixels, rounded up, gives the wanted size for even kernels "
        f"{_words(good[2])} at stride 2 and {_words(good[1])} at stride 1."
    )
    return Finding(text, "needs a condition" if good[2] and not good[1] else "confirmed")


def _words(kernels: list[int]) -> str:
    return ", ".join(map(str, kernels)) or "none"


def _listed(solutions: tuple[dict[str, Any], ...]) -> str:
    return (
        "; ".join(", ".join(f"{name} {value}" for name, value in one.items()) for one in solutions) or "none"
    )


CLAIMS = (
    Claim(
        "formulas",
        "5.4",
        "The shape formulas",
        "$\\lfloor (H + 2p - d(k-1) - 1)/s \\rfloor + 1$, and $(H-1)s - 2p + d(k-1) + op + 1$ transposed.",
        "They count where a window fits, and where the last one ends.",
        Link("shapes", "conv-transpose"),
        _formulas,
    ),
    Claim(
        "padding-down",
        "5.4",
        "Padding of the strided convolutions",
        "Padding 1, 1 and 2 for kernels 3, 4 and 5.",
        "At stride 2 the floor leaves room for either parity.",
        Link("solve", body=_ask("Conv2d", 32, 16, 4, 2)),
        _down,
    ),
    Claim(
        "padding-up",
        "5.4",
        "Padding of the transposed convolutions",
        "Padding and output_padding 1 and 1, 1 and 0, 2 and 1 for kernels 3, 4 and 5.",
        "$2p - op = k - 2$ doubles the size.",
        Link("solve", body=_ask("ConvTranspose2d", 8, 16, 4, 2)),
        _up,
    ),
    Claim(
        "padding-flat-odd",
        "5.4",
        "Padding of the last convolution, kernels 3 and 5",
        "Padding 1 and 2 keep 32 at stride 1.",
        "An odd kernel has as many pixels on either side of its middle.",
        Link("solve", body=_ask("Conv2d", 32, 32, 5, 1)),
        lambda cards: _flat((3, 5)),
    ),
    Claim(
        "padding-flat-even",
        "5.4",
        "Padding of the last convolution, kernel 4",
        "Padding 2 (1.5 rounded up) keeps 32 at stride 1.",
        "With an even kernel the size changes by two with each padding and stays odd: no padding gives 32.",
        Link("solve", body=_ask("Conv2d", 32, 32, 4, 1)),
        lambda cards: _flat((4,)),
    ),
    Claim(
        "rounding-up",
        "5.4",
        "Rounding a half up",
        "When the padding comes out as a half, round it up.",
        "It works at stride 2 because of the floor, and fails at stride 1.",
        Link("solve", body=_ask("Conv2d", 32, 32, 4, 1)),
        _rounding,
    ),
)
