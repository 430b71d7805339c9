"""The home page and its form without script."""

import json
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.pages.samples import SAMPLES, gray
from app.settings import Settings

Get = Callable[..., Any]
HOSTILE = "<img src=x onerror=alert(1)>'&.png"


def post(client: TestClient, picture: tuple[str, bytes] | None, **fields: str) -> Any:
    files = {"image": picture} if picture else None
    headers = {"Accept": "text/html"}
    if files is None:  # as a browser sends a form whose file was not chosen
        return client.post("/colorize", files={"image": ("", b"")}, data=fields, headers=headers)
    return client.post("/colorize", files=files, data=fields, headers=headers)


def picture_of(uri: str) -> Image.Image:
    assert uri.startswith("data:image/")
    return Image.open(BytesIO(b64decode(uri.partition(",")[2])))


def test_offers_every_model_and_starts_with_the_default(get: Get) -> None:
    page = get("/")
    options = [option for option in page.all("option") if option.ancestors[-1]["name"] == "model"]
    assert [option["value"] for option in options] == ["conv-transpose", "horses", "photo", "pool-upsample"]
    assert [option["value"] for option in options if "selected" in option.attributes] == ["photo"]


def test_works_as_a_plain_form(get: Get) -> None:
    page = get("/")
    form = page.one("form")
    assert (form["action"], form["method"], form["enctype"]) == ("/colorize", "post", "multipart/form-data")
    named = {
        control["name"]
        for tag in ("input", "select", "textarea")
        for control in page.all(tag)
        if control.get("name")
    }
    assert named == {
        "image",
        "model",
        "temperature",
        "saturation",
        "restore",
        "candidate",
        "hints",
        "format",
    }
    first = next(button for button in page.all("button") if button.get("type") == "submit")
    assert first.get("name") is None, "Enter must not press a sample"


def test_the_address_sets_the_panel(get: Get) -> None:
    page = get("/?model=horses&temperature=0.2&saturation=1.5&format=webp&sample=coffee")
    selected = {o["value"] for o in page.all("option") if "selected" in o.attributes}
    assert selected == {"horses", "webp"}
    assert page.one("input", name="temperature")["value"] == "0.2"
    assert page.one("input", name="temperature")["data-default"] == "0.38"
    assert page.one("input", name="saturation")["value"] == "1.5"
    assert page.one("button", value="coffee")["aria-pressed"] == "true"
    assert page.one("form")["data-sample"] == "coffee"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("model=zebra", "model"),
        ("temperature=7", "temperature"),
        ("temperature=nan", "temperature"),
        ("saturation=much", "saturation"),
        ("format=bmp", "format"),
        ("candidate=-1", "candidate"),
        ("hints=red", "hints"),
        ("hints=0.5,2,ff0000", "hints"),
        ("restore=perhaps", "restore"),
        ("sample=../../etc/passwd", "image"),
    ],
)
def test_what_a_link_asks_in_vain_is_said_beside_its_field(get: Get, query: str, field: str) -> None:
    page = get(f"/?{query}")
    shown = [slot for slot in page.all("div", class_="notice") if "hidden" not in slot.attributes]
    assert [slot["data-problem"] for slot in shown] == [field]
    assert page.one("input", name="temperature")["value"] == "0.38"


def test_colours_a_picture_without_script(client: TestClient, parse: Get, gray_png: bytes) -> None:
    response = post(
        client, ("Grandma's house.png", gray_png), model="horses", temperature="0", saturation="2"
    )
    assert response.status_code == 200
    page = parse(response.text)
    before, after = (picture_of(image["src"]) for image in page.all("img"))
    assert before.size == after.size == (48, 32)
    assert np.ptp(np.asarray(before.convert("RGB"), dtype=int), axis=2).max() <= 4, "before is gray"
    link = page.one("a", class_="is-primary")
    assert link["download"] == "Grandma's house-colorized.png"
    full = picture_of(link["href"])
    assert full.format == "PNG" and full.size == (48, 32)
    assert np.ptp(np.asarray(full.convert("RGB"), dtype=int), axis=2).max() > 10, "after is not"
    again = page.all("a", class_="button")[1]
    assert again["href"] == "/?model=horses&saturation=2.0&temperature=0.0"


def test_a_large_picture_is_whole(client: TestClient, parse: Get) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (700, 1100), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    response = post(client, ("noise.png", buffer.getvalue()), model="horses", format="png")
    link = parse(response.text).one("a", class_="is-primary")["href"]
    assert len(link) > 1_500_000, "longer than one block"
    assert picture_of(link).size == (1100, 700)
    assert np.ptp(np.asarray(picture_of(link), dtype=int)[-1, -50:]) > 0


def test_the_page_colours_exactly_as_the_api_does(client: TestClient, parse: Get, gray_png: bytes) -> None:
    fields = {"model": "horses", "temperature": "0.5", "saturation": "1.2", "format": "png"}
    response = post(client, ("a.png", gray_png), **fields)
    api = client.post("/api/v1/colorize", files={"image": ("a.png", gray_png)}, data=fields)
    assert api.status_code == 200
    full = picture_of(parse(response.text).one("a", class_="is-primary")["href"])
    assert np.array_equal(np.asarray(full), np.asarray(Image.open(BytesIO(api.content))))


def test_a_sample_is_one_press(client: TestClient, parse: Get) -> None:
    response = post(client, None, sample="chelsea", model="horses")
    assert response.status_code == 200
    full = picture_of(parse(response.text).one("a", class_="is-primary")["href"])
    assert full.size == Image.open(BytesIO(gray("chelsea"))).size


@pytest.mark.parametrize(
    ("picture", "fields", "status", "field"),
    [
        (None, {}, 422, "image"),
        (("empty.png", b""), {}, 422, "image"),
        (("notes.png", b"not a picture at all"), {}, 415, "image"),
        (("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), {}, 415, "image"),
        ("gray", {"model": "zebra"}, 422, "model"),
        ("gray", {"temperature": "1.5"}, 422, "temperature"),
        ("gray", {"temperature": "inf"}, 422, "temperature"),
        ("gray", {"saturation": "lots"}, 422, "saturation"),
        ("gray", {"format": "gif"}, 422, "format"),
        ("gray", {"hints": "0.5, 0.5, red"}, 422, "hints"),
        ("gray", {"hints": "0.5, 1.5, #ff0000"}, 422, "hints"),
        ("gray", {"hints": "0.5, 0.5, #ff0000\n" * 1001, "model": "photo"}, 422, "hints"),
        ("gray", {"hints": "0.5, 0.5, #ff0000", "model": "horses"}, 422, "hints"),
        ("gray", {"candidate": "1", "model": "horses"}, 422, "candidate"),
        (None, {"sample": "mona-lisa"}, 422, "image"),
    ],
)
def test_problems_stand_beside_their_cause(
    client: TestClient,
    parse: Get,
    gray_png: bytes,
    picture: Any,
    fields: dict[str, str],
    status: int,
    field: str,
) -> None:
    response = post(client, ("a.png", gray_png) if picture == "gray" else picture, **fields)
    assert response.status_code == status
    page = parse(response.text)
    shown = [slot for slot in page.all("div", class_="notice") if "hidden" not in slot.attributes]
    assert field in [slot["data-problem"] for slot in shown]
    assert all(slot.text.strip() for slot in shown)


def test_a_problem_keeps_the_settings(client: TestClient, parse: Get) -> None:
    response = post(client, None, model="horses", saturation="1.5")
    page = parse(response.text)
    assert page.one("input", name="saturation")["value"] == "1.5"
    assert "horses" in [option["value"] for option in page.all("option") if "selected" in option.attributes]


def test_hostile_names_and_values_are_only_text(client: TestClient, parse: Get, gray_png: bytes) -> None:
    for response in (
        post(client, (HOSTILE, gray_png), model="horses"),
        post(client, (HOSTILE, b"no picture"), model="horses"),
        post(client, ("a.png", gray_png), model=HOSTILE),
        client.get("/", params={"model": HOSTILE, "sample": HOSTILE}),
    ):
        page = parse(response.text)
        assert not [image for image in page.all("img") if image["src"] == "x"]
        assert not [name for element in page.elements for name in element.attributes if name.startswith("on")]


def test_a_form_that_is_none_is_refused(client: TestClient) -> None:
    response = client.post("/colorize", content=b"{}", headers={"Content-Type": "application/json"})
    assert response.status_code == 415


class TestWithoutModels:
    @pytest.fixture
    def settings(self, tmp_path: Any) -> Settings:
        return Settings(preload=False, threads=1, models_dir=tmp_path)

    def test_says_what_to_do(self, get: Get) -> None:
        assert "chromalab train" in get("/").one("span", id="model-note").text

    def test_refuses_and_asks_to_come_back(self, client: TestClient, gray_png: bytes) -> None:
        response = post(client, ("a.png", gray_png))
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0


def test_samples_are_all_offered(get: Get) -> None:
    offered = [button["value"] for button in get("/").all("button", class_="sample")]
    assert offered == list(SAMPLES)


@pytest.fixture(scope="module")
def steerable_models(
    tmp_path_factory: pytest.TempPathFactory,
    make_model: Callable[..., Path],
    make_photo_model: Callable[..., Path],
) -> Path:
    models = tmp_path_factory.mktemp("steerable")
    make_photo_model(models, title="Photographs")
    make_model(models, "horses")
    return models


class TestSteering:
    """Hints and candidates by the plain form, with a network that takes them."""

    @pytest.fixture
    def settings(self, steerable_models: Path) -> Settings:
        return Settings(preload=False, threads=1, models_dir=steerable_models)

    def test_hints_one_a_line(self, client: TestClient, parse: Get, gray_png: bytes) -> None:
        hints = "0.25, 0.5, #c03020, 0.3\r\n\r\n0.75 0.5 2050c0"
        response = post(client, ("a.png", gray_png), hints=hints)
        assert response.status_code == 200
        page = parse(response.text)
        as_json = '[{"x":0.25,"y":0.5,"color":"#c03020","radius":0.3},{"x":0.75,"y":0.5,"color":"#2050c0"}]'
        api = client.post("/api/v1/colorize", files={"image": ("a.png", gray_png)}, data={"hints": as_json})
        full = picture_of(page.one("a", class_="is-primary")["href"])
        assert np.array_equal(np.asarray(full), np.asarray(Image.open(BytesIO(api.content))))
        another, same = page.all("a", class_="button")[1:]
        assert another["href"] == "/?model=photo"
        again = parse(client.get(same["href"]).text)
        assert again.one("textarea", name="hints").text.strip() == (
            "0.25, 0.5, #c03020, 0.3\n0.75, 0.5, #2050c0"
        )

    def test_a_candidate(self, client: TestClient, parse: Get, gray_png: bytes) -> None:
        first, second = (
            parse(post(client, ("a.png", gray_png), candidate=number).text).one("a", class_="is-primary")[
                "href"
            ]
            for number in ("0", "1")
        )
        assert first != second
        response = post(client, ("a.png", gray_png), candidate="99")
        assert response.status_code == 422
        page = parse(response.text)
        assert "end at" in page.one("div", data_problem="candidate").text
        assert page.one("input", name="candidate")["value"] == "99"

    def test_the_script_is_told_what_the_link_says(self, get: Get) -> None:
        page = get("/?hints=0.5,0.25,3a6ea5;1,1,000000,0.1&candidate=2&restore=true")
        assert json.loads(page.one("form")["data-steering"]) == {
            "candidate": 2,
            "hints": [
                {"x": 0.5, "y": 0.25, "color": "#3a6ea5", "radius": None},
                {"x": 1.0, "y": 1.0, "color": "#000000", "radius": 0.1},
            ],
        }
        assert "checked" in page.one("input", name="restore").attributes

    def test_says_which_network_can_be_steered(self, get: Get) -> None:
        options = {option["value"]: option for option in get("/").all("option")}
        assert "data-steerable" in options["photo"].attributes
        assert "data-steerable" not in options["horses"].attributes
        assert "hidden" in get("/").one("p", id="steer-note").attributes
        note = get("/?model=horses").one("p", id="steer-note")
        assert "hidden" not in note.attributes
        assert " ".join(note.text.split()).endswith("Photographs can be steered.")

    def test_black_white_and_a_single_pixel(self, client: TestClient) -> None:
        for level in (0, 255):
            for size in ((1, 1), (40, 30)):
                buffer = BytesIO()
                Image.new("L", size, level).save(buffer, "PNG")
                response = post(client, ("a.png", buffer.getvalue()), hints="0.5, 0.5, #ff0000, 1")
                assert response.status_code == 200
