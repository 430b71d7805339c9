"""Colouring by REST: what comes back."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from app.networks.card import read_card
from app.networks.weights import load_network
from tests.api.colorizing import URL, opened, picture, post, service


@pytest.fixture(scope="module")
def client(tiny_models: Path) -> Iterator[TestClient]:
    with service(tiny_models) as client:
        yield client


def test_a_picture_comes_back_in_colour(client: TestClient) -> None:
    answer = post(client, temperature="0")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-model"] == "photo"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["content-disposition"] == 'inline; filename="gran-colorized.png"'
    stages = re.findall(r"(\w+);dur=([\d.]+)", answer.headers["server-timing"])
    assert [name for name, _ in stages] == ["queue", "decode", "network", "join", "encode"]
    assert all(float(milliseconds) >= 0 for _, milliseconds in stages)
    image = opened(answer.content)
    assert (image.mode, image.size) == ("RGB", (48, 32))
    assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 5


def test_the_model_and_format_asked_for_are_used(client: TestClient) -> None:
    answer = post(client, model="horses", format="jpeg")
    assert answer.headers["x-model"] == "horses"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == 'inline; filename="gran-colorized.jpg"'
    assert opened(answer.content).format == "JPEG"


@pytest.mark.parametrize(("format", "answered"), [("JPEG", "jpeg"), ("WEBP", "webp"), ("TIFF", "png")])
def test_the_answer_is_of_the_upload_s_format_if_it_can_be(
    client: TestClient, format: str, answered: str
) -> None:
    assert post(client, picture(format=format)).headers["content-type"] == f"image/{answered}"


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (1000, 1100)])
def test_odd_sizes(client: TestClient, size: tuple[int, int]) -> None:
    answer = post(client, picture(*size))
    assert answer.status_code == 200
    assert opened(answer.content).size == size


def test_empty_fields_of_a_plain_form_mean_the_default(client: TestClient) -> None:
    answer = post(client, model="", format="", saturation="", temperature="", candidate="", hints="")
    assert answer.status_code == 200
    assert answer.headers["x-model"] == "photo"


def test_classes_can_be_recounted_from_outside(client: TestClient, tiny_models: Path) -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (32, 32), dtype=np.uint16)
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "PNG")
    files, data = {"image": ("horse.png", file.getvalue())}, {"model": "horses"}
    body = client.post(URL, params={"include": "classes"}, files=files, data=data).json()
    assert body.keys() == {"model", "width", "height", "classes", "palette"}
    assert (body["model"], body["width"], body["height"]) == ("horses", 32, 32)
    card = read_card(tiny_models / "horses")
    assert card.palette is not None
    np.testing.assert_allclose(body["palette"], card.palette)
    with torch.inference_mode():
        planes = torch.from_numpy(gray.astype(np.float32) / np.float32(65535))[None, None]
        expected = load_network(tiny_models / "horses", card)(planes)[0].argmax(dim=0)
    np.testing.assert_array_equal(body["classes"], expected.numpy())


def content_of(uri: str) -> bytes:
    media_type, _, encoded = uri.partition(";base64,")
    assert media_type.startswith("data:image/")
    return base64.b64decode(encoded, validate=True)


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("?include=uncertainty", "*/*"),
        ("", "application/json"),
        ("", "application/json, text/plain, */*"),
        ("", "image/*;q=0.5, application/json"),
        ("?include=uncertainty", "image/png"),
    ],
)
def test_json_holds_the_picture_and_its_uncertainty(client: TestClient, query: str, accept: str) -> None:
    files = {"image": ("gran.webp", picture(format="WEBP"))}
    answer = client.post(URL + query, files=files, headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-model"] == "photo"
    body = answer.json()
    assert body.keys() == {"model", "width", "height", "image", "uncertainty"}
    assert (body["width"], body["height"]) == (48, 32)
    image = opened(content_of(body["image"]))
    assert (image.format, image.size) == ("WEBP", (48, 32))
    doubt = opened(content_of(body["uncertainty"]))
    assert (doubt.format, doubt.mode) == ("PNG", "L")
    assert doubt.size[0] > doubt.size[1]


@pytest.mark.parametrize(
    "accept",
    ["*/*", "image/*", "application/json;q=0", "image/png, application/json;q=0.9", "nonsense;q=x", ""],
)
def test_without_asking_for_json_the_answer_is_the_picture(client: TestClient, accept: str) -> None:
    answer = client.post(URL, files={"image": picture()}, headers={"Accept": accept})
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("query", ["?include=classes,uncertainty", "?include=uncertainty&include=classes"])
def test_extras_combine(client: TestClient, query: str) -> None:
    body = client.post(URL + query, files={"image": picture()}, data={"model": "horses"}).json()
    assert body.keys() == {"model", "width", "height", "image", "uncertainty", "classes", "palette"}
    assert len(body["palette"]) == 24


@pytest.mark.parametrize(
    ("preview", "size"), [(16, (16, 11)), (60, (60, 40)), (90, (90, 60)), (4000, (90, 60))]
)
def test_a_preview_is_small(client: TestClient, preview: int, size: tuple[int, int]) -> None:
    answer = client.post(f"{URL}?preview={preview}", files={"image": picture(90, 60)})
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == size
    told = client.post(
        f"{URL}?preview={preview}&include=uncertainty", files={"image": picture(90, 60)}
    ).json()
    assert (told["width"], told["height"]) == (90, 60)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        (".", 'inline; filename="picture-colorized.png"'),
        ("../../x.png", 'inline; filename="x-colorized.png"'),
        ("Oma Käthe.png", "inline; filename*=UTF-8''Oma%20K%C3%A4the-colorized.png"),
        ("a;b,c=d.png", "inline; filename*=UTF-8''a%3Bb%2Cc%3Dd-colorized.png"),
    ],
)
def test_names_are_safe(client: TestClient, name: str, disposition: str) -> None:
    assert post(client, picture(), name).headers["content-disposition"] == disposition


def test_the_reference_tells_all_of_it(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"][URL]["post"]
    schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["image"]
    assert set(schema["properties"]) == {
        "image",
        "model",
        "format",
        "saturation",
        "temperature",
        "restore",
        "candidate",
        "hints",
    }
    assert {"200", "400", "413", "415", "422", "503"} <= operation["responses"].keys()
    assert {"image/png", "image/jpeg", "image/webp", "application/json"} == operation["responses"]["200"][
        "content"
    ].keys()
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert answer.rsplit("/", 1)[1] in document["components"]["schemas"]


def test_what_was_not_gray_is_said(client: TestClient) -> None:
    gray: Any = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 4
    sepia = np.stack([gray, (gray * 0.8).astype(np.uint8), (gray * 0.6).astype(np.uint8)], axis=-1)
    colored = np.stack([gray, gray.T[::-1], gray[:, ::-1]], axis=-1)
    for samples, expected in ((gray, None), (sepia, "toned"), (colored, "color")):
        file = io.BytesIO()
        Image.fromarray(samples).save(file, "PNG")
        body = client.post(URL + "?include=uncertainty", files={"image": file.getvalue()}).json()
        assert body.get("source") == expected


@pytest.mark.parametrize("text", ["true", "on", "1"])
def test_contrast_is_restored_on_request_only(client: TestClient, text: str) -> None:
    """Unless asked for, luminance is kept to the step; asked for, the tones reach both ends."""
    faded: Any = 90 + np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(faded).save(file, "PNG")
    files = {"image": file.getvalue()}
    grays = []
    for data in ({}, {"restore": text}, {"restore": "false"}):
        response = client.post(URL, files=files, data=data | {"saturation": "0"})
        assert response.status_code == 200, response.text
        grays.append(np.asarray(Image.open(io.BytesIO(response.content)))[..., 0])
    np.testing.assert_array_equal(grays[0], faded)
    np.testing.assert_array_equal(grays[2], faded)
    assert np.ptp(grays[1]) > 2 * np.ptp(faded)
    assert (np.diff(grays[1].astype(int), axis=1) >= 0).all()
