"""Two networks side by side."""

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

from app.pages.shapes.asked import typed
from app.pages.shapes.comparison import comparison_address

Get = Callable[..., Any]
TEXT = """{"input": ["C", 8, 8], "layers": [
  {"type": "Conv2d", "out_channels": "C", "kernel_size": 3, "bias": false}
]}"""


def compared(page: Any) -> dict[str, list[str]]:
    table = page.one("table", class_="compared-totals")
    rows = [tr for tr in page.all("tr") if table in tr.ancestors]
    cells = [
        [cell.text for cell in page.elements if cell.tag in ("th", "td") and row in cell.ancestors]
        for row in rows
    ]
    return {row[0]: row[1:] for row in cells[1:]}


def test_the_bare_page_has_the_write_ups_two_networks_number_for_number(get: Get) -> None:
    page = get("/shapes/compare")
    assert compared(page) == {
        "Parameters": ["21,024", "10,063,872", "× 478.7"],  # noqa: RUF001
        "Weights": ["21,024", "10,063,872", "× 478.7"],  # noqa: RUF001
        "Biases": ["0", "0", "the same"],
        "Neurons": ["61,632", "4,992", "÷ 12.35"],
        "Connections": ["5,713,920", "10,063,872", "× 1.761"],  # noqa: RUF001
    }
    written = {
        "32 × 32 × 32": ("32,768", "864"),  # noqa: RUF001
        "32 × 16 × 16": ("8,192", "0"),  # noqa: RUF001
        "64 × 16 × 16": ("16,384", "18,432"),  # noqa: RUF001
        "64 × 8 × 8": ("4,096", "0"),  # noqa: RUF001
    }
    first = [row.text for row in page.all("tr", class_="is-layer")][:5]
    for (shape, (neurons, weights)), row in zip(written.items(), first, strict=False):
        assert shape in row and neurons in row and weights in row


def test_symbols_are_compared_where_they_cancel(client: TestClient, get: Get) -> None:
    pair = typed(TEXT), typed(TEXT.replace('"kernel_size": 3', '"kernel_size": 6, "padding": "same"'))
    address = comparison_address(*pair)
    assert address is not None
    table = compared(get(address))
    assert table["Weights"] == ["9·C²", "36·C²", "× 4"]  # noqa: RUF001
    assert not get(address).all("svg", class_="bar-line")


def test_the_form_leads_to_a_link_and_sides_swap(client: TestClient, get: Get) -> None:
    fields = {"from-a": "write-up-cnn", "text-a": "", "text-b": TEXT, "from-b": "write-up-fcnn"}
    response = client.post("/shapes/compare", data=fields, follow_redirects=False)
    assert response.status_code == 303
    address = response.headers["location"]
    assert address.startswith("/shapes/compare?a=write-up-cnn&zb=")
    page = get(address)
    assert page.one("textarea", id="text-b").text == TEXT
    swapped = next(a["href"] for a in page.all("a") if a.text == "Swap sides")
    assert get(swapped).one("textarea", id="text-a").text == TEXT


def test_loading_a_preset_on_one_side_leaves_the_other(client: TestClient) -> None:
    fields = {"a": "resnet18", "load": "a", "text-a": "x", "from-b": "unet", "text-b": ""}
    response = client.post("/shapes/compare", data=fields, follow_redirects=False)
    assert response.headers["location"] == "/shapes/compare?a=resnet18&b=unet"


def test_a_problem_stands_on_its_own_side(client: TestClient, parse: Callable[[str], Any]) -> None:
    fields = {"from-a": "unet", "text-a": "", "text-b": '{"input": [3], "layers": [{"type": "Conv9d"}]}'}
    response = client.post("/shapes/compare", data=fields, headers={"Accept": "text/html"})
    assert response.status_code == 422
    page = parse(response.text)
    [notice] = [div for div in page.all("div", class_="notice") if "hidden" not in div.attributes]
    assert "Conv9d" in notice.text
    assert not page.all("table", class_="compared-totals"), "nothing to compare with"
    assert len(page.all("table", class_="layers")) == 1
