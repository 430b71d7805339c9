"""Convolution by hand in a real browser: typing, presets, walking through the sums, pictures, no script."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
ROWS = ("0 0 -1 -1 -1", "-1 -2 3 2 4", "4 2 1 2 -2", "-2 3 1 3 -1", "0 -2 4 -2 0")
WRITE_UP = [cell for row in ROWS for cell in row.split()]
PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const options = { bubbles: true, cancelable: true, clipboardData };
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def output(page: Page) -> list[str]:
    return [text.replace("\N{MINUS SIGN}", "-") for text in page.locator("#output td").all_inner_texts()]


def shows(page: Page, numbers: list[str]) -> None:
    expect(page.locator("#output td")).to_have_text([one.replace("-", "\N{MINUS SIGN}") for one in numbers])


def at(page: Page, row: int, column: int) -> None:
    expect(page.locator("#output [aria-current]")).to_have_attribute("id", f"o.{row}.{column}")
    expect(page.locator("#sum-title")).to_contain_text(f"Row {row}, column {column}")


def test_the_write_ups_filter_is_there_and_follows_what_is_typed(visit: Visit, address: str) -> None:
    page = visit("/convolve")
    shows(page, WRITE_UP)
    page.get_by_label("Image, row 2, column 2").fill("3")
    expect(page.locator(r"#o\.2\.2")).to_have_text("11")
    expect(page).to_have_url(re.compile(r"image=0,0,0,0,0;"))
    expect(page.get_by_label("Image to begin with")).to_have_value("")
    shows(visit(page.url.removeprefix(address)), output(page))


def test_typing_is_not_disturbed_by_answers(visit: Visit) -> None:
    page = visit("/convolve", refusals=(422,))  # of "1/", half typed
    cell = page.get_by_label("Kernel, row 1, column 1")
    cell.fill("")
    cell.press_sequentially("1/9", delay=400)
    expect(cell).to_have_value("1/9")
    expect(cell).to_be_focused()
    expect(page.locator(r"#o\.2\.2")).to_have_text("\N{MINUS SIGN}35/9")


def test_presets_modes_and_settings(visit: Visit) -> None:
    page = visit("/convolve")
    page.get_by_label("Kernel to begin with").select_option("sobel-x")
    expect(page.locator(r"#k\.1\.0")).to_have_value("-2")
    expect(page.locator("#turned table")).to_be_visible()
    before = output(page)
    page.get_by_label("Cross-correlation").check()
    expect(page.locator("#turned table")).to_have_count(0)
    negated = [str(-int(text)) for text in before]
    shows(page, negated)  # Sobel turned by half a turn is its own negative
    page.get_by_label("Padding", exact=True).select_option("valid")
    expect(page.locator("#output tr")).to_have_count(3)
    page.get_by_label("Columns of the image").fill("7")
    expect(page.locator("#output tr").first.locator("td")).to_have_count(5)


def test_arrows_and_buttons_walk_through_the_sums(visit: Visit) -> None:
    page = visit("/convolve")
    at(page, 2, 2)
    page.locator("#output [aria-current]").focus()
    page.keyboard.press("ArrowRight")
    at(page, 2, 3)
    expect(page.locator(r"#o\.2\.3")).to_be_focused()
    page.keyboard.press("ArrowUp")
    at(page, 1, 3)
    expect(page.locator("#image-grid td[data-weight]")).to_have_count(9)
    page.get_by_role("link", name="First").click()
    at(page, 0, 0)
    page.locator("#output [aria-current]").focus()
    page.keyboard.press("ArrowLeft")
    at(page, 0, 0)
    page.get_by_role("link", name="Next").click()
    at(page, 0, 1)
    expect(page.locator("#output a[tabindex='0']")).to_have_count(1)
    page.locator(r"#o\.4\.2").click()
    at(page, 4, 2)
    expect(page.locator(".term.is-total")).to_have_text("=4")


def test_the_sums_play_until_the_last(visit: Visit) -> None:
    page = visit("/convolve?row=4&column=2")
    page.get_by_role("button", name="Play").click()
    at(page, 4, 4)
    expect(page.get_by_role("button", name="Play")).to_be_disabled()


def test_many_numbers_can_be_pasted_and_keys_move_between_cells(visit: Visit) -> None:
    page = visit("/convolve")
    page.get_by_label("Kernel, row 0, column 0").focus()
    page.evaluate(PASTE, "[[0, 0, 0],\n [0, 1, 0],\n [0, 0, 0]]")
    expect(page.get_by_label("Kernel to begin with")).to_have_value("identity")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Kernel, row 1, column 0")).to_be_focused()


def test_what_is_no_number_is_said_until_it_is_one(visit: Visit) -> None:
    page = visit("/convolve", refusals=(422,))
    cell = page.get_by_label("Kernel, row 1, column 1")
    cell.fill("x")
    expect(page.locator("#grid-problem [role=alert]")).to_contain_text("row 1, column 1")
    page.get_by_label("Kernel, row 1, column 1").fill("5")
    expect(page.locator("#grid-problem [role=alert]")).to_have_count(0)
    shows(page, WRITE_UP)


def test_pictures_are_filtered_and_follow_the_kernel(visit: Visit, photograph: bytes) -> None:
    page = visit("/convolve")
    after = page.locator("#filtered img").last
    page.get_by_role("button", name="A tabby cat").click()
    expect(after).to_have_attribute("src", re.compile("sample=chelsea"))
    page.set_input_files("#picture", {"name": "cup.jpg", "mimeType": "image/jpeg", "buffer": photograph})
    expect(after).to_have_attribute("alt", "cup, under the kernel")
    first = after.get_attribute("src")
    page.get_by_label("Kernel to begin with").select_option("blur")
    expect(after).to_have_attribute("src", re.compile("^data:image/png"))
    expect(after).not_to_have_attribute("src", first or "")
    expect(after).to_have_attribute("alt", "cup, under the kernel")


def test_what_is_no_picture_is_said_beside_it(visit: Visit) -> None:
    page = visit("/convolve", refusals=(422,))
    page.set_input_files("#picture", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.locator("#filtered [role=alert]")).to_contain_text("cannot be filtered")


def test_without_script_forms_and_links_do_it_all(visit: Visit, photograph: bytes) -> None:
    page = visit("/convolve", java_script_enabled=False)
    page.get_by_label("Image, row 2, column 2").fill("3")
    page.get_by_label("Kernel to begin with").select_option("identity")
    page.locator(".is-kernel").get_by_role("button", name="Load").click()
    expect(page.locator("#output td").nth(12)).to_have_text("3")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#sum-title")).to_have_text("Row 2, column 3: 1")
    page.set_input_files("#picture", {"name": "cup.jpg", "mimeType": "image/jpeg", "buffer": photograph})
    page.get_by_role("button", name="Filter the picture").click()
    images = page.locator("#filtered img")
    expect(images).to_have_count(2)
    # The identity changes nothing.
    expect(images.last).to_have_attribute("src", images.first.get_attribute("src") or "none")
