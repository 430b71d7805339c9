"""Arrays in JSON: exact, and half as long as decimal digits."""

from base64 import b64decode, b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.lab.shown import Json

Array = NDArray[np.float64]


def pack(array: Array) -> Json:
    """A float64 array as JSON, every bit kept (NaN and infinities too)."""
    little = np.ascontiguousarray(array, dtype="<f8")
    return {"shape": list(array.shape), "float64": b64encode(little.tobytes()).decode("ascii")}


def unpack(document: Any) -> Array:
    """The array that `pack` wrote; it may be written to."""
    flat = np.frombuffer(b64decode(document["float64"]), dtype="<f8")
    return flat.reshape(document["shape"]).astype(np.float64)
