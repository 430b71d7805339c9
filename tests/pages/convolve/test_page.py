"""The page of convolution: its address, its plain forms, and pictures."""

from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.pages.convolve.page import MAX_PIXELS
from app.pages.convolve.presets import IMAGES, KERNELS

Get = Callable[..., Any]
HTML = {"Accept": "text/html"}
WRITE_UP = [[0, 0, -1, -1, -1], [-1, -2, 3, 2, 4], [4, 2, 1, 2, -2], [-2, 3, 1, 3, -1], [0, -2, 4, -2, 0]]


def output(page: Any) -> list[list[int]]:
    links = [link for link in page.all("a") if (link.get("id") or "").startswith("o.")]
    rows = max(int(link["data-row"]) for link in links) + 1
    cells: list[list[int]] = [[] for _ in range(rows)]
    for link in links:
        cells[int(link["data-row"])].append(int(link.text.replace("\N{MINUS SIGN}", "-")))
    return cells


def fields(page: Any) -> dict[str, str]:
    """What the form sends as it stands."""
    found = {}
    for element in page.elements:
        inside = any(parent.get("id") == "convolution" for parent in element.ancestors)
        if not inside or not element.get("name"):
            continue
        if element.tag == "input" and (element.get("type") != "radio" or "checked" in element.attributes):
            found[element["name"]] = element["value"]
        if element.tag == "select":
            chosen = [o for o in page.all("option") if element in o.ancestors and "selected" in o.attributes]
            found[element["name"]] = chosen[0]["value"]
    return found


def test_the_bare_page_is_the_write_ups_filter_and_agrees_with_rest(client: TestClient, get: Get) -> None:
    page = get("/convolve")
    assert output(page) == WRITE_UP
    request = page.one("pre", id="rest").text.partition("\n")[2]
    answer = client.post("/api/v1/convolve", content=request, headers={"Content-Type": "application/json"})
    assert answer.json()["output"] == WRITE_UP


def test_the_form_as_it_stands_leads_back_to_its_page(client: TestClient, get: Get) -> None:
    for address in (
        "/convolve",
        "/convolve?kernel=1/9,2;0.5,0&padding=full&stride=2&mode=cross-correlation&row=1",
    ):
        page = get(address)
        response = client.post("/convolve", data=fields(page), follow_redirects=False)
        assert response.status_code == 303
        again = get(response.headers["location"])
        assert fields(again) == fields(page)


def test_cells_sizes_and_presets_of_the_form(client: TestClient, get: Get) -> None:
    start = fields(get("/convolve"))

    def asked(**changes: str) -> Any:
        response = client.post("/convolve", data={**start, **changes}, follow_redirects=False)
        return get(response.headers["location"])

    assert output(asked(**{"i.2.2": "3"}))[2][2] == 11
    small = asked(**{"i.rows": "2", "i.columns": "3", "padding": "same"})
    assert [len(row) for row in output(small)] == [3, 3]
    loaded = asked(load="kernel", kernel_preset="sobel-x")
    assert fields(loaded)["kernel_preset"] == "sobel-x"
    assert fields(asked(load="image", image_preset="dot"))["image_preset"] == "dot"
    own = asked(kernel_preset="sobel-x")
    assert fields(own)["kernel_preset"] == "sharpen", "a preset that was not loaded changes nothing"


def test_a_sum_is_one_link_away(get: Get) -> None:
    page = get("/convolve?row=1&column=4")
    assert page.one("h2", id="sum-title").text == "Row 1, column 4: 4"
    assert page.one("a", aria_current="true")["id"] == "o.1.4"
    step = next(a["href"] for a in page.all("a") if a.text == "Next")
    assert get(step.partition("#")[0]).one("h2", id="sum-title").text == "Row 2, column 0: 4"
    assert len(page.all("td", class_="is-seen")) == 9


def test_what_is_no_number_is_said_and_stays_in_its_cell(
    client: TestClient, get: Get, parse: Callable[[str], Any]
) -> None:
    start = fields(get("/convolve"))
    hostile = '"><b>'
    response = client.post("/convolve", data={**start, "k.1.1": hostile}, headers=HTML)
    assert response.status_code == 422
    page = parse(response.text)
    assert "Kernel: row 1, column 1" in page.one("div", id="grid-problem").text
    assert page.one("input", id="k.1.1")["value"] == hostile
    assert page.one("input", id="i.1.2")["value"] == "1"


@pytest.mark.parametrize(
    "query", ["image=1;2,3", "kernel=", "padding=9999999", "stride=0", "image=" + ",".join("1" * 17)]
)
def test_addresses_that_hold_no_grids(client: TestClient, query: str) -> None:
    response = client.get(f"/convolve?{query}", headers=HTML)
    assert response.status_code == (200 if query == "kernel=" else 422)


def picture_of(uri: str) -> Any:
    return np.asarray(Image.open(BytesIO(b64decode(uri.partition(",")[2]))))


def send(client: TestClient, data: bytes, **fields: str) -> Any:
    files = {"picture": ("<b>.png", data)}
    return client.post("/convolve/picture", files=files, data=fields, headers=HTML)


def test_an_uploaded_picture_is_shown_before_and_under_the_kernel(
    client: TestClient, parse: Callable[[str], Any], gray_png: bytes
) -> None:
    page = parse(send(client, gray_png, kernel=KERNELS["shift"].grid, mode="cross-correlation").text)
    before, after = (picture_of(img["src"]) for img in page.all("img") if img["src"].startswith("data:"))
    assert before.shape == after.shape == (32, 48)
    assert np.array_equal(after[:, :-1], before[:, 1:]) and not after[:, -1].any()
    assert page.one("input", id="filter-kernel")["value"] == KERNELS["shift"].grid


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [(b"", 422, "file"), (b"hello", 422, "picture"), (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, 422, "")],
)
def test_uploads_that_are_no_picture_are_refused_in_words(
    client: TestClient, parse: Callable[[str], Any], data: bytes, status: int, said: str
) -> None:
    response = client.post(
        "/convolve/picture", files={"picture": ("a.png" if data else "", data)}, headers=HTML
    )
    assert response.status_code == status
    notice = parse(response.text).one("div", id="filtered").text
    assert notice.strip() and said in notice.lower()


def test_pictures_beyond_the_limit_are_refused_before_they_are_decoded(client: TestClient) -> None:
    buffer = BytesIO()
    Image.new("1", (10_000, MAX_PIXELS // 10_000 + 1)).save(buffer, "PNG")
    assert send(client, buffer.getvalue()).status_code == 413


def test_a_form_that_is_none_and_grids_that_are_none(client: TestClient, gray_png: bytes) -> None:
    assert client.post("/convolve/picture", content=b"x", headers=HTML).status_code in (400, 415)
    assert send(client, gray_png, kernel="1,x").status_code == 422
    assert send(client, gray_png, unheard="1").status_code == 422


def test_a_samples_button_leads_to_its_link(client: TestClient) -> None:
    fields = {"kernel": KERNELS["edge"].grid, "padding": "same", "sample": "rocket", "values": "centred"}
    response = client.post(
        "/convolve/picture", files={"picture": ("", b"")}, data=fields, follow_redirects=False
    )
    assert response.status_code == 303
    kernel = KERNELS["edge"].grid
    assert (
        response.headers["location"] == f"/convolve?kernel={kernel}&padding=same&sample=rocket&values=centred"
    )


def test_sample_pictures_under_a_kernel(client: TestClient, get: Get) -> None:
    page = get("/convolve?sample=rocket&kernel=0,1,0;1,-4,1;0,1,0")
    [address] = [img["src"] for img in page.all("img") if "picture.png" in img["src"]]
    response = client.get(address)
    assert (
        response.headers["content-type"] == "image/png" and "immutable" in response.headers["cache-control"]
    )
    assert Image.open(BytesIO(response.content)).mode == "L"
    assert client.get("/convolve/picture.png?kernel=1&sample=zebra").status_code == 404
    assert client.get("/convolve/picture.png?kernel=x").status_code == 422
    assert client.get("/convolve/picture.png").status_code == 422


@pytest.mark.parametrize("name", IMAGES)
def test_every_image_with_every_kernel_has_a_page(get: Get, name: str) -> None:
    for kernel in KERNELS.values():
        assert get(f"/convolve?image={IMAGES[name].grid}&kernel={kernel.grid}&padding=full").one(
            "h2", id="sum-title"
        )
