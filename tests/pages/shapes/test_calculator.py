"""The calculator as pages and plain forms: what is asked, what comes back, what can be taken away."""

import ast
import csv
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from app.pages.shapes.link import unpack
from app.shapes.exporting.formats import FORMATS

Get = Callable[..., Any]
SOURCE = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyBatchNorm1d())"
TEXT = '{"input": ["C", 16, 16], "layers": [{"type": "Conv2d", "out_channels": "2*C", "kernel_size": 3}]}'
HOSTILE = "</textarea><script>alert(1)</script>"


def post(client: TestClient, path: str = "/shapes", **fields: str) -> Any:
    return client.post(path, data=fields, headers={"Accept": "text/html"}, follow_redirects=False)


def totals(page: Any) -> dict[str, str]:
    return {dd["data-total"]: dd.text for dd in page.all("dd") if dd.get("data-total")}


def test_the_bare_page_has_the_write_ups_table(get: Get) -> None:
    page = get("/shapes")
    rows = [tr.text.split() for tr in page.all("tr", class_="is-layer")]
    assert [row[0] for row in rows] == ["conv1", "pool1", "conv2", "pool2", "conv3"]
    assert totals(page) | {"connections": "", "connections_in_bounds": "", "multiply_accumulates": ""} == {
        "parameters": "21,024",
        "weights": "21,024",
        "neurons": "61,632",
        "biases": "0",
        "buffers": "0",
        "connections": "",
        "connections_in_bounds": "",
        "multiply_accumulates": "",
    }


def test_the_page_agrees_with_rest(client: TestClient, get: Get) -> None:
    body = client.get("/api/v1/shapes/presets/unet").json()
    for said in ("name", "title", "notes"):
        body.pop(said, None)
    result = client.post("/api/v1/shapes", json=body).json()
    page = get("/shapes?preset=unet")
    assert {name: f"{count:,}" for name, count in result["totals"].items()}.items() >= totals(page).items()
    rows = [tr["data-line"] for tr in page.all("tr", class_="is-layer")]
    assert rows == [layer["name"] for layer in result["layers"]]
    assert page.one("pre", id="code").text.strip() == result["pytorch"].strip()


def test_formulas_are_mathml_with_the_numbers_put_in(get: Get) -> None:
    page = get("/shapes?layer=conv2")
    [formula] = [f.text for f in page.all("div", class_="formula") if "out" in f.text]
    assert formula.replace(" ", "").replace("\N{MINUS SIGN}", "-") == "Hout=Wout=⌊16+2·1-1·(3-1)-11⌋+1=16"
    assert page.all("mfrac")
    caption = page.one("p", class_="sight-caption").text
    assert caption.startswith(
        "The output of conv2 at row 8, column 8 sees rows 13 to 20 and columns 13 to 20"
    )


def test_typed_text_gets_a_link_that_holds_it(client: TestClient, get: Get) -> None:
    response = post(client, text=TEXT, symbols="1", grows="C")
    assert response.status_code == 303
    address = response.headers["location"]
    query = parse_qs(urlsplit(address).query)
    assert unpack(query["z"][0]) == TEXT and query["symbols"] == ["1"] and query["grows"] == ["C"]
    page = get(address)
    assert totals(page)["weights"] == "18·C²"
    assert page.one("textarea", id="text").text == TEXT
    assert "× 4" in page.one("tbody", id="scaling").text  # noqa: RUF001


def test_text_that_is_a_preset_keeps_the_presets_link(client: TestClient, get: Get) -> None:
    text = get("/shapes?preset=unet").one("textarea", id="text").text
    response = post(
        client, text=text, **{"from": "unet", "value.NF": "32", "value.NC": "24", "value.NIC": "1"}
    )
    assert response.headers["location"] == "/shapes?preset=unet"


def test_values_of_symbols_are_put_in(client: TestClient, get: Get) -> None:
    text = get("/shapes?preset=unet").one("textarea", id="text").text
    response = post(client, text=text, **{"from": "unet", "value.NF": "64", "value.NC": "", "value.NIC": "1"})
    page = get(response.headers["location"])
    fields = {
        field["name"]: field["value"] for field in page.all("input") if field["name"].startswith("value.")
    }
    assert fields == {"value.NC": "", "value.NF": "64", "value.NIC": "1"}
    assert "NC" in totals(page)["weights"] and "NF" not in totals(page)["weights"]


def test_loading_a_preset_forgets_the_text(client: TestClient) -> None:
    response = post(client, text="nonsense", preset="resnet18", load="1")
    assert response.headers["location"] == "/shapes?preset=resnet18"


def test_a_network_too_long_for_a_link_is_shown_in_place(
    client: TestClient, parse: Callable[[str], Any]
) -> None:
    import random

    letters = random.Random(0)
    layers = [{"type": "ReLU", "name": f"l{letters.getrandbits(90)}"} for _ in range(900)]
    response = post(client, text=json.dumps({"input": [8], "layers": layers}))
    assert response.status_code == 200
    page = parse(response.text)
    assert totals(page)["neurons"] == "7,200"
    assert page.one("textarea", id="text").text == json.dumps({"input": [8], "layers": layers})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOURCE, "LazyBatchNorm1d"),
        ("{", "not JSON"),
        (
            '{"input": [3, 8, 8], "layers": [{"type": "Conv2d", "out_channels": 4, "kernel_size": 9}]}',
            "conv2d1",
        ),
        (
            '{"input": [9], "layers": [{"type": "ReLU", "name": "a", "inputs": ["a"]}]}',
            "cycle",
        ),
        (HOSTILE, "text"),
    ],
)
def test_what_cannot_be_computed_is_said_and_what_was_typed_stays(
    client: TestClient, parse: Callable[[str], Any], text: str, said: str
) -> None:
    response = client.post("/shapes", data={"text": text}, headers={"Accept": "text/html"})
    assert response.status_code == 422
    page = parse(response.text)
    assert (
        said in page.one("div", id="problem").text
        and "hidden" not in page.one("div", id="problem").attributes
    )
    assert page.one("textarea", id="text").text == text
    assert "open" in page.one("details", id="typing").attributes
    assert not [script for script in page.all("script") if "alert" in script.text]


@pytest.mark.parametrize(
    "query", ["z=zzzz", "preset=zebra", "network=1", "z=%F0%9F%90%B4", "layer=x&grows=y&preset=%00"]
)
def test_addresses_that_hold_no_network_say_so(get: Get, query: str) -> None:
    page = get(f"/shapes?{query}", 422)
    assert page.one("div", id="problem").text.strip()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_taken_away(client: TestClient, name: str) -> None:
    response = post(client, "/shapes/file", **{"text": TEXT, "format": name, "value.C": "4"})
    assert response.status_code == 200
    assert response.headers["content-disposition"] == f'attachment; filename="network.{FORMATS[name].ending}"'
    match name:
        case "json":
            assert response.json()["totals"]["weights"] == 288
        case "csv":
            assert any("288" in row for row in csv.reader(response.text.splitlines()))
        case "pytorch":
            ast.parse(response.text)
            assert "Conv2d(4, 8, 3)" in response.text
        case "svg":
            assert response.text.startswith("<svg ")
        case _:
            assert "8" in response.text and "Conv2d" in response.text


def test_files_are_named_after_their_preset_and_may_leave_symbols_free(client: TestClient) -> None:
    response = post(client, "/shapes/file", **{"from": "pool-upsample", "format": "json", "symbols": "1"})
    assert response.headers["content-disposition"] == 'attachment; filename="pool-upsample.json"'
    assert response.json()["totals"]["neurons"] == "4352*NC + 3520*NF"


def test_files_of_nothing_and_of_unknown_formats_are_refused(client: TestClient) -> None:
    assert post(client, "/shapes/file", text="{", format="json").status_code == 422
    assert post(client, "/shapes/file", text=TEXT, format="docx").status_code == 404


def test_the_comparison_is_one_link_away(get: Get) -> None:
    assert get("/shapes").one("a", id="compare")["href"] == "/shapes/compare?a=write-up-cnn&b=write-up-fcnn"
    link = get("/shapes?preset=write-up-fcnn").one("a", id="compare")["href"]
    assert link == "/shapes/compare?a=write-up-fcnn&b=write-up-cnn"
