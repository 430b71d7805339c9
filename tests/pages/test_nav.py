"""The header's places."""

import pytest

from app.pages.nav import NAV, Place


@pytest.mark.parametrize(
    ("href", "path", "current"),
    [
        ("/", "/", True),
        ("/", "/models", False),
        ("/models", "/models", True),
        ("/models", "/models/horses", True),
        ("/models", "/modelsmith", False),
    ],
)
def test_a_place_is_current_on_its_own_pages(href: str, path: str, current: bool) -> None:
    assert Place("", href).is_current(path) is current


def test_quiet_places_come_last() -> None:
    assert [place.quiet for place in NAV] == sorted(place.quiet for place in NAV)
