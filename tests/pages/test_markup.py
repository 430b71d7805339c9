"""What holds for every page: links lead somewhere, controls have names, headings are in order."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urldefrag

import pytest
from fastapi.testclient import TestClient

from app.pages.nav import NAV

PAGES = {
    "/": 200,
    "/?model=horses&sample=coffee": 200,
    "/batch": 200,
    "/batch?model=horses&saturation=9": 200,
    "/models": 200,
    "/models?sort=parameters&order=asc": 200,
    "/models/horses": 200,
    "/models/photo": 200,
    "/lab": 200,
    "/lab/min-norm": 200,
    "/lab/trajectories?surface=beale&start=1,1": 200,
    "/lab/receptive-field?network=nonsense(": 422,
    "/lab/jobs": 200,
    "/lab/jobs?state=failed&demo=min-norm": 200,
    "/lab/compare": 200,
    "/write-up": 200,
    "/lab/zebra": 404,
    "/shapes": 200,
    "/shapes?preset=unet&layer=block2.conv2d1": 200,
    "/shapes?preset=pool-upsample&symbols=1": 200,
    "/shapes?z=broken": 422,
    "/shapes/compare": 200,
    "/shapes/compare?a=unet&zb=broken": 422,
    "/shapes/solve": 200,
    "/shapes/solve?type=ReLU": 422,
    "/convolve": 200,
    "/convolve?mode=cross-correlation&kernel=1,2;3,4&padding=full&row=0": 200,
    "/convolve?image=x": 422,
    "/nowhere": 404,
    "/models/zebra": 404,
}
Get = Callable[..., Any]
each_page = pytest.mark.parametrize(("path", "status"), PAGES.items())


@each_page
def test_every_link_and_picture_resolves(client: TestClient, get: Get, path: str, status: int) -> None:
    page = get(path, status)
    ids = [element["id"] for element in page.elements if element.get("id")]
    assert len(ids) == len(set(ids)), "an id is given twice"
    for element in page.elements:
        address = element.get("href") or (element.get("src") if element.tag != "script" else None)
        if not address:
            continue
        assert address.startswith(("/", "#", "?")), f"{address} leaves the host"
        target, fragment = urldefrag(address)
        if target:
            full = path.partition("?")[0] + target if target.startswith("?") else target
            assert client.get(full, headers={"Accept": "text/html"}).status_code == 200, address
        else:
            assert fragment in ids


@each_page
def test_nothing_is_inline(client: TestClient, get: Get, path: str, status: int) -> None:
    page = get(path, status)
    assert not page.all("style")
    for script in page.all("script"):
        assert script.get("src") or script["type"] == "application/json"
    for element in page.elements:
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
    policy = client.get(path, headers={"Accept": "text/html"}).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    charts = bool([e for e in page.elements if e.get("data-figure")])
    assert ("'unsafe-inline'" in policy) == charts, (
        "styles are relaxed where a chart needs it, and nowhere else"
    )


@each_page
def test_the_page_says_what_it_is(get: Get, path: str, status: int) -> None:
    page = get(path, status)
    assert page.one("html")["lang"] == "en"
    [title] = [title for title in page.all("title") if title.ancestors[-1].tag == "head"]
    assert len(title.text) > 5
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(e.text.strip() for e in page.elements if re.fullmatch(r"h[1-6]", e.tag))
    assert page.one("a", class_="skip")["href"] == "#" + page.one("main")["id"]


@each_page
def test_every_control_and_picture_has_a_name(get: Get, path: str, status: int) -> None:
    page = get(path, status)
    labelled = {label["for"] for label in page.all("label") if label.get("for")}
    ids = {element["id"] for element in page.elements if element.get("id")}
    for element in page.elements:
        match element.tag:
            case "img":
                assert element["alt"]
            case "svg":
                named = element.get("aria-label") or element.get("aria-labelledby")
                assert element.get("aria-hidden") == "true" or named
            case "input" | "select" | "textarea" if element.get("type") != "hidden":
                wrapped = any(parent.tag == "label" for parent in element.ancestors)
                assert wrapped or element.get("aria-label") or element["id"] in labelled
            case "button" | "a":
                pictures = [e for e in page.all("img") if element in e.ancestors]
                assert element.text.strip() or pictures
        for name in ("aria-describedby", "aria-labelledby", "for"):
            assert set((element.get(name) or "").split()) <= ids, f"{name}={element.get(name)}"


@each_page
def test_the_header_leads_to_every_place(get: Get, path: str, status: int) -> None:
    page = get(path, status)
    header = page.one("header", class_="site-header")
    links = [a for a in page.all("a") if header in a.ancestors and a.get("class") != "brand"]
    assert [(a.text, a["href"]) for a in links] == [(place.title, place.href) for place in NAV]
    here = [a["href"] for a in links if a.get("aria-current") == "page"]
    bare = path.partition("?")[0]
    place = bare.split("/")[1].replace("convolve", "shapes").replace("batch", "")
    assert here == ([] if place == "nowhere" else [f"/{place}"])
