"""Numbers and moments of the lab as people read them."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from app.lab.shown import Check

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = "\N{MINUS SIGN}"
_TIMES = "\N{MULTIPLICATION SIGN}"
_THIN = "\N{NARROW NO-BREAK SPACE}"
_SPACE = "\N{NO-BREAK SPACE}"
_LARGE, _SMALL = 1e6, 1e-3
_MINUTE, _HOUR = 60, 3600

FIGURES = {
    "bytes": "Bytes kept",
    "contour": "Contour",
    "cut": "A cut through the middle",
    "decay": "Along the decay",
    "descent": "Gradient descent on the rate",
    "distance": "Distance to the minimum norm",
    "effective": "Effective field, random weights",
    "epsilon": "Along epsilon",
    "leakage": "Outside the row space",
    "paths": "Paths to the output, equal weights",
    "plane": "Where they go",
    "relief": "In three dimensions",
    "residual": "Residual",
    "sigma": "Size of the effective field",
    "steps": "Along the run",
    "value": "Value along the way",
}
"""Titles of figures whose names do not read well enough by themselves."""


def scientific(value: Any, digits: int = 4) -> str:
    """A cell: floats to some digits, powers of ten raised, whole numbers in groups, the rest as it is."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", _MINUS)
    if not isinstance(value, float):
        return str(value)
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    if _SMALL <= abs(value) < _LARGE:
        shown = f"{value:,.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"
        return shown.replace("-", _MINUS)
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    return power_of_ten(mantissa.rstrip("0").rstrip(".").replace("-", _MINUS), int(power))


def power_of_ten(mantissa: str, power: int) -> str:
    """A mantissa times a power of ten, the 1 left out."""
    ten = f"10{str(power).translate(_RAISED)}"
    return ten if mantissa == "1" else f"{mantissa}{_THIN}{_TIMES}{_THIN}{ten}"


def bound(check: Check) -> str:
    """What a claim had to meet; of one that holds it can be told whether that is a limit from above."""
    text = scientific(check.bound)
    numbers = all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in (check.measured, check.bound)
    )
    if not (numbers and check.holds):
        return text
    measured, wanted = float(check.measured or 0), float(check.bound or 0)
    return f"{'=' if measured == wanted else '≤' if measured < wanted else '≥'}{_SPACE}{text}"


def moment(seconds: float | None) -> str:
    """A time, in UTC, to the second."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment_iso(seconds: float) -> str:
    """The same for a machine."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def lasted(started: float | None, finished: float | None) -> str:
    """How long it took."""
    if started is None or finished is None:
        return "\N{EN DASH}"
    seconds = max(0.0, finished - started)
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE)} s"
    return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE)} min"


def plain(value: Any) -> str:
    """A value as one types it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        shortest = repr(value).removesuffix(".0")
        return re.sub(r"e([+-])0*", lambda match: "e" + match[1].replace("+", ""), shortest)
    return value if isinstance(value, str) else json.dumps(value)


def figure_title(name: str) -> str:
    """What a figure is called."""
    return FIGURES.get(name, f"{name[:1].upper()}{name[1:]}".replace("-", " "))
