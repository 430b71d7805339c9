"""Waiting for what a page comes to: whatever is read from one may be drawn anew a moment later."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

PATIENCE = 60.0


def until(page: Page, holds: Callable[[], object]) -> None:
    """Wait; the policy of the pages lets no one evaluate code in them, so the test looks itself."""
    settles(page, lambda: bool(holds()), True)


def settles(page: Page, look: Callable[[], object], expected: object, about: object = None) -> None:
    """Wait until `look` gives what is expected, and show what it gave instead if it does not."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) != expected:
        if time.monotonic() > deadline:
            assert found == expected, about
        page.wait_for_timeout(50)
