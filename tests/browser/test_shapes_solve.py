"""The solver in a real browser: sliders, fields, what is shown, and no script at all."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_the_write_ups_slip_is_shown_with_its_proof(visit: Visit) -> None:
    page = visit("/shapes/solve")
    expect(page.get_by_role("heading", name="No padding gives 32")).to_be_visible()
    for place, (size, padding) in enumerate((("31", "padding 1"), ("32", "never"), ("33", "padding 2")), 1):
        step = re.compile(rf"^\s*{size}\s+{padding}\s*$")
        expect(page.locator(".step").nth(place)).to_have_text(step, use_inner_text=True)
    expect(page.locator("tr.is-same")).to_contain_text("pads 1 before and 2 after")


def test_sliders_and_fields_ask_again(visit: Visit, address: str) -> None:
    page = visit("/shapes/solve")
    slider = page.get_by_label("kernel_size, slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="The only solution")).to_be_visible()
    expect(page.locator("#kernel_size")).to_have_value("5")
    expect(page).to_have_url(re.compile(r"kernel_size=5\b.*solve=padding"))
    page.locator("#kernel_size").fill("4")
    expect(slider).to_have_value("4")
    expect(page.get_by_role("heading", name="No padding gives 32")).to_be_visible()
    other = visit(page.url.removeprefix(address))
    expect(other.get_by_role("heading", name="No padding gives 32")).to_be_visible()


def test_only_the_arguments_that_a_layer_has_are_asked(visit: Visit) -> None:
    page = visit("/shapes/solve")
    expect(page.locator("[data-argument=output_padding]")).to_be_hidden()
    page.get_by_label("Layer", exact=True).select_option("ConvTranspose2d")
    expect(page.locator("[data-argument=output_padding]")).to_be_visible()
    page.locator("#input").fill("8")
    page.locator("#output").fill("16")
    page.locator("#kernel_size").fill("5")
    page.locator("#stride").fill("2")
    page.get_by_label("Solve for output_padding").check()
    expect(page.locator("#solution")).to_contain_text("stride=2, padding=2, output_padding=1")
    expect(page.locator("#output_padding")).to_be_hidden()


def test_nonsense_is_said_in_place_and_mended(visit: Visit) -> None:
    page = visit("/shapes/solve", refusals=(422,))
    page.locator("#input").fill("many")
    expect(page.locator("#solution [role=alert]")).to_contain_text("input")
    expect(page.locator("#status")).to_contain_text("This cannot be solved")
    page.locator("#input").fill("32")
    expect(page.get_by_role("heading", name="No padding gives 32")).to_be_visible()


def test_a_whole_block_is_solved_as_it_is_typed(visit: Visit) -> None:
    page = visit("/shapes/solve", refusals=(422,))
    answer = page.locator("#block-solution")
    expect(answer).to_contain_text("The only solution")
    page.locator("#layers").fill("nn.Sequential(nn.Conv2d(1, 1, 4), nn.ReLU(), nn.Conv2d(1, 1, 4))")
    expect(answer).to_contain_text("No settings lead from 32 to 32")
    page.get_by_label("Every layer gives the size out").uncheck()
    expect(answer).to_contain_text("Every solution")
    expect(page.get_by_role("heading", name="No padding gives 32")).to_be_visible()


def test_without_script_a_button_asks(visit: Visit) -> None:
    page = visit("/shapes/solve", java_script_enabled=False)
    page.locator("#kernel_size").fill("3")
    page.get_by_role("button", name="Solve").first.click()
    expect(page.locator("#solution h2")).to_have_text("The only solution")
    page.locator("#block-output").fill("28")
    page.locator("#block").get_by_label("Every layer gives the size out").uncheck()
    page.get_by_role("button", name="Solve").last.click()
    expect(page.locator("#block-solution h3")).to_have_text(re.compile(r"^\s*Every solution"))
