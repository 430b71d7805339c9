"""What holds on every page: axe finds nothing, nothing scrolls sideways, fingers find their targets."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.waiting import settles

Visit = Callable[..., Page]
PAGES = (
    "/",
    "/?sample=chelsea",
    "/?model=zebra&temperature=9",
    "/batch",
    "/models",
    "/models/horses",
    "/nowhere",
    "/shapes?preset=unet",
    "/shapes?preset=pool-upsample&symbols=1",
    "/shapes?z=broken",
    "/shapes/compare",
    "/shapes/solve",
    "/convolve",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

WIDER_THAN_THE_WINDOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => `${element.tagName}.${element.className}`);
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("button, select, summary, input, a.button, nav a")]
  .filter((element) => element.offsetParent && !element.matches(".visually-hidden"))
  .map((element) => [element.id || element.textContent.trim(), element.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([name]) => name)"""


def open_page(visit: Visit, path: str, **options: Any) -> Page:
    page = visit(path, refusals=(404, 422), **options)
    if "?sample" in path:
        expect(page.locator("#status")).to_have_text("The colour is ready.")
    if path.startswith("/shapes?preset"):
        expect(page.locator("#status")).to_contain_text("Computed")
        expect(page.locator("#editor")).to_be_visible()
    if path.startswith("/models"):
        page.locator("[data-figure]").first.scroll_into_view_if_needed()
        expect(page.locator(".main-svg").first).to_be_visible()
    return page


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(visit: Visit, path: str) -> None:
    page = open_page(visit, path, color_scheme="light", reduced_motion="reduce")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, results.generate_report()
        assert len(results.response["passes"]) > 20


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways(visit: Visit, path: str) -> None:
    page = open_page(visit, path, reduced_motion="reduce")
    for width in (360, 390, 768, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        settles(page, lambda: page.evaluate(WIDER_THAN_THE_WINDOW), [], width)


@pytest.mark.parametrize("path", PAGES)
def test_fingers_find_their_targets(visit: Visit, path: str) -> None:
    page = open_page(visit, path, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    settles(page, lambda: page.evaluate(SMALL_TARGETS), [])


def test_phones_are_offered_the_camera(visit: Visit) -> None:
    phone = visit("/", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(phone.get_by_text("Take a photograph")).to_be_visible()
    # Nobody drops files there.
    expect(phone.locator(".lead")).to_have_text("Choose a black-and-white picture", use_inner_text=True)
    expect(phone.locator("#camera")).to_have_attribute("capture", "environment")
    expect(visit("/").get_by_text("Take a photograph")).to_be_hidden()


def test_less_motion_is_respected(visit: Visit) -> None:
    page = visit("/?sample=chelsea", reduced_motion="reduce")
    expect(page.locator("#status")).to_have_text("The colour is ready.")
    expect(page.locator("#split")).to_have_value("50", timeout=100)
    moving = "getComputedStyle(document.querySelector('#working'), '::before').animationName"
    settles(page, lambda: page.evaluate(moving), "none")
