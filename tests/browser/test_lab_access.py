"""The lab and the write-up for everyone: axe is content, nothing scrolls sideways, fingers find targets."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_access import RULES, SMALL_TARGETS, WIDER_THAN_THE_WINDOW
from tests.browser.waiting import settles

Visit = Callable[..., Page]
PAGES = (
    "/lab",
    "/lab/trajectories",
    "/lab/min-norm?n=40&learning=1",
    "/lab/jobs",
    "/lab/compare",
    "/write-up",
)


@pytest.mark.parametrize(
    ("path", "scheme"), [(path, ("light", "dark")[place % 2]) for place, path in enumerate((*PAGES, "job"))]
)
def test_everyone_can_use_it(visit: Visit, address: str, path: str, scheme: str) -> None:
    first = "/lab" if path == "job" else path
    page = visit(first, refusals=(422,), reduced_motion="reduce", color_scheme=scheme)
    if path == "job":  # it waits: no worker runs here
        job = page.request.post(f"{address}/api/v1/jobs", data={"demo": "unrolled-gradient"}).json()
        page.goto(f"{address}/lab/jobs/{job['id']}")
        expect(page.locator("[data-figure=bytes] .main-svg").first).to_be_visible()
    if "trajectories" in path:
        expect(page.locator(".contourlayer").first).to_be_visible()
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()
    for width in (360, 768, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        settles(page, lambda: page.evaluate(WIDER_THAN_THE_WINDOW), [], width)
    settles(page, lambda: page.evaluate(SMALL_TARGETS), [])
