"""The calculator in a real browser: typing, fields, symbols, sights, links, and no script at all."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from app.pages.typeset import typeset, typeset_bytes, typeset_shape

Visit = Callable[..., Page]
SKIP = {
    "input": [3, 32, 32],
    "layers": [
        {"type": "Conv2d", "name": "stem", "out_channels": 8, "kernel_size": 3, "padding": 1},
        {
            "type": "Conv2d",
            "name": "left",
            "out_channels": 8,
            "kernel_size": 3,
            "padding": 1,
            "inputs": ["stem"],
        },
        {"type": "Conv2d", "name": "right", "out_channels": 8, "kernel_size": 1, "inputs": ["stem"]},
        {"type": "Add", "name": "sum", "inputs": ["left", "right"]},
    ],
}
TYPESET = """([module, values]) => import(module).then(({ typeset, typesetShape, typesetBytes }) =>
  values.map((value) => [typeset(value), typesetShape([value, "H + 1"]), typesetBytes(value)]))"""


def computed(page: Page, parameters: str) -> None:
    expect(page.locator("#totals [data-total=parameters]")).to_have_text(parameters)


def type_in(page: Page, text: str) -> None:
    page.locator("#typing > summary").click()
    page.locator("#text").fill(text)


def test_every_number_follows_what_is_typed(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    type_in(page, json.dumps(SKIP))
    computed(page, "880")
    expect(page.locator("#lines .is-layer .pick")).to_have_text(["stem", "left", "right", "sum"])
    expect(page.locator("#drawing .layer")).to_have_count(5)
    page.locator("#text").fill(json.dumps(SKIP).replace('"kernel_size": 1', '"kernel_size": 5, "padding": 2'))
    computed(page, "2,416")
    expect(page.locator("#preset")).to_have_value("")


def test_source_and_printed_models_are_read_and_what_they_leave_open_is_said(visit: Visit) -> None:
    page = visit("/shapes")
    type_in(page, "nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU())")
    computed(page, "108")
    expect(page.locator("#notes")).to_contain_text("does not show the input's size")
    page.locator("#text").fill("Sequential(\n  (fc): Linear(in_features=10, out_features=5, bias=True)\n)")
    computed(page, "55")


def test_while_it_cannot_be_computed_the_line_the_field_and_the_old_numbers_say_so(visit: Visit) -> None:
    page = visit("/shapes", refusals=(422,))
    computed(page, "21,024")
    field = page.locator("#editor [data-argument=out_channels]")
    field.fill("-1")
    expect(page.locator("#problem")).to_contain_text("out_channels")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("tr.is-wrong")).to_have_attribute("data-line", "conv1")
    expect(page.locator("#bench")).to_have_class(re.compile("is-stale"))
    field.fill("16")
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#bench")).not_to_have_class(re.compile("is-stale"))
    computed(page, "11,376")


def test_half_typed_json_waits_for_the_rest(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    type_in(page, '{"input": [3')
    expect(page.locator("#problem")).to_contain_text("no JSON yet")
    page.locator("#text").fill('{"input": [3], "layers": [{"type": "Linear", "out_features": 2}]}')
    computed(page, "8")


def test_rows_are_added_moved_copied_and_removed(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    page.locator("#add-type").select_option("BatchNorm2d")
    page.locator("#add").click()
    computed(page, "21,030")
    expect(page.locator("#lines .is-chosen")).to_have_attribute("data-line", "batchnorm2d1")
    page.get_by_role("button", name="Move up").click()
    expect(page.locator("#lines .is-layer .pick").nth(4)).to_have_text("batchnorm2d1")
    computed(page, "21,152")
    page.get_by_role("button", name="Duplicate").click()
    computed(page, "21,280")
    page.get_by_role("button", name="Remove").click()
    computed(page, "21,152")
    page.locator("[data-line=batchnorm2d1] .pick").focus()
    page.keyboard.press("Delete")
    computed(page, "21,024")


def test_symbols_have_values_and_can_be_left_free(visit: Visit) -> None:
    page = visit("/shapes?preset=pool-upsample")
    computed(page, "49,728")
    page.get_by_label("NF =").fill("64")
    computed(page, "167,904")
    page.get_by_label("NF =").fill("")
    expect(page.locator("[data-total=biases]")).to_have_text("4·NF + 48")
    page.get_by_label("Leave symbols free").check()
    expect(page.locator("#totals [data-total=neurons]")).to_have_text("4352·NC + 3520·NF")
    expect(page.locator("#totals [data-total=weights]")).to_have_text(
        "NC²·k² + NC·NF·k² + 4·NF²·k² + NF·NIC·k²"
    )


def test_what_doubles_when_a_symbol_does(visit: Visit) -> None:
    page = visit("/shapes?preset=pool-upsample&symbols=1")
    rows = page.locator("#scaling tr")
    expect(rows.filter(has_text="Weights")).to_contain_text("1 to 4")
    page.get_by_label("Doubled").select_option("NIC")
    expect(rows.filter(has_text="Neurons")).to_contain_text("the same")
    page.get_by_label("Leave symbols free").uncheck()
    expect(rows.filter(has_text="Weights")).to_contain_text("49,536")


def test_pointing_at_a_layer_shows_what_it_sees_and_leaving_returns(visit: Visit) -> None:
    page = visit("/shapes")
    caption = page.locator(".sight-caption")
    expect(caption).to_contain_text("conv1")
    page.locator("[data-line=conv3] .pick").hover()
    expect(caption).to_contain_text("18×18 of 32×32")  # noqa: RUF001
    expect(page.locator("#drawing .is-lit")).to_have_attribute("data-line", "conv3")
    page.locator("h1").hover()
    expect(caption).to_contain_text("conv1")
    page.locator("#drawing [data-line=pool2]").hover()
    expect(caption).to_contain_text("pool2")


def test_a_layer_is_chosen_by_keyboard_and_its_output_moved_into_the_corner(visit: Visit) -> None:
    page = visit("/shapes")
    page.locator("[data-line=input] .pick").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#editor h2")).to_have_text("Edit conv2")
    expect(page.locator(".sight-caption")).to_contain_text("output of conv2")
    page.get_by_label("Output row").fill("0")
    page.get_by_label("Output column").fill("0")
    expect(page.locator(".sight-caption")).to_contain_text("sees rows 0 to 4 and columns 0 to 4")
    # A part of the window lies in the padding. Asked within the page: each answer draws the field anew.
    page.wait_for_function(
        """() => {
            const [window, seen] = ["window", "seen"].map(
                part => document.querySelector(`.field-drawing .${part}`)?.getBoundingClientRect().width);
            return window > seen;
        }"""
    )


def test_windows_that_take_turns_are_told(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    layer = {"type": "ConvTranspose2d", "out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1}
    type_in(page, json.dumps({"input": [1, 8, 8], "layers": [layer]}))
    expect(page.locator(".sight-caption")).to_contain_text("Windows take turns: 1, 2 along each axis")


def test_only_the_last_of_several_answers_counts(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/shapes?include=drawing", hold_the_first)
    field = page.locator("#editor [data-argument=out_channels]")
    field.fill("5")
    page.wait_for_timeout(500)
    field.fill("16")
    computed(page, "11,376")
    assert len(held) == 1
    held[0].abort()


def test_a_service_that_does_not_answer_is_asked_again(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    page.route("**/api/v1/shapes?include=drawing", lambda route: route.abort())
    page.locator("#editor [data-argument=out_channels]").fill("16")
    expect(page.locator("#problem")).to_contain_text("cannot be reached")
    page.unroute("**/api/v1/shapes?include=drawing")
    page.get_by_role("button", name="Try again").click()
    computed(page, "11,376")


def test_a_link_shares_the_network_and_the_layer(visit: Visit, address: str) -> None:
    page = visit("/shapes")
    type_in(page, json.dumps({**SKIP, "input": ["C", 32, 32]}))
    page.locator("[data-line=right] .pick").click()
    expect(page).to_have_url(re.compile(r"\?z=[\w-]+&layer=right$"))
    other = visit(page.url.removeprefix(address))
    expect(other.locator("#totals [data-total=parameters]")).to_have_text("72·C + 664")
    expect(other.locator("#lines .is-chosen")).to_have_attribute("data-line", "right")
    without = visit(page.url.removeprefix(address), java_script_enabled=False)
    computed(without, "72·C + 664")


def test_presets_have_short_links_and_say_what_they_are(visit: Visit, address: str) -> None:
    page = visit("/shapes")
    page.locator("#preset").select_option("resnet18")
    computed(page, "11,689,512")
    expect(page).to_have_url(f"{address}/shapes?preset=resnet18")
    expect(page.locator("#title")).to_contain_text("resnet18")


def test_files_are_downloaded_and_the_link_copied(visit: Visit, tmp_path: Path) -> None:
    page = visit("/shapes?preset=unet")
    page.locator("#take-away summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="PyTorch .py").click()
    assert download.value.suggested_filename == "unet.py"
    download.value.save_as(tmp_path / "unet.py")
    assert "class " in (tmp_path / "unet.py").read_text()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_numbers_beyond_a_double_stay_exact(visit: Visit) -> None:
    page = visit("/shapes")
    computed(page, "21,024")
    type_in(
        page,
        '{"input": [1234567890123456789], "layers": [{"type": "Linear", "out_features": 3, "bias": false}]}',
    )
    computed(page, "3,703,703,670,370,370,367")


def test_hostile_names_stay_text(visit: Visit) -> None:
    page = visit("/shapes", refusals=(422,))
    type_in(page, '{"input": [3], "layers": [{"type": "<img src=x onerror=alert(1)>", "name": "<b>x</b>"}]}')
    expect(page.locator("#problem")).to_contain_text("<img")
    expect(page.locator("#problem img, #lines img, #lines b")).to_have_count(0)


def test_script_says_numbers_as_the_server_does(visit: Visit, address: str) -> None:
    page = visit("/shapes")
    sizes: list[Any] = [
        0,
        999,
        123_456_789,
        -4,
        "1024*NF*NIC*k**2",
        "floor(ceiling(H/2)/3) - 1",
        "H**12",
        5 * 2**40,
    ]
    module = page.evaluate("document.querySelector('script[type=module]').src").replace(
        "shapes/calculator", "typeset"
    )
    said = page.evaluate(TYPESET, [module, sizes])
    assert said == [[typeset(size), typeset_shape([size, "H + 1"]), typeset_bytes(size)] for size in sizes]


def test_without_script_the_form_does_it_all(visit: Visit) -> None:
    page = visit("/shapes", java_script_enabled=False, refusals=(422,))
    page.locator("#preset").select_option("pool-upsample")
    page.get_by_role("button", name="Load").click()
    page.get_by_label("NF =").fill("64")
    page.locator("#symbols").get_by_role("button", name="Compute").click()
    computed(page, "167,904")
    page.locator("[data-line='block2.conv2d1'] .pick").click()
    expect(page.locator(".sight-name")).to_contain_text("block2.conv2d1")
    expect(page.locator(".formula math").first).to_be_attached()
    page.locator("#text").fill("nn.Sequential(nn.Linear(4, 2))")
    page.locator("#typing").get_by_role("button", name="Compute").click()
    computed(page, "10")
    page.locator("#text").fill("nn.Sequential(nn.Linear(4, 2)")
    page.locator("#typing").get_by_role("button", name="Compute").click()
    expect(page.locator("#problem")).to_be_visible()


def test_two_networks_are_compared_as_they_are_chosen_and_typed(visit: Visit, address: str) -> None:
    page = visit("/shapes/compare")
    row = page.locator(".compared-totals tr").filter(has_text="Parameters")
    expect(row).to_contain_text("478.7")
    page.locator("#preset-b").select_option("resnet18")
    expect(row).to_contain_text("11,689,512")
    expect(page).to_have_url(f"{address}/shapes/compare?a=write-up-cnn&b=resnet18")
    page.locator(".asking").first.locator("summary").click()
    page.locator("#text-a").fill("nn.Sequential(nn.Conv2d(3, 5, 1))")
    expect(row).to_contain_text("20")
    expect(page.locator("#preset-a")).to_have_value("")
    page.get_by_role("link", name="Swap sides").click()
    expect(page.locator("#text-b")).to_have_value("nn.Sequential(nn.Conv2d(3, 5, 1))")


@pytest.mark.parametrize("script", [True, False])
def test_a_comparison_says_which_side_cannot_be(visit: Visit, script: bool) -> None:
    page = visit("/shapes/compare", refusals=(422,), java_script_enabled=script)
    page.locator(".asking").last.locator("summary").click()
    page.locator("#text-b").fill("nn.Sequential(nn.Conv9d(3))")
    if not script:
        page.locator(".asking").last.get_by_role("button", name="Compare").click()
    expect(page.locator("#compared [role=alert]")).to_contain_text("Conv9d")
    expect(page.locator("table.layers")).to_have_count(1)
