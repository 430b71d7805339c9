"""The sentence that proves a question has no answer, and what rounding half a padding up would have done."""

from app.shapes.solving.axis import nearest_sizes, settings_tried, size_of
from app.shapes.solving.question import Axis, Settings

_DIRECTION = {
    ("convolution", "padding"): "grows",
    ("convolution", "kernel_size"): "falls",
    ("convolution", "stride"): "falls",
    ("convolution", "dilation"): "falls",
    ("transposed", "padding"): "falls",
    ("transposed", "kernel_size"): "grows",
    ("transposed", "stride"): "grows",
    ("transposed", "dilation"): "grows",
    ("transposed", "output_padding"): "grows",
}


def reason_for(axis: Axis, where: str) -> str:
    """Why no setting within the bounds gives the target; `where` names the axis ("" when all are alike)."""
    given = ", ".join(f"{name} {value}" for name, value in axis.fixed if _matters(axis, name, value))
    start = f"{where}{axis.type} on {axis.length}" + (f" with {given}" if given else "")
    (name, *others) = axis.asked
    if not others and (axis.rule, name) in _DIRECTION:
        return f"{start}: {_by_one(axis, name)}"
    below, above = nearest_sizes(axis)
    near = [str(size) for size in (below, above) if size is not None]
    tail = (
        f"the sizes nearest to it that they reach are {' and '.join(near)}"
        if near
        else "PyTorch refuses them all"
    )
    if len(near) == 1:
        tail = f"the size nearest to it that they reach is {near[0]}"
    return (
        f"{start}: of all {settings_tried(axis)} settings of {_listed(axis.asked)} within the bounds "
        f"none gives {axis.target}; {tail}."
    )


def _listed(names: tuple[str, ...]) -> str:
    """`a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _by_one(axis: Axis, name: str) -> str:
    """The proof for one argument: the size is monotone in it and jumps over the target."""
    known = dict(axis.fixed)
    sizes: list[tuple[int, int]] = []
    for value in axis.values(name):
        settings: Settings = {**known, name: value}
        size = size_of(axis, settings)
        if size is not None:
            sizes.append((value, size))
        elif sizes:
            break
    if not sizes:
        return f"PyTorch refuses every {name} within the bounds, so none gives {axis.target}."
    direction = _DIRECTION[axis.rule, name]
    formula = _formula(axis, known, name)
    low = [pair for pair in sizes if pair[1] < axis.target]
    high = [pair for pair in sizes if pair[1] > axis.target]
    below = max(low, key=lambda pair: pair[1], default=None)
    above = min(high, key=lambda pair: pair[1], default=None)
    if below and above:
        first, second = sorted((below, above))
        return (
            f"{formula} {direction} with {name}, and {name} {first[0]} gives {first[1]} while {name} "
            f"{second[0]} gives {second[1]}, so nothing gives {axis.target}{_parity(axis, known, name)}."
        )
    value, size = below or above or sizes[0]
    return (
        f"{formula} {direction} with {name}, and of those allowed {name} {value} comes nearest with {size}, "
        f"so nothing gives {axis.target}."
    )


def _formula(axis: Axis, known: Settings, name: str) -> str:
    length, window = axis.length, ""
    if name not in ("kernel_size", "dilation"):
        window = str(known["dilation"] * (known["kernel_size"] - 1) + 1)
    if name == "padding" and axis.rule == "convolution":
        return f"the output floor(({length} + 2*padding - {window})/{known['stride']}) + 1"
    if name == "padding":
        base = (length - 1) * known["stride"] + int(window) + known["output_padding"]
        return f"the output {base} - 2*padding"
    return "the output"


def _parity(axis: Axis, known: Settings, name: str) -> str:
    if name != "padding" or (axis.rule == "convolution" and known["stride"] != 1):
        return ""
    return f" (its size changes by 2 with each padding and stays {'odd' if axis.target % 2 == 0 else 'even'})"


def rounding_note(axis: Axis) -> str | None:
    """What solving the formula without its floor asks for, when that is half a padding."""
    if axis.rule != "convolution" or axis.asked != ("padding",):
        return None
    known = dict(axis.fixed)
    window = known["dilation"] * (known["kernel_size"] - 1) + 1
    twice = (axis.target - 1) * known["stride"] + window - axis.length
    if twice % 2 == 0 or twice < 0:
        return None
    up = (twice + 1) // 2
    size = size_of(axis, {**known, "padding": up})
    if size == axis.target:
        return (
            f"Without its floor the formula asks for padding {twice / 2:g}; rounded up to {up} it works "
            f"because the floor at stride {known['stride']} absorbs the half."
        )
    return (
        f"Without its floor the formula asks for padding {twice / 2:g}; rounding that up to {up} gives "
        f"{size}, since at stride {known['stride']} the floor does not absorb the half."
    )


def _matters(axis: Axis, name: str, value: int) -> bool:
    if name == "output_padding":
        return axis.rule == "transposed" and value > 0
    if name == "padding":
        return value > 0
    return name != "dilation" or value != 1
