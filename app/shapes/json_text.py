"""JSON from a stranger: strict, bounded in depth, and pointing at the number that is none."""

import json
from collections.abc import Callable
from typing import Any

from app.shapes.errors import ShapeError, escaped

_TOO_LONG = object()


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text; raises ShapeError, with a pointer at what no JSON number may be.

    Python reads NaN and Infinity, and stops at integers of more than 4 300 digits without saying where.
    """
    odd: list[str] = []

    def constant(text: str) -> float:
        odd.append(text)
        return float(text)

    try:
        value = json.loads(data, parse_constant=constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ShapeError(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at {place}") from None
    except UnicodeDecodeError:
        raise ShapeError("not JSON: the text is not UTF-8") from None
    except RecursionError:
        raise ShapeError("not JSON to be read: lists and objects nest too deep") from None
    except ValueError:
        value = json.loads(data, parse_int=_integer)
        pointer = _pointer_to(value, lambda item: item is _TOO_LONG)
        raise ShapeError("a number of more digits than can be read", pointer) from None
    if odd:
        pointer = _pointer_to(value, lambda item: isinstance(item, float) and item * 0 != 0)
        raise ShapeError(f"{odd[0]} is no JSON number", pointer)
    return value


def _integer(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        return _TOO_LONG


def _pointer_to(value: object, wanted: Callable[[object], bool]) -> str:
    """RFC 6901 pointer to the first item that is wanted, in the order of the text."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        pointer, item = waiting.pop()
        if wanted(item):
            return pointer
        inner: list[tuple[str, object]] = []
        if isinstance(item, dict):
            inner = [(f"{pointer}/{escaped(key)}", below) for key, below in item.items()]
        elif isinstance(item, list):
            inner = [(f"{pointer}/{i}", below) for i, below in enumerate(item)]
        waiting += reversed(inner)
    return ""
