"""Steering the colours in a real browser: hints by pointer, touch and keyboard, candidates, links, models."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Locator, Page, Response, Route, expect

from tests.browser.conftest import serving
from tests.browser.test_access import RULES, SMALL_TARGETS, WIDER_THAN_THE_WINDOW

Visit = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SENT = re.compile(r"/api/v1/colorize(\?include|$)")


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory,
    chromium: Path,
    make_model: Callable[..., Path],
    make_photo_model: Callable[..., Path],
) -> Iterator[str]:
    """Address of a service with a network that takes hints, `photo`, and one that does not, `horses`."""
    models = tmp_path_factory.mktemp("steerable")
    make_photo_model(models, temperature=1.0, title="Photographs")
    make_model(models, "horses", title="Horses")
    with serving(models) as address:
        yield address


KEEP_FORMS = """() => {
  window.forms = [];
  const { fetch } = window;
  window.fetch = (address, options) => {
    if (options?.body instanceof FormData) {
      window.forms.push(Object.fromEntries([...options.body].filter(([name]) => name !== "image")));
    }
    return fetch(address, options);
  };
}"""
SHORT_CONTROLS = """() => [...document.querySelectorAll(
    "#hint-card button, #hint-card input[type=color], #hint-list button, .hint-tools button, .alternative")]
  .filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 44)
  .map((control) => control.id || control.className)"""
PLACE_ABOVE_CARD = """() => {
  const [place, card] = ["#hint-reach", "#hint-card"]
    .map((one) => document.querySelector(one).getBoundingClientRect());
  return place.top >= 0 && place.bottom <= card.top;
}"""


def steer(page: Page) -> Page:
    """Wait for the colour, then show the picture as a surface for hints."""
    expect(page.locator("#status")).to_have_text("The colour is ready.")
    page.get_by_role("button", name="Colour hints").click()
    expect(page.locator("#hint-surface")).to_be_visible()
    return page


def box_of(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box is not None
    return box


def click(page: Page, x: float, y: float) -> None:
    box = box_of(page.locator("#hint-surface"))
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def answered_hints(response: Response) -> list[dict[str, Any]]:
    """The hints that the service had, as it tells them."""
    hints: list[dict[str, Any]] = response.json().get("hints", [])
    return hints


def give(page: Page, x: float, y: float, swatch: int = 0) -> Response:
    """Put a hint by pointer in one of the network's own colours; what the service answers."""
    click(page, x, y)
    with page.expect_response(SENT) as answered:
        page.locator(".swatch").nth(swatch).click()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    return answered.value


def rows(page: Page) -> Locator:
    return page.locator("#hint-list [data-hint]")


def undo_enabled(page: Page, enabled: bool) -> None:
    expect(page.locator("#hint-undo")).to_have_attribute("aria-disabled", str(not enabled).lower())


def test_a_click_offers_the_networks_own_colours_and_one_is_put(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee"))
    expect(page.locator("#hint-card")).to_be_hidden()
    with page.expect_request(re.compile("/suggestions")) as asked:
        click(page, 0.25, 0.75)
    place = dict(part.split("=") for part in asked.value.url.partition("?")[2].split("&"))
    assert (float(place["x"]), float(place["y"])) == pytest.approx((0.25, 0.75), abs=0.01)
    expect(page.get_by_role("dialog", name="New colour hint")).to_be_visible()
    card = page.locator("#hint-card")
    expect(card.locator("#hint-likely")).to_have_text("What the network thinks likely here")
    first = card.locator(".swatch").first
    expect(first).to_have_accessible_name(re.compile(r"^[a-z ]+, #[0-9a-f]{6}, \d+ % likely$"))
    color = first.get_attribute("data-color")
    with page.expect_response(SENT) as answered:
        first.click()
    (sent,) = answered_hints(answered.value)
    assert sent["color"] == color
    assert (sent["x"], sent["y"]) == pytest.approx((0.25, 0.75), abs=0.01)
    expect(page.get_by_role("dialog", name="Colour hint 1")).to_be_visible()
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("hints=0.25"))


def test_a_hint_changes_the_picture(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee"))
    before = page.locator("#after").get_attribute("src") or ""
    give(page, 0.5, 0.5, swatch=1)
    expect(page.locator("#after")).not_to_have_attribute("src", before)
    expect(page.locator("#status")).to_have_text("The colour is ready.")


def test_any_colour_and_what_cannot_be_shown_is_said(visit: Visit) -> None:
    page = steer(visit("/?sample=rocket"))
    click(page, 0.1, 0.05)
    page.get_by_label("Any colour").fill("#ffff00")
    expect(page.locator("#hint-shown-text")).to_contain_text("too dark for so strong a colour")
    expect(rows(page)).to_contain_text("yellow*")
    expect(rows(page).locator(".hint-edit")).to_have_accessible_name(re.compile("nearest that can be shown"))


def test_a_hint_is_dragged_and_one_undo_takes_the_drag_back(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee"))
    give(page, 0.3, 0.3)
    box, marker = box_of(page.locator("#hint-surface")), page.locator(".hint-marker")
    at = box_of(marker)
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"hints=0\.7\d*%2C0\.6|hints=0\.69\d*%2C0\.59|hints=0\.7\d*%2C0\.59"))
    expect(page.locator("#hint-card")).to_be_hidden()
    page.keyboard.press("Control+z")
    expect(page).to_have_url(re.compile(r"hints=0\.[23]\d*%2C0\.[23]"))
    page.keyboard.press("Control+z")
    expect(rows(page)).to_have_count(0)
    undo_enabled(page, False)
    for _ in range(2):
        page.keyboard.press("Control+Shift+z")
    expect(page).to_have_url(re.compile(r"hints=0\.(7|69)"))


def test_all_of_it_by_keyboard(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee"))
    surface = page.get_by_role("application", name="Picture to put colour hints on")
    surface.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#hint-status")).to_have_text(re.compile(r"60 % across, (49|50) % down"))
    expect(page.locator("#hint-cursor")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_focused()
    expect(page.locator(".swatch").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".swatch").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#hint-status")).to_have_text(re.compile(r"^Hint 1: .+\.$"))
    page.keyboard.press("Escape")
    expect(surface).to_be_focused()
    expect(rows(page)).to_have_count(1)

    page.keyboard.press("Enter")  # the cursor is at the hint: it is opened, not a second one made
    expect(page.get_by_role("dialog", name="Colour hint 1")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#hint-status")).to_have_text("Hint 1 removed.")
    page.keyboard.press("Control+z")
    expect(rows(page)).to_have_count(1)


def test_the_list_moves_and_removes(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee&hints=0.5,0.5,3a6ea5;0.2,0.8,a04030,0.1"))
    expect(rows(page)).to_have_count(2)
    second = rows(page).nth(1).locator(".hint-edit")
    expect(second).to_have_accessible_name("Hint 2: red, 20 % across, 80 % down. Edit")
    second.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(second).to_have_accessible_name("Hint 2: red, 10 % across, 80 % down. Edit")
    expect(second).to_be_focused()
    expect(page).to_have_url(re.compile(r"0\.1%2C0\.8%2Ca04030%2C0\.1$"))
    page.keyboard.press("Delete")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).locator(".hint-edit")).to_be_focused()
    page.get_by_role("button", name="Remove hint 1").click()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Clear all").click()
    expect(rows(page)).to_have_count(0)
    expect(page).not_to_have_url(re.compile("hints"))


def test_reach_is_sent_and_is_one_step(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee&hints=0.5,0.5,3a6ea5"))
    rows(page).locator(".hint-edit").click()
    reach = page.get_by_label("Reach")
    expect(reach).to_have_value("0.02")
    reach.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"3a6ea5%2C0\.07$"))
    page.keyboard.press("Control+z")
    expect(page).to_have_url(re.compile(r"3a6ea5$"))


def test_only_the_last_answer_counts(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee&hints=0.5,0.5,3a6ea5"))
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(SENT, hold_the_first)
    page.get_by_role("button", name="Remove hint 1").click()
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "true")
    page.keyboard.press("Control+z")
    expect(page.locator("#status")).to_have_text("The colour is ready.")
    expect(page).to_have_url(re.compile("hints=0.5"))
    held[0].abort()


def test_suggestions_that_cannot_be_had_leave_any_colour(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee", refusals=(503,)))
    problem = json.dumps({"title": "Unavailable for the moment", "status": 503, "detail": "16 wait already."})
    page.route("**/suggestions*", lambda route: route.fulfill(status=503, body=problem))
    click(page, 0.5, 0.5)
    expect(page.locator("#hint-likely")).to_contain_text("could not be had. 16 wait already.")
    page.get_by_label("Any colour").fill("#3a6ea5")
    expect(rows(page)).to_have_count(1)


def test_candidates_are_shown_small_and_hints_go_on_top(visit: Visit) -> None:
    page = visit("/?sample=coffee")
    strip = page.get_by_role("group", name="The network's own ideas")
    expect(strip).to_be_visible()
    strip.scroll_into_view_if_needed()
    first, second = (strip.get_by_role("radio").nth(index) for index in range(2))
    expect(first).to_be_checked()
    expect(first).to_have_accessible_name("The network's first choice")
    for index in range(2):
        expect(strip.locator("img").nth(index)).to_have_js_property("naturalWidth", 224)
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_checked()
    expect(page).to_have_url(re.compile("candidate=1"))
    steer(page)
    page.evaluate(KEEP_FORMS)
    assert len(answered_hints(give(page, 0.5, 0.5))) == 1
    (form,) = [form for form in page.evaluate("window.forms") if "hints" in form]
    assert (form["candidate"], form["model"]) == ("1", "photo")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(first).to_be_checked()
    expect(page).not_to_have_url(re.compile("candidate"))


def test_a_candidate_that_this_picture_has_not_is_said(visit: Visit) -> None:
    page = visit("/?sample=coffee&candidate=90", refusals=(422,))
    expect(page.locator("[data-problem=candidate]")).to_contain_text("candidates end at")
    expect(page.locator("#after")).to_be_visible()
    expect(page.get_by_role("radio", name="The network's first choice")).to_be_checked()


def test_a_link_brings_hints_and_candidate_back(visit: Visit, address: str) -> None:
    page = steer(visit("/?sample=coffee"))
    give(page, 0.25, 0.5)
    give(page, 0.75, 0.5)
    expect(page).to_have_url(re.compile("hints=.+%3B"))
    with page.expect_response(SENT) as answered:
        page.reload()
    assert [round(hint["x"], 2) for hint in answered_hints(answered.value)] == [0.25, 0.75]
    expect(page.locator("#status")).to_have_text("The colour is ready.")
    expect(page.locator("#hint-list [data-hint]")).to_have_count(2)


def test_another_picture_begins_without_hints_and_a_refused_one_keeps_them(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee&hints=0.5,0.5,3a6ea5", refusals=(415,)))
    page.set_input_files("#image", {"name": "diary.jpg", "mimeType": "image/jpeg", "buffer": b"dear diary"})
    expect(page.locator("[data-problem=request]")).to_contain_text("not a JPEG")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="cat").click()
    expect(page).to_have_url(re.compile("sample=chelsea$"))
    expect(rows(page)).to_have_count(0)


def test_a_network_that_cannot_be_steered_says_so(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee&hints=0.5,0.5,3a6ea5"))
    expect(page.locator("#steer-note")).to_be_hidden()
    network = page.get_by_label("Network", exact=True)
    with page.expect_response(SENT) as answered:
        network.select_option("horses")
    assert answered_hints(answered.value) == []
    expect(page.locator("#steer-note")).to_contain_text("no colour hints")
    expect(page.locator("#steer-note")).to_contain_text("Photographs can be steered")
    expect(page.locator("#hint-surface")).to_be_hidden()
    expect(page.get_by_role("button", name="Colour hints")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#alternatives")).to_be_hidden()
    with page.expect_response(SENT) as answered:
        network.select_option("photo")
    assert len(answered_hints(answered.value)) == 1, "hints outlive a look at another network"


def test_large_pictures_are_steered_by_a_reduced_one_and_saved_whole(visit: Visit) -> None:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.linear_gradient("L").resize((2400, 300)).save(file, "JPEG")
    page = visit("/")
    page.set_input_files("#image", {"name": "wide.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    steer(page)
    click(page, 0.5, 0.5)
    swatch = page.locator(".swatch").first
    expect(swatch).to_be_visible()
    with page.expect_request(re.compile("preview=1280")), page.expect_request(SENT):
        swatch.click()
    expect(page.locator("#after")).to_have_js_property("naturalWidth", 2400)
    expect(page.locator("#download")).to_have_attribute("href", re.compile("^blob:"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Visit, scheme: str) -> None:
    page = steer(visit("/?sample=coffee&hints=0.5,0.5,3a6ea5", color_scheme=scheme, reduced_motion="reduce"))
    rows(page).locator(".hint-edit").click()
    expect(page.locator(".swatch").first).to_be_visible()
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()


def test_on_a_phone_it_fits_under_the_thumb(visit: Visit) -> None:
    page = steer(visit("/?sample=coffee&hints=0.2,0.2,3a6ea5", **PHONE))
    box = box_of(page.locator("#hint-surface"))
    page.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 0.8 * box["height"])
    expect(page.locator(".swatch").first).to_be_visible()
    assert page.evaluate(WIDER_THAN_THE_WINDOW) == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(SHORT_CONTROLS) == []
    assert box_of(page.locator(".hint-marker").first)["width"] >= 44
    page.wait_for_function(PLACE_ABOVE_CARD)
    page.locator(".swatch").first.tap()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Done").tap()
    expect(page.locator("#hint-card")).to_be_hidden()
