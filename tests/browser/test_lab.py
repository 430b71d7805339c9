"""The lab in a real browser with a real worker: runs to their end, live, and back from a link."""

import os
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from app.jobs.supervisor import Supervisor
from tests.browser.waiting import settles, until

Visit = Callable[..., Page]
SMALL = "/lab/weight-decay?steps=60&sweep=0"
LONG = "/lab/min-norm?steps=200000&d=300&n=100&runs=2&compare=adam&compare=nadam&compare=rmsprop"


@pytest.fixture(scope="module", autouse=True)
def worker() -> Iterator[None]:
    """One worker on the database that the service has, in the folder that the tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMALAB_WORKER_PROCESSES", "1")
        patch.setenv("CHROMALAB_LOG_LEVEL", "error")
        assert "CHROMALAB_DATA_DIR" in os.environ
        supervisor = Supervisor(1)
        supervisor.start()
        yield
        supervisor.stop()


def run(page: Page) -> str:
    """Press Run and wait for the job; its id."""
    article = page.locator("#run")
    before = article.get_attribute("data-job") if article.count() else "none"
    page.get_by_role("button", name="Run", exact=True).click()
    expect(article).not_to_have_attribute("data-job", before or "")
    return str(article.get_attribute("data-job"))


def finished(page: Page) -> None:
    expect(page.locator("#run-state")).to_have_text("Succeeded", timeout=60_000)


def points(page: Page, figure: str) -> list[int]:
    """How many points each trace of a chart has."""
    found: list[int] = page.locator(f"[data-figure={figure}]").evaluate(
        "(plot) => plot.data?.map(({ x }) => x?.length ?? 0) ?? []"
    )
    return found


FOLLOW_BROKEN = """async (job) => {
  const own = [...document.scripts].find(({ src }) => src.endsWith("/lab/demo.js")).src;
  const { follow } = await import(own.replace("demo.js", "events.js"));
  const seen = [];
  const Source = window.EventSource;
  let opened = 0;
  // The first connection goes after a few events, the way a server that restarts lets it go.
  window.EventSource = class extends Source {
    constructor(...given) {
      super(...given);
      opened += 1;
      if (opened > 1) return;
      this.addEventListener("point", () => {
        if (seen.length < 5) return;
        this.close();
        this.dispatchEvent(new Event("error"));
      });
    }
  };
  const point = ({ series }) => seen.push(series);
  await new Promise((end) => follow(`/api/v1/jobs/${job}/events`, { point, end }));
  window.EventSource = Source;
  return { seen, opened };
}"""


def plays(page: Page, figure: str) -> None:
    """The walks of a chart stand where its slider says, and go on from there by themselves."""
    page.locator(f"[data-figure={figure}]").scroll_into_view_if_needed()
    walk = page.locator(f"[data-figure={figure}] + .walk")
    moment = walk.get_by_label("How far the walks are shown")
    moment.wait_for(timeout=60_000)
    moment.fill("5")
    settles(page, lambda: points(page, figure)[-4:], [5, 5, 1, 1])
    walk.get_by_role("button", name="Play").click()
    until(page, lambda: points(page, figure)[-3] > 20)
    walk.get_by_role("button", name=re.compile("Pause|Play")).click()


def test_a_run_ends_in_its_certificate_and_its_link_reproduces_it(visit: Visit, address: str) -> None:
    page = visit(SMALL)
    job = run(page)
    finished(page)
    expect(page.locator(".certificate h2")).to_contain_text("3 of 3 claims hold")
    expect(page.locator("#status")).to_contain_text("3 of 3 claims hold")
    claims = page.locator(".claims tbody").inner_text()
    until(page, lambda: min(points(page, "steps"), default=0) > 10)
    for setting in (f"job={job}", "steps=60", "momentum=0.9"):
        expect(page).to_have_url(re.compile(re.escape(setting)))
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").first.click()
    assert download.value.suggested_filename.endswith(".svg")
    # A stream that breaks loses nothing and doubles nothing.
    found = page.evaluate(FOLLOW_BROKEN, job)
    assert found["opened"] == 2
    counts = [found["seen"].count(f"{name}/gap") for name in ("sgd", "heavy-ball", "adam")]
    settles(page, lambda: points(page, "steps"), counts)
    # The link shows the same run; without the run it gives the same numbers anew.
    link = page.url.removeprefix(address)
    page.goto(page.url)
    expect(page.locator(".claims tbody")).to_have_text(claims, use_inner_text=True)
    fresh = visit(link.partition("&job=")[0], java_script_enabled=False)
    fresh.get_by_role("button", name="Run", exact=True).click()
    finished(fresh)
    assert job not in fresh.url
    expect(fresh.locator(".claims tbody")).to_have_text(claims, use_inner_text=True)


def test_points_arrive_live_and_a_run_is_cancelled_and_resumed(visit: Visit) -> None:
    page = visit(LONG)
    first = run(page)
    listed = visit("/lab/jobs")
    row = listed.locator(f"tr[data-job='{first}']")
    expect(row).to_contain_text(re.compile("Running|Waiting"))
    row.get_by_role("checkbox").check()
    until(page, lambda: min(points(page, "distance"), default=0) > 3)
    before = min(points(page, "distance"))
    until(page, lambda: min(points(page, "distance")) > before)
    expect(page.locator("#run-progress")).not_to_have_attribute("value", "0")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run-state")).to_have_text("Cancelled")
    kept = min(points(page, "distance"))
    assert kept > before, "what was drawn stays"
    expect(row).to_contain_text("Cancelled")
    expect(row.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#run")).not_to_have_attribute("data-job", first)
    until(page, lambda: min(points(page, "distance"), default=0) > kept)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run-state")).to_have_text("Cancelled")


def test_settings_are_checked_as_one_types(visit: Visit) -> None:
    page = visit("/lab/min-norm", refusals=(422,))
    equations = page.get_by_label("Equations", exact=True)
    equations.fill("40")
    equations.blur()
    expect(page.locator("#problem-n")).to_contain_text("below d")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(equations).to_be_focused()
    expect(page.locator("#run")).to_have_count(0)
    equations.fill("12")
    equations.blur()
    expect(page.locator("#problem-n")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"\bn=12\b"))  # the address follows
    # A slider and its field say the same; this one is logarithmic.
    steps, slider = page.get_by_label("Steps", exact=True), page.get_by_label("Steps, slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(steps).to_have_value("1")
    page.keyboard.press("End")
    expect(steps).to_have_value("200000")
    steps.fill("450")
    until(page, lambda: 200_000 ** (float(slider.input_value()) / 1000) == pytest.approx(450, rel=0.02))


def test_a_click_on_the_map_chooses_the_start_and_walks_can_be_played(visit: Visit) -> None:
    page = visit("/lab/trajectories?steps=200&optimizers=gd&optimizers=adam")
    ground = page.locator("[data-figure=preview] .nsewdrag").first
    expect(page.locator("[data-figure=preview] .contourlayer path").first).to_be_visible()
    ground.hover()  # waits until it keeps its place
    box = ground.bounding_box()
    assert box is not None
    ground.click(position={"x": box["width"] / 4, "y": box["height"] / 4})
    start = page.get_by_label("Start", exact=True)
    expect(start).not_to_have_value("")
    x, y = map(float, start.input_value().split(","))
    assert x == pytest.approx(-3, abs=0.1) and y == pytest.approx(3, abs=0.1)
    run(page)
    finished(page)
    for figure in ("contour", "relief"):
        plays(page, figure)


def test_without_script_a_form_leads_to_a_page_that_refreshes_itself(visit: Visit) -> None:
    page = visit("/lab/rmsprop-counterexample", java_script_enabled=False)
    page.get_by_label("Learning rate", exact=True).fill("91/410")
    page.get_by_role("button", name="Run", exact=True).click()
    finished(page)
    expect(page.locator(".certificate h2")).to_contain_text("4 of 4 claims hold")
    expect(page.get_by_text("28/41").first).to_be_attached()


def test_runs_are_compared_on_one_chart(visit: Visit, address: str) -> None:
    page = visit("/lab/compare")
    for decay in (1e-3, 1e-2):
        params = {"decay": decay, "steps": 60, "sweep": 0}
        page.request.post(f"{address}/api/v1/jobs", data={"demo": "weight-decay", "params": params})

    def shown() -> bool:
        page.goto(f"{address}/lab/compare")
        return page.locator("#choice tbody tr").nth(0).inner_text().count("Succeeded") == 1

    until(page, shown)
    ticks = page.locator("#choice input[type=checkbox]")
    ticks.nth(0).check()
    ticks.nth(1).check()
    page.get_by_role("button", name="Compare the ticked ones").click()
    until(page, lambda: len(points(page, "compared-1")) == 6)
    expect(page.locator(".compared")).to_contain_text("Decay")
