"""What a page weighs before charts: its HTML, styles, scripts and every picture that is not loaded late."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient

from app.pages.assets import PLOTLY

BUDGET = 100_000


def modules(client: TestClient, address: str, seen: set[str]) -> None:
    """A script and all it imports."""
    if address in seen:
        return
    seen.add(address)
    for name in re.findall(r'from "(\.\.?/.+?)"', client.get(address).text):
        modules(client, urljoin(address, name), seen)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?sample=chelsea",
        "/batch",
        "/lab",
        "/lab/min-norm",
        "/lab/trajectories",
        "/lab/jobs",
        "/write-up",
        "/models",
        "/models/horses",
        "/shapes",
        "/shapes/compare",
        "/shapes/solve",
        "/convolve",
        "/nowhere",
    ],
)
def test_pages_are_light(client: TestClient, parse: Callable[[str], Any], path: str) -> None:
    html = client.get(path, headers={"Accept": "text/html"}).text
    page = parse(html)
    addresses = {link["href"] for link in page.all("link")}
    for script in page.all("script", type="module"):
        modules(client, script["src"], addresses)
    early = [image for image in page.all("img") if image.get("src") and image.get("loading") != "lazy"]
    addresses |= {image["src"] for image in early}
    assert not any(PLOTLY in address for address in addresses), "Plotly loads with its first chart only"
    weights = {address: len(client.get(address).content) for address in addresses}
    weights[path] = len(html.encode())
    assert sum(weights.values()) <= BUDGET, sorted(weights.items(), key=lambda item: -item[1])[:5]


@pytest.mark.parametrize("path", ["/models", "/models/horses"])
def test_late_pictures_are_small(client: TestClient, parse: Callable[[str], Any], path: str) -> None:
    for image in parse(client.get(path).text).all("img", loading="lazy"):
        response = client.get(image["src"])
        assert response.status_code == 200
        assert len(response.content) <= 20_000, image["src"]
