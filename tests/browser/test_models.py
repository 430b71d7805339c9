"""The models page in a real browser: charts, sorting, pictures that load late."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]


def names(page: Page) -> Locator:
    return page.locator("table").first.locator("tbody th a")


def test_plotly_loads_with_the_first_chart_only(visit: Visit) -> None:
    requests: list[str] = []
    page = visit("/")
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("link", name="Models").click()
    expect(page.locator("#loss-figure").locator("xpath=..").locator(".main-svg").first).to_be_visible()
    assert sum("plotly" in url for url in requests) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_draw_every_curve_in_the_colours_of_the_page(visit: Visit, scheme: str) -> None:
    page = visit("/models", color_scheme=scheme)
    loss = page.locator("[data-figure=loss-figure]")
    loss.scroll_into_view_if_needed()
    expect(loss.locator(".scatterlayer .trace")).to_have_count(6)  # training and validation of three models
    expect(page.locator("[data-figure=accuracy-figure] .scatterlayer .trace")).to_have_count(3)
    drawn = {"light": "rgb(181, 55, 15)", "dark": "rgb(255, 133, 88)"}[scheme]
    expect(loss.locator(".scatterlayer .trace path.js-line").first).to_have_css("stroke", drawn)


def test_charts_follow_the_scheme(visit: Visit) -> None:
    page = visit("/models", color_scheme="light")
    line = page.locator("[data-figure=loss-figure] path.js-line").first
    line.scroll_into_view_if_needed()
    expect(line).to_have_css("stroke", "rgb(181, 55, 15)")
    page.emulate_media(color_scheme="dark")
    expect(line).to_have_css("stroke", "rgb(255, 133, 88)")


def test_a_chart_that_cannot_be_loaded_points_to_the_numbers(visit: Visit) -> None:
    page = visit("/")
    page.route("**/plotly.min.js", lambda route: route.abort())
    page.get_by_role("link", name="Models").click()
    plot = page.locator("[data-figure=loss-figure]")
    plot.scroll_into_view_if_needed()
    expect(plot).to_contain_text("in the table below")


def test_sorting_in_place_agrees_with_the_server(visit: Visit, address: str) -> None:
    page = visit("/models")
    expect(names(page)).to_have_text(["Horses", "Conv-transpose", "Pool-upsample"])
    for column in ("Accuracy", "Network", "Network", "Cross-entropy", "Cross-entropy"):
        before = page.url
        page.locator("table").first.get_by_role("link", name=column).click()
        expect(page).not_to_have_url(before)
        headed = page.locator("table").first.locator("th[aria-sort]")
        expect(headed).to_have_count(1)
        expect(headed).to_contain_text(column)
        server = visit(page.url.removeprefix(address), java_script_enabled=False)
        expect(names(page)).to_have_text(names(server).all_inner_texts())
        direction = server.locator("table").first.locator("th[aria-sort]").get_attribute("aria-sort")
        expect(headed).to_have_attribute("aria-sort", direction or "none")


def test_pictures_below_the_fold_load_when_they_are_near(visit: Visit) -> None:
    page = visit("/models", viewport={"width": 1280, "height": 500})
    last = page.locator(".print img").last
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("complete", True)
    assert last.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 240


def test_the_numbers_are_there_without_script(visit: Visit) -> None:
    page = visit("/models", java_script_enabled=False)
    page.get_by_text("The numbers behind the curves").click()
    expect(page.get_by_role("region", name="Loss and accuracy by epoch").locator("tbody tr")).to_have_count(
        25
    )
    page.locator("table").first.get_by_role("link", name="Accuracy").click()
    expect(names(page)).to_have_text(["Pool-upsample", "Conv-transpose", "Horses"])


def test_a_card_leads_to_colouring_with_it(visit: Visit) -> None:
    page = visit("/models/conv-transpose")
    page.get_by_role("link", name="Colorize with it").click()
    expect(page.get_by_label("Network", exact=True)).to_have_value("conv-transpose")
