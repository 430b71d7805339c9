"""A bound on the windows that one network may list, so that no network can take long or much memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_PHASES = 1_024
"""Windows with a longer period than this are not followed; their receptive field is told as unknown."""
WINDOWS = 100_000
"""Windows looked at for one network, a few tenths of a second's work; beyond it receptive fields are told as
unknown. The largest of torchvision's networks takes 3 000.
"""

_left: ContextVar[list[int] | None] = ContextVar("windows_left", default=None)


@contextmanager
def bounded_windows(amount: int = WINDOWS) -> Iterator[None]:
    """Within this block `afford` says no once `amount` windows have been looked at."""
    token = _left.set([amount])
    try:
        yield
    finally:
        _left.reset(token)


def afford(windows: int, looks: int | None = None) -> bool:
    """Whether `windows` may be listed: no more than MAX_PHASES, and the work is left for `looks` at others.

    Each window is one look unless told; what is afforded is taken from the enclosing `bounded_windows()`.
    """
    left = _left.get()
    cost = windows if looks is None else looks
    if windows > MAX_PHASES or (left is not None and left[0] < cost):
        return False
    if left is not None:
        left[0] -= cost
    return True
