"""What is asked of the solver: a layer, sizes in and out along each axis, fixed and wanted arguments,
bounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.shapes.errors import RefusedError, ShapeError, SizeError, escaped
from app.shapes.layers import LAYERS
from app.shapes.layers.arguments import AxesKind
from app.shapes.sizes import describe

NAMES = ("kernel_size", "stride", "padding", "dilation", "output_padding")
DEFAULT_BOUNDS = {"kernel_size": (1, 31), "stride": (1, 8), "padding": (0, 32), "dilation": (1, 8)}
LARGEST = 2**31 - 1
MAX_BOUND = 4_096
MAX_SETTINGS = 200_000
"""Combinations of settings that one axis may have to be tried with."""

Rule = Literal["convolution", "transposed", "pooling"]
_RULES: dict[str, Rule] = {
    **{f"Conv{d}d": "convolution" for d in (1, 2, 3)},
    **{f"ConvTranspose{d}d": "transposed" for d in (1, 2, 3)},
    **{f"{kind}Pool{d}d": "pooling" for kind in ("Max", "Avg", "LP") for d in (1, 2, 3)},
}
_LEAST = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
Settings = dict[str, int]


@dataclass(frozen=True)
class Axis:
    """The question along one axis."""

    type: str
    rule: Rule
    length: int
    target: int
    fixed: tuple[tuple[str, int], ...]
    bounds: tuple[tuple[str, tuple[int, int]], ...]
    ceil_mode: bool = False
    needs_kernel: bool = False
    """Whether the input must be as long as the kernel even with padding (average pooling in three
    dimensions).
    """

    @property
    def asked(self) -> tuple[str, ...]:
        """The wanted arguments, in the order asked."""
        return tuple(name for name, _ in self.bounds)

    def values(self, name: str) -> range:
        """The values an argument may take: one when fixed."""
        for known, value in self.fixed:
            if known == name:
                return range(value, value + 1)
        for known, (low, high) in self.bounds:
            if known == name:
                return range(low, high + 1)
        raise KeyError(name)


@dataclass(frozen=True)
class Question:
    """The whole question; axes that ask the same are solved once and answered by one number."""

    type: str
    axes: tuple[Axis, ...]

    @property
    def uniform(self) -> bool:
        """Whether every axis asks the same."""
        return len(set(self.axes)) == 1


def solvable(kind: object) -> bool:
    """Whether a layer type can be solved for."""
    return isinstance(kind, str) and kind in _RULES


def parse_question(body: Mapping[str, Any], *, nothing_asked: bool = False) -> Question:
    """Read the body of a solve request; raises ShapeError with a pointer into it.

    With `nothing_asked` there is no `solve`, and the layer is taken as it is.
    """
    if not isinstance(body, Mapping):
        raise SizeError("expected an object with type, input, output and solve")
    kind = body.get("type")
    if not isinstance(kind, str) or not solvable(kind):
        raise RefusedError(
            f"type: {describe(kind)} cannot be solved for; convolutions, transposed ones and pools can",
            "/type",
        )
    rule, dims = _RULES[kind], int(kind[-2])
    allowed = [name for name in NAMES if LAYERS[kind].argument(name)]
    flags = ["ceil_mode"] if rule == "pooling" else []
    for key in body:
        if key not in ("type", "input", "output", "solve", "bounds", *allowed, *flags):
            raise SizeError(f"{describe(key)} is no part of a question about {kind}", f"/{escaped(key)}")
    ceil_mode = body.get("ceil_mode", False)
    if not isinstance(ceil_mode, bool):
        raise SizeError("ceil_mode: expected true or false", "/ceil_mode")
    asked = [] if nothing_asked else _asked(body.get("solve"), allowed, body)
    lengths, targets = _lengths(body, "input", dims), _lengths(body, "output", dims)
    fixed = _fixed(body, kind, allowed, asked, dims)
    bounds = _bounds(body.get("bounds"), asked)
    axes = tuple(
        Axis(
            kind,
            rule,
            lengths[i],
            targets[i],
            tuple((name, values[i]) for name, values in fixed.items()),
            tuple((name, bounds[name]) for name in asked),
            ceil_mode,
            rule == "pooling" and dims == 3 and kind[0] != "M",
        )
        for i in range(dims)
    )
    _check_effort(axes[0])
    return Question(kind, axes)


def _asked(raw: object, allowed: Sequence[str], body: Mapping[str, Any]) -> list[str]:
    names = [raw] if isinstance(raw, str) else raw
    if not isinstance(names, (list, tuple)) or not names:
        raise SizeError(f"solve: expected a list of {', '.join(allowed)}", "/solve")
    for i, name in enumerate(names):
        if not isinstance(name, str) or name not in allowed or name in names[:i]:
            raise SizeError(
                f"solve: {describe(name)} is not one of {', '.join(allowed)}, each once", f"/solve/{i}"
            )
        if body.get(name) is not None:
            raise SizeError(f"{name} is given and asked for; it can be only one of them", f"/{name}")
    return list(names)


def _lengths(body: Mapping[str, Any], name: str, dims: int) -> tuple[int, ...]:
    raw = body.get(name)
    if raw is None:
        raise SizeError(f"{name} is missing: the {dims} spatial sizes, without channels", f"/{name}")
    return _integers(raw, name, dims, 1)


def _integers(raw: object, name: str, dims: int, least: int) -> tuple[int, ...]:
    """One integer for each axis."""
    try:
        sizes = AxesKind(dims, least).read(raw, {})
    except ShapeError as error:
        raise SizeError(f"{name}: {error.detail}", f"/{name}{error.pointer}") from None
    if not all(isinstance(size, int) and size <= LARGEST for size in sizes):
        raise SizeError(f"{name}: the solver needs integers up to {LARGEST}", f"/{name}")
    return tuple(int(str(size)) for size in sizes)


def _fixed(
    body: Mapping[str, Any], kind: str, allowed: Sequence[str], asked: Sequence[str], dims: int
) -> dict[str, tuple[int, ...]]:
    fixed: dict[str, tuple[int, ...]] = {}
    for name in NAMES:
        if name in asked:
            continue
        raw = body.get(name) if name in allowed else None
        if raw is not None:
            fixed[name] = _integers(raw, name, dims, _LEAST[name])
        elif name == "kernel_size":
            raise SizeError("kernel_size is missing: give it, or ask for it in solve", "/kernel_size")
        elif name == "stride" and "Pool" in kind:
            continue  # a pool's stride is its kernel's size, whatever that turns out to be
        else:
            fixed[name] = (_LEAST[name],) * dims
    return fixed


def _bounds(raw: object, asked: Sequence[str]) -> dict[str, tuple[int, int]]:
    given: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    if raw is not None and not isinstance(raw, Mapping):
        raise SizeError('bounds: expected an object such as {"padding": [0, 4]}', "/bounds")
    bounds: dict[str, tuple[int, int]] = {}
    for name in given:
        if name not in asked:
            raise SizeError(f"bounds: {describe(name)} is not asked for", "/bounds")
    for name in asked:
        low, high = DEFAULT_BOUNDS.get(name, (0, MAX_BOUND))
        if name in given:
            pair = given[name]
            fits = isinstance(pair, (list, tuple)) and len(pair) == 2
            if not fits or not all(isinstance(n, int) and not isinstance(n, bool) for n in pair):
                raise SizeError(f"bounds: {name} needs its smallest and largest value", f"/bounds/{name}")
            low, high = pair
            if not _LEAST[name] <= low <= high <= MAX_BOUND:
                raise SizeError(
                    f"bounds: {name} must lie between {_LEAST[name]} and {MAX_BOUND}, smallest first",
                    f"/bounds/{name}",
                )
        bounds[name] = (low, high)
    return bounds


def _check_effort(axis: Axis) -> None:
    settings = 1
    for name, (low, high) in axis.bounds:
        if name != "output_padding":  # follows from the others
            settings *= high - low + 1
    if settings > MAX_SETTINGS:
        raise SizeError(
            f"{settings} settings would have to be tried; narrow the bounds to {MAX_SETTINGS}", "/bounds"
        )
