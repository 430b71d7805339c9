"""Many pictures in a real browser with a real worker: dropped, sent, and appearing one by one."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from app.jobs.supervisor import Supervisor
from tests.batches.works import gray_picture
from tests.browser.test_access import RULES, SMALL_TARGETS, WIDER_THAN_THE_WINDOW
from tests.browser.waiting import settles

Visit = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def worker(models: Any) -> Iterator[None]:
    """One worker on the database that the service has, in the folder that the tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMALAB_WORKER_PROCESSES", "1")
        patch.setenv("CHROMALAB_LOG_LEVEL", "error")
        patch.setenv("CHROMALAB_MODELS_DIR", str(models))
        assert "CHROMALAB_DATA_DIR" in os.environ
        supervisor = Supervisor(1)
        supervisor.start()
        yield
        supervisor.stop()


def pictures(count: int) -> list[FilePayload]:
    made = [
        FilePayload(name=f"page {place}.png", mimeType="image/png", buffer=gray_picture(place))
        for place in range(count - 1)
    ]
    return [*made, FilePayload(name="notes.png", mimeType="image/png", buffer=b"no picture")]


def hand_in(page: Page, count: int = 4) -> None:
    page.set_input_files("#images", pictures(count))
    expect(page.locator("#chosen-count")).to_contain_text(f"{count} pictures")
    page.get_by_role("button", name="Colorize them").click()
    page.wait_for_url("**/batch/*")


def test_the_gallery_fills_up_and_is_done(visit: Visit) -> None:
    page = visit("/batch")
    hand_in(page)
    download = page.get_by_role("link", name="Download all as ZIP")
    expect(download).to_be_visible(timeout=60_000)
    expect(page.locator(".tile.is-ok")).to_have_count(3)
    expect(page.locator(".tile.is-problem")).to_contain_text("not a JPEG, PNG, WebP or TIFF")
    expect(page.locator("#problems")).to_have_text("1 with a problem")
    with page.expect_download() as taken:
        download.click()
    assert taken.value.suggested_filename.endswith(".zip")
    for width in (360, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        settles(page, lambda: page.evaluate(WIDER_THAN_THE_WINDOW), [], width)
        settles(page, lambda: page.evaluate(SMALL_TARGETS), [])
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, results.generate_report()


def test_without_script_the_page_looks_again_until_all_is_done(visit: Visit) -> None:
    page = visit("/batch", java_script_enabled=False)
    page.set_input_files("#images", pictures(3))
    page.get_by_role("button", name="Colorize them").click()
    expect(page.get_by_role("link", name="Download all as ZIP")).to_be_visible(timeout=60_000)
    expect(page.locator(".tile.is-ok")).to_have_count(2)


def test_pictures_are_added_removed_and_asked_for(visit: Visit) -> None:
    page = visit("/batch")
    go = page.get_by_role("button", name="Colorize them")
    go.click()
    expect(page.locator('[data-problem="images"]')).to_contain_text("Choose some pictures first.")
    for expected in ("3 pictures", "6 pictures"):
        page.set_input_files("#images", pictures(3))
        expect(page.locator("#chosen-count")).to_contain_text(expected)
    expect(page.locator('[data-problem="images"]')).to_be_hidden()
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator("#chosen")).to_be_hidden()


def test_it_is_deleted_after_a_second_look(visit: Visit) -> None:
    page = visit("/batch", refusals=(404,))
    hand_in(page, 2)
    gallery = page.url
    expect(page.get_by_role("link", name="Download all as ZIP")).to_be_visible(timeout=60_000)
    page.locator(".delete summary").click()
    page.get_by_role("button", name="Delete all pictures").click()
    page.wait_for_url("**/batch")
    page.goto(gallery)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Not found")
