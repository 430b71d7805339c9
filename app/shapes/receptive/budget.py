"""A bound on the windows that one network may list, so that no network can take long or much memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_PHASES = 1_024
"""Windows with a longer period than this are not followed; their receptive field is told as unknown."""
WINDOWS = 400_000
"""Windows listed for one network, about a second's work; beyond it receptive fields are told as unknown."""

_left: ContextVar[list[int] | None] = ContextVar("windows_left", default=None)


@contextmanager
def bounded_windows(amount: int = WINDOWS) -> Iterator[None]:
    """Within this block `afford` says no once `amount` windows have been listed."""
    token = _left.set([amount])
    try:
        yield
    finally:
        _left.reset(token)


def afford(windows: int) -> bool:
    """Take `windows` from what may still be listed; False when that is too much, or more than MAX_PHASES."""
    left = _left.get()
    if windows > MAX_PHASES or (left is not None and left[0] < windows):
        return False
    if left is not None:
        left[0] -= windows
    return True
