"""Solve along one axis: every setting that gives the wanted size, and the sizes nearest to it that can be
reached.
"""

from collections.abc import Iterator
from itertools import product

from app.shapes.layers.pool import pooled_length
from app.shapes.solving.question import Axis, Settings


def size_of(axis: Axis, settings: Settings) -> int | None:
    """The output size that settings give; None where PyTorch refuses them."""
    kernel, stride, padding = settings["kernel_size"], settings["stride"], settings["padding"]
    window = settings["dilation"] * (kernel - 1) + 1
    if axis.rule == "transposed":
        extra = settings["output_padding"]
        if extra >= max(settings["stride"], settings["dilation"]):
            return None
        size = (axis.length - 1) * stride - 2 * padding + window + extra
    elif axis.rule == "pooling":
        if 2 * padding > kernel or (axis.needs_kernel and axis.length < kernel):
            return None
        pooled = pooled_length(axis.length, kernel, stride, padding, settings["dilation"], axis.ceil_mode)
        size = int(str(pooled)) if axis.length + 2 * padding >= window or axis.ceil_mode else 0
    else:
        if axis.length + 2 * padding < window:
            return None
        size = (axis.length + 2 * padding - window) // stride + 1
    return size if size >= 1 else None


def solutions(axis: Axis, target: int | None = None) -> list[Settings]:
    """Every setting within the bounds that gives the target, ordered by the asked names."""
    wanted = axis.target if target is None else target
    found = [settings for settings in _candidates(axis, wanted) if size_of(axis, settings) == wanted]
    asked = axis.asked
    return sorted(
        ({name: settings[name] for name in asked} for settings in found), key=lambda s: [s[n] for n in asked]
    )


def nearest_sizes(axis: Axis) -> tuple[int | None, int | None]:
    """The largest reachable size below the target and the smallest above."""
    below: int | None = None
    above: int | None = None
    for settings in _shapes(axis):
        for size in _ends(axis, settings):
            if size < axis.target and (below is None or size > below):
                below = size
            elif size > axis.target and (above is None or size < above):
                above = size
    return below, above


def reachable(axis: Axis) -> dict[int, list[Settings]]:
    """Every size that can be reached, with the settings that reach it, each list in the order asked."""
    found: dict[int, list[Settings]] = {}
    for shape in _shapes(axis):
        for padding, extra in product(axis.values("padding"), _extras(axis, shape)):
            settings = {**shape, "padding": padding, "output_padding": extra}
            size = size_of(axis, settings)
            if size is not None:
                found.setdefault(size, []).append({name: settings[name] for name in axis.asked})
    for choices in found.values():
        choices.sort(key=lambda settings: [settings[name] for name in axis.asked])
    return found


def settings_tried(axis: Axis) -> int:
    """How many settings the bounds allow: those that PyTorch refuses too, but for output_padding."""
    count = 1
    for name in axis.asked:
        if name != "output_padding":
            count *= len(axis.values(name))
    if axis.rule != "transposed" or "output_padding" not in axis.asked:
        return count
    pairs = [(s, d) for s in axis.values("stride") for d in axis.values("dilation")]
    allowed = sum(len(_extras(axis, {"stride": s, "dilation": d})) for s, d in pairs)
    return count // len(pairs) * allowed


def _shapes(axis: Axis) -> Iterator[Settings]:
    """All combinations of kernel, stride and dilation."""
    strides = (
        axis.values("stride") if any(name == "stride" for name, _ in (*axis.fixed, *axis.bounds)) else None
    )
    for kernel, dilation in product(axis.values("kernel_size"), axis.values("dilation")):
        for stride in strides if strides is not None else (kernel,):
            yield {"kernel_size": kernel, "stride": stride, "dilation": dilation}


def _candidates(axis: Axis, target: int) -> Iterator[Settings]:
    """Settings among which the solutions are: paddings and output_padding follow from the formula."""
    paddings, extras = axis.values("padding"), axis.values("output_padding")
    for shape in _shapes(axis):
        kernel, stride, dilation = shape["kernel_size"], shape["stride"], shape["dilation"]
        window = dilation * (kernel - 1) + 1
        if axis.rule == "transposed":
            whole = (axis.length - 1) * stride + window
            top = max(stride, dilation) - 1
            # target = whole - 2*padding + extra with 0 <= extra <= top
            for padding in _within(paddings, -((target - whole) // 2), (whole + top - target) // 2):
                extra = target - whole + 2 * padding
                if extra in extras:
                    yield {**shape, "padding": padding, "output_padding": extra}
            continue
        if axis.rule == "pooling":
            fitting = _within(paddings, 0, kernel // 2)
        else:
            # stride*(target - 1) <= length + 2*padding - window < stride*target
            low = -((axis.length - window - stride * (target - 1)) // 2)
            fitting = _within(paddings, low, (stride * target - 1 + window - axis.length) // 2)
        for padding in fitting:
            yield {**shape, "padding": padding, "output_padding": 0}


def _ends(axis: Axis, shape: Settings) -> list[int]:
    """The reachable sizes just below and above the target for one kernel, stride and dilation (the target
    too).
    """
    paddings = axis.values("padding")
    kernel, stride, dilation = shape["kernel_size"], shape["stride"], shape["dilation"]
    window = dilation * (kernel - 1) + 1
    tried: list[Settings] = []
    if axis.rule == "transposed":
        allowed = _extras(axis, shape)
        whole = (axis.length - 1) * stride + window
        # The size falls by 2 with each padding: look where it passes the target, and at the ends.
        passing = [(whole + extra - axis.target) // 2 for extra in (*allowed[:1], *allowed[-1:])]
        near = {p for at in passing for p in _within(paddings, at - 1, at + 2)}
        for padding in near | {paddings[0], paddings[-1]}:
            missing = axis.target - (whole - 2 * padding)
            chosen_extras = {*allowed[:1], *allowed[-1:], *_within(allowed, missing - 1, missing + 1)}
            tried += [{**shape, "padding": padding, "output_padding": extra} for extra in chosen_extras]
    elif axis.rule == "pooling":
        tried = [{**shape, "padding": p, "output_padding": 0} for p in _within(paddings, 0, kernel // 2)]
    else:
        # The size grows with the padding: look at both sides of where it passes the target, and at the ends.
        last_below = (stride * (axis.target - 1) - 1 + window - axis.length) // 2
        first_above = -((axis.length - window - stride * axis.target) // 2)
        chosen = {p for p in (last_below, first_above) if p in paddings}
        chosen |= {paddings[0], paddings[-1]}
        tried = [{**shape, "padding": p, "output_padding": 0} for p in chosen]
    return [size for settings in tried if (size := size_of(axis, settings)) is not None]


def _extras(axis: Axis, shape: Settings) -> range:
    """The values of output_padding that PyTorch allows with a stride and a dilation."""
    top = max(shape["stride"], shape["dilation"]) - 1 if axis.rule == "transposed" else 0
    return _within(axis.values("output_padding"), 0, top)


def _within(values: range, low: int, high: int) -> range:
    return range(max(values.start, low), min(values.stop - 1, high) + 1)
