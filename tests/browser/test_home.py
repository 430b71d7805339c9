"""The home page in a real browser: every way in, what comes out, and what goes wrong."""

import base64
import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

Visit = Callable[..., Page]
HOSTILE = "<img src=x onerror=alert(1)>.jpg"

GIVE = """([bytes, name, type, event]) => {
  const transfer = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
  transfer.items.add(new File([content], name, { type }));
  const options = { bubbles: true, cancelable: true };
  document.querySelector("#stage").dispatchEvent(
    event === "paste"
      ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
      : new DragEvent(event, { ...options, dataTransfer: transfer }));
}"""
CHROMA = """(image) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    sum += Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
  }
  return sum / (data.length / 4);
}"""
"""Mean difference of the largest and the smallest channel: 0 for gray."""


def give(page: Page, content: bytes, event: str, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
    page.evaluate(GIVE, [base64.b64encode(content).decode(), name, kind, event])


def choose(page: Page, content: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
    page.set_input_files("#image", {"name": name, "mimeType": kind, "buffer": content})


def coloured(page: Page) -> None:
    """Wait for the colour, all of it: the status is said last."""
    expect(page.locator("#status")).to_have_text("The colour is ready.")
    expect(page.locator("#after")).to_be_visible()


def count_requests(page: Page) -> list[str]:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/colorize" in request.url else None)
    return seen


@pytest.mark.parametrize("way", ["drop", "paste", "choose", "sample"])
def test_a_picture_comes_back_in_colour(visit: Visit, photograph: bytes, way: str) -> None:
    page = visit("/")
    if way == "choose":
        choose(page, photograph)
    elif way == "sample":
        page.get_by_role("button", name="coffee").click()
    else:
        give(page, photograph, way)
    coloured(page)
    assert page.evaluate("document.querySelector('#after').naturalWidth") == 480
    assert page.locator("#before").evaluate(CHROMA) == 0
    assert page.locator("#after").evaluate(CHROMA) > 3
    expect(page.locator("#timing")).to_contain_text("480 × 320 · horses")  # noqa: RUF001
    expect(page.locator("#invitation")).to_be_hidden()


def test_dragging_shows_where_to_drop(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    give(page, photograph, "dragenter")
    assert "is-target" in (page.locator("#stage").get_attribute("class") or "")
    give(page, photograph, "dragleave")
    assert "is-target" not in (page.locator("#stage").get_attribute("class") or "")


def test_the_split_moves_by_keyboard(visit: Visit, photograph: bytes) -> None:
    page = visit("/", reduced_motion="reduce")
    choose(page, photograph)
    coloured(page)
    split = page.get_by_role("slider", name="How much of the picture is shown before colouring")
    assert split.input_value() == "50"
    split.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert split.input_value() == "55"
    assert split.get_attribute("aria-valuetext") == "55 % before, 45 % after"
    clip = "getComputedStyle(document.querySelector('#after')).clipPath"
    assert page.evaluate(clip) == "inset(0px 0px 0px 55%)"
    page.keyboard.press("Home")
    assert page.evaluate(clip) in ("inset(0px 0px 0px 0%)", "inset(0px)")


def test_the_split_follows_the_pointer(visit: Visit, photograph: bytes) -> None:
    page = visit("/", reduced_motion="reduce")
    choose(page, photograph)
    coloured(page)
    box = page.locator("#compare").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    assert float(page.locator("#split").input_value()) == pytest.approx(25, abs=1)


def test_a_setting_asks_again_once_it_rests(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    choose(page, photograph)
    coloured(page)
    seen = count_requests(page)
    strong = page.locator("#after").evaluate(CHROMA)
    saturation = page.get_by_label("Saturation")
    saturation.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert page.locator("[data-output=saturation]").inner_text() == "0.00"
    expect(page).to_have_url(re.compile(r"saturation=0\b"))
    assert len(seen) == 1, "one request for a whole move"
    assert page.locator("#after").evaluate(CHROMA) < strong / 3


def test_only_the_last_of_several_answers_counts(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/colorize", hold_the_first)
    choose(page, photograph)
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "true")
    page.get_by_label("Saturation").fill("0")
    coloured(page)
    assert page.locator("#after").evaluate(CHROMA) < 1
    assert len(held) == 1
    held[0].abort()


def test_the_address_carries_the_settings(visit: Visit, address: str) -> None:
    page = visit("/")
    page.get_by_role("button", name="cat").click()
    coloured(page)
    page.get_by_label("Network", exact=True).select_option("pool-upsample")
    page.get_by_label("Saturation").fill("1.5")
    expect(page).to_have_url(re.compile(r"saturation=1\.5\b"))
    assert page.url == f"{address}/?sample=chelsea&model=pool-upsample&saturation=1.5"
    again = visit(page.url.removeprefix(address))
    coloured(again)
    expect(again.locator("#timing")).to_contain_text("pool-upsample")
    expect(again.get_by_label("Saturation")).to_have_value("1.5")


def test_temperature_follows_the_network_until_it_is_touched(visit: Visit) -> None:
    page = visit("/")
    network, temperature = page.get_by_label("Network", exact=True), page.get_by_label("Temperature")
    network.select_option("pool-upsample")
    expect(temperature).to_have_value("0.6")
    expect(page.locator("#model-link")).to_have_attribute("href", "/models/pool-upsample")
    temperature.fill("0.1")
    network.select_option("horses")
    expect(temperature).to_have_value("0.1")


def test_uncertainty_is_laid_over_the_picture(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    choose(page, photograph)
    coloured(page)
    expect(page.locator("#unsure")).to_be_hidden()
    page.get_by_role("switch", name="Show where it is unsure").check()
    expect(page.locator("#unsure")).to_be_visible()
    opacity = page.locator("#unsure").evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return Math.max(...data.filter((_, i) => i % 4 === 3));
        }"""
    )
    assert 0 < opacity <= 0.8 * 255 + 1
    page.get_by_role("switch", name="Show where it is unsure").uncheck()
    expect(page.locator("#unsure")).to_be_hidden()


def test_download_is_the_picture_under_its_own_name(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    choose(page, photograph, name="Opa 1931.jpeg")
    coloured(page)
    page.get_by_label("Save as").select_option("webp")
    expect(page.locator("#download")).to_have_attribute("download", "Opa 1931-colorized.webp")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "Opa 1931-colorized.webp"
    with Image.open(download.value.path()) as picture:
        assert (picture.format, picture.size) == ("WEBP", (480, 320))


@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_formats_and_depths_that_browsers_cannot_show(visit: Visit, kind: str) -> None:
    buffer = BytesIO()
    Image.new("I;16", (64, 48), 30_000).save(buffer, kind)
    page = visit("/")
    choose(page, buffer.getvalue(), name=f"scan.{kind.lower()}", kind=f"image/{kind.lower()}")
    coloured(page)
    for picture in ("#before", "#after"):
        assert page.locator(picture).evaluate("(image) => image.naturalWidth") == 64


def test_a_refused_file_is_explained_beside_the_button(visit: Visit) -> None:
    page = visit("/", refusals=(415,))
    choose(page, b"dear diary", name=HOSTILE)
    notice = page.locator("#invitation .notice")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("Save it as JPEG, PNG, WebP or TIFF")
    expect(page.locator("#compare")).to_be_hidden()


def test_a_refused_file_leaves_the_picture_before_it(visit: Visit, photograph: bytes) -> None:
    page = visit("/", refusals=(415,))
    choose(page, photograph)
    coloured(page)
    choose(page, b"dear diary")
    expect(page.locator("[data-problem=request]")).to_contain_text("not a JPEG")
    expect(page.locator("#after")).to_be_visible()
    assert page.locator("#after").evaluate(CHROMA) > 3
    page.get_by_label("Saturation").fill("0")  # and it can be worked on
    expect(page).to_have_url(re.compile(r"saturation=0\b"))
    expect(page.locator("[data-problem=request]")).to_be_hidden()


def test_a_refused_setting_is_explained_beside_it(visit: Visit, photograph: bytes) -> None:
    page = visit("/", refusals=(422,))
    page.get_by_label("Temperature").evaluate("(slider) => { slider.max = 9; slider.value = 7; }")
    choose(page, photograph)
    expect(page.locator("[data-problem=temperature]")).to_contain_text("less than or equal to 1")


def test_too_large_is_said_before_anything_is_sent(visit: Visit) -> None:
    page = visit("/")
    seen = count_requests(page)
    page.evaluate("document.querySelector('#studio').dataset.maxBytes = 1000")
    choose(page, bytes(2000))
    expect(page.locator("#invitation .notice")).to_contain_text("smaller picture")
    assert not seen


def test_a_busy_service_can_be_asked_again(visit: Visit, photograph: bytes) -> None:
    page = visit("/", refusals=(503,))
    problem = {"title": "Unavailable for the moment", "status": 503, "detail": "16 pictures already wait"}

    def busy(route: Route) -> None:
        route.fulfill(
            status=503,
            body=json.dumps(problem),
            content_type="application/problem+json",
            headers={"Retry-After": "1"},
        )

    page.route("**/api/v1/colorize", busy, times=1)
    choose(page, photograph)
    notice = page.locator("[data-problem=request]")
    expect(notice).to_contain_text("16 pictures already wait.")
    again = notice.get_by_role("button", name="Try again")
    expect(again).to_be_enabled()
    again.click()
    coloured(page)
    expect(notice).to_be_hidden()


def test_no_connection_is_said_in_words(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    page.route("**/api/v1/colorize", lambda route: route.abort(), times=1)
    choose(page, photograph)
    notice = page.locator("[data-problem=request]")
    expect(notice).to_contain_text("cannot be reached")
    notice.get_by_role("button", name="Try again").click()
    coloured(page)


def test_long_work_can_be_cancelled(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    held: list[Route] = []
    page.route("**/api/v1/colorize", lambda route: held.append(route), times=1)
    choose(page, photograph)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#invitation")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Cancelled.")
    held[0].abort()
    choose(page, photograph)
    coloured(page)


def test_a_hostile_name_is_only_a_name(visit: Visit, photograph: bytes) -> None:
    page = visit("/")
    choose(page, photograph, name=HOSTILE)
    coloured(page)
    assert page.locator("img[src=x]").count() == 0


class TestWithoutScript:
    def test_a_chosen_file(self, visit: Visit, photograph: bytes) -> None:
        page = visit("/", java_script_enabled=False)
        expect(page.locator("#image")).to_be_visible()
        choose(page, photograph, name=HOSTILE)
        page.get_by_role("button", name="Colorize", exact=True).last.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your picture in colour")
        assert page.locator(".pair img").count() == 2

    def test_a_sample(self, visit: Visit) -> None:
        page = visit("/?saturation=2", java_script_enabled=False)
        page.get_by_role("button", name="coffee").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your picture in colour")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename == "coffee-colorized.jpg"

    def test_nothing_that_needs_script_is_shown(self, visit: Visit) -> None:
        page = visit("/", java_script_enabled=False)
        for needs_script in page.locator(".with-script").all():
            expect(needs_script).to_be_hidden()

    def test_a_problem(self, visit: Visit) -> None:
        page = visit("/", java_script_enabled=False, refusals=(422,))
        page.get_by_role("button", name="Colorize", exact=True).last.click()
        expect(page.locator("[data-problem=image]")).to_contain_text("A file is needed.")


def test_everything_can_be_reached_by_keyboard(visit: Visit) -> None:
    page = visit("/")
    reached: list[Any] = []
    for _ in range(24):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                  const here = document.activeElement;
                  const seen = here.matches(".is-picker") ? here.nextElementSibling : here;
                  return [here.id || here.textContent.trim(), getComputedStyle(seen).outlineStyle];
                }"""
            )
        )
    names = [name for name, _ in reached]
    assert names[0] == "Skip to content"
    wanted = ["image", "model", "temperature", "saturation", "show-unsure", "restore", "format"]
    assert [name for name in names if name in wanted] == wanted
    assert all(outline != "none" for name, outline in reached if name in wanted), "focus is seen"
