"""The models page, the cards and their files."""

import csv
import json
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.networks.card import NetworkSpec, read_card
from app.pages.samples import SAMPLES
from app.settings import Settings

Get = Callable[..., Any]


def rows(page: Any) -> list[list[str]]:
    """Text of the cells of the first table's body."""
    table = page.all("table")[0]
    body = [tr for tr in page.all("tr") if table in tr.ancestors and tr.ancestors[-1].tag == "tbody"]
    cells = [[cell for cell in page.elements if tr in cell.ancestors[-1:]] for tr in body]
    return [[cell.text.split("\n")[0].strip() for cell in row] for row in cells]


def test_best_first_and_all_numbers_from_the_cards(get: Get, course_models: Path) -> None:
    page = get("/models")
    assert [row[:3] for row in rows(page)] == [
        ["Horses", "69.00 %", "1.3100"],
        ["ConvTransposeNet", "58.00 %", "1.4200"],
        ["PoolUpsampleNet", "42.00 %", "1.5800"],
    ]
    parameters = read_card(course_models / "horses").parameters
    assert rows(page)[0][3] == f"{parameters:,}"
    first = page.all("table")[0]
    sorted_by = [th for th in page.all("th") if th.get("aria-sort") and first in th.ancestors]
    assert [(th.text.split()[-1], th["aria-sort"]) for th in sorted_by] == [("Accuracy", "descending")]


def test_headings_sort_without_script(get: Get) -> None:
    page = get("/models")
    link = next(a for a in page.all("a", class_="sort") if a.text == "Accuracy")
    assert [row[0] for row in rows(get("/models" + link["href"]))] == [
        "PoolUpsampleNet",
        "ConvTransposeNet",
        "Horses",
    ]


def test_networks_of_other_tasks_stand_apart(get: Get) -> None:
    page = get("/models")
    tables = page.all("table", data_sortable="")
    assert len(tables) == 2
    assert "Photo" not in tables[0].text and "Photo" in tables[1].text


def test_curves_are_data_not_code(get: Get) -> None:
    page = get("/models")
    figure = json.loads(page.one("script", id="loss-figure").text)
    assert {trace["name"] for trace in figure["data"]} >= {"Horses", "Horses, training"}
    for plot in [e for e in page.elements if e.get("data-figure")]:
        assert page.one("script", id=plot["data-figure"])["type"] == "application/json"


def test_hostile_cards_are_only_text(
    tmp_path: Path, make_model: Callable[..., Path], parse: Callable[[str], Any]
) -> None:
    from app.main import create_app

    hostile = "</script><script>alert(1)</script>"
    history = [{"epoch": 1, "train_loss": 1.0, "val_loss": 1.0}]
    make_model(
        tmp_path, "horses", title=hostile, licence=hostile, metrics={hostile: hostile}, history=history
    )
    with TestClient(create_app(Settings(preload=False, threads=1, models_dir=tmp_path))) as client:
        for path in ("/models", "/models/horses", "/"):
            page = parse(client.get(path).text)
            assert not [
                script
                for script in page.all("script")
                if "alert" in script.text and script.get("type") is None
            ]
        figure = json.loads(parse(client.get("/models").text).one("script", id="loss-figure").text)
        assert figure["data"][0]["name"] == hostile


@pytest.mark.parametrize("model", ["horses", "photo"])
def test_card_page(get: Get, course_models: Path, model: str) -> None:
    card = read_card(course_models / model)
    page = get(f"/models/{model}")
    text = page.one("main").text
    for value in (card.title, card.sha256, card.licence, card.trained_on, f"{card.parameters:,}"):
        assert value in text
    assert len(page.all("rect")) == card.classes
    assert f"/?model={model}" in [a["href"] for a in page.all("a")]


def test_the_members_of_an_ensemble_are_listed_with_their_weights(
    tmp_path: Path, make_model: Callable[..., Path], parse: Callable[[str], Any]
) -> None:
    from app.main import create_app

    members = [
        {"type": "unet", "arguments": {"features": 4}},
        {"type": "conv-transpose", "arguments": {"kernel_size": 4, "features": 4}},
    ]
    arguments = {"members": members, "weights": [0.25, 0.75]}
    make_model(tmp_path, "horses", spec=NetworkSpec(type="ensemble", arguments=arguments))
    with TestClient(create_app(Settings(preload=False, threads=1, models_dir=tmp_path))) as client:
        page = parse(client.get("/models/horses").text)
    facts = page.one("dl", class_="facts")
    found = [" ".join(each.text.split()) for each in page.all("li") if facts in each.ancestors]
    assert found == [
        "unet features = 4 weight = 0.25",
        "conv-transpose kernel_size = 4 features = 4 weight = 0.75",
    ]
    assert "{" not in facts.text


def test_evaluations_stand_on_the_card(
    tmp_path: Path, make_model: Callable[..., Path], parse: Callable[[str], Any]
) -> None:
    from app.main import create_app

    figures = {
        "pooled_psnr": {"value": 21.4, "low": 20.9, "high": 21.95},
        "pooled_psnr_gain": {"value": 1.28, "low": 0.77, "high": 1.75},
        "median_ms": {"value": 26.7},
    }
    rows = {"gray": {"pooled_psnr": {"value": 20.12}}, "horses": figures}
    table = {"title": "<photos>, shorter side 256", "note": "200 pictures.", "rows": rows}
    make_model(tmp_path, "horses", evaluations=[table])
    with TestClient(create_app(Settings(preload=False, threads=1, models_dir=tmp_path))) as client:
        page = parse(client.get("/models/horses").text)
        card = client.get("/api/v1/models/horses").json()
    found = next(each for each in page.all("table") if "Pooled PSNR" in each.text)
    cells = [
        " ".join(e.text.split()) for e in page.elements if e.tag in ("th", "td") and found in e.ancestors
    ]
    assert cells == [
        "", "Pooled PSNR (dB)", "gain (dB)", "ms a picture",
        "gray", "20.12", "\N{EN DASH}", "\N{EN DASH}",
        "horses", "21.4020.90 to 21.95", "+1.28+0.77 to +1.75", "26.7",
    ]  # fmt: skip
    assert "<photos>, shorter side 256" in [heading.text for heading in page.all("h3")]
    assert card["evaluations"][0]["rows"]["horses"]["pooled_psnr"]["high"] == 21.95


DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 3"/>'


@pytest.fixture
def drawn(tmp_path: Path, make_model: Callable[..., Path]) -> Iterator[TestClient]:
    """A client of a service whose model has a table that is drawn, and one whose drawing is gone."""
    from app.main import create_app

    rows = {"1 at 128": {"network_ms": {"value": 12.5}, "pooled_psnr_gain": {"value": 1.25}}}
    tables = [
        {"title": "Quality against time", "note": "Short.", "picture": "sizes.svg", "rows": rows},
        {"title": "Gone", "picture": "gone.svg", "rows": rows},
    ]
    folder = make_model(tmp_path, "horses", evaluations=tables)
    (folder / "sizes.svg").write_bytes(DRAWING)
    (folder / "private.svg").write_bytes(DRAWING)
    with TestClient(create_app(Settings(preload=False, threads=1, models_dir=tmp_path))) as client:
        yield client


def test_a_drawing_stands_above_its_table(drawn: TestClient, parse: Callable[[str], Any]) -> None:
    page = parse(drawn.get("/models/horses").text)
    (image,) = page.all("img", class_="size-curve")
    assert image["src"] == "/models/horses/sizes.svg" and image["alt"]
    assert "12.5" in page.one("main").text and "Quality against time" in page.one("main").text
    answer = drawn.get(image["src"])
    assert answer.content == DRAWING
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["gone", "private", "..%2Fconfig", "config"])
def test_only_drawings_that_the_card_names_are_given(drawn: TestClient, name: str) -> None:
    assert drawn.get(f"/models/horses/{name}.svg").status_code == 404
    assert drawn.get("/models/zebra/sizes.svg").status_code == 404


def test_files_to_take_away(client: TestClient) -> None:
    comparison = client.get("/models/compare.csv")
    assert comparison.headers["content-type"].startswith("text/csv")
    assert comparison.headers["content-disposition"] == 'attachment; filename="models-palette.csv"'
    assert next(csv.DictReader(StringIO(comparison.text)))["id"] == "horses"
    assert len(list(csv.DictReader(StringIO(client.get("/models/history.csv").text)))) == 75
    assert len(list(csv.DictReader(StringIO(client.get("/models/history.csv?model=horses").text)))) == 25


@pytest.mark.parametrize(
    "path",
    [
        "/models/zebra",
        "/models/history.csv?model=zebra",
        "/models/compare.csv?task=zebra",
        "/models/zebra/samples/coffee.webp",
        "/models/horses/samples/zebra.webp",
    ],
)
def test_what_is_not_there_is_a_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_coloured_by_the_model(client: TestClient, sample: str) -> None:
    response = client.get(f"/models/horses/samples/{sample}.webp")
    assert response.status_code == 200
    picture = Image.open(BytesIO(response.content))
    assert picture.size == (240, SAMPLES[sample].height)
    gray = Image.open(BytesIO(client.get(f"/samples/{sample}/small.jpg").content))
    coloured = np.asarray(picture.convert("RGB"), dtype=float)
    assert np.ptp(coloured, axis=2).mean() > 2, "it has colour"
    assert np.abs(coloured.mean(axis=2) - np.asarray(gray, dtype=float)).mean() < 25, (
        "and is the same picture"
    )


class TestWithoutModels:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        (tmp_path / "broken").mkdir()
        return Settings(preload=False, threads=1, models_dir=tmp_path)

    def test_says_so_and_names_what_is_broken(self, get: Get) -> None:
        text = get("/models").one("main").text
        assert "chromalab train" in text
        assert "broken" in text
