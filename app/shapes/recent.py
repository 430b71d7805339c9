"""What was computed lately, kept for the next request: whoever types a network changes a layer at a time."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """A mapping of at most `limit` entries that forgets what was asked for longest ago; thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[object, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> Value | None:
        """The value kept under a key."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: object, value: Value) -> None:
        """Keep a value."""
        with self._lock:
            self._values[key] = value
            if len(self._values) > self.limit:
                self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
