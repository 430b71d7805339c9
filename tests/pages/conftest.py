"""What the tests of the pages share: models with made-up measures, a picture, pages as elements."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.settings import Settings

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HISTORY = [
    {"epoch": epoch, "train_loss": 3.0 / epoch, "val_loss": 3.1 / epoch, "val_accuracy": 0.6 - 0.3 / epoch}
    for epoch in range(1, 26)
]


@dataclass
class Element:
    """An element with its attributes, its own and its descendants' text, and the tags it lies in."""

    tag: str
    attributes: dict[str, str]
    ancestors: tuple["Element", ...]
    text: str = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)


class Document(HTMLParser):
    """A page as the list of its elements; tags left open or closed twice are a failure."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {[element.tag for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"td", "tr", "th"}:  # HTML closes these itself
            closes = {"td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"}}[tag]
            while self._open[-1].tag in closes:
                self._open.pop()
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"tr", "tbody"}:
            while self._open[-1].tag in {"td", "th", "tr"} and self._open[-1].tag != tag:
                self._open.pop()
        assert self._open and self._open[-1].tag == tag, f"</{tag}> closes nothing"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag with these attribute values (`class_` holds if it is one of the classes)."""
        return [element for element in self.elements if element.tag == tag and _matches(element, attributes)]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]


def _matches(element: Element, attributes: dict[str, str]) -> bool:
    for name, wanted in attributes.items():
        value = element.get(name.rstrip("_").replace("_", "-"))
        if value is None or (wanted not in value.split() if name == "class_" else wanted != value):
            return False
    return True


@pytest.fixture(scope="session")
def course_models(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    """A models folder as the course has it, tiny, with made-up measures, and one model for photographs."""
    models = tmp_path_factory.mktemp("course")
    for model_id, title, accuracy in (
        ("pool-upsample", "PoolUpsampleNet", 0.42),
        ("conv-transpose", "ConvTransposeNet", 0.58),
        ("horses", "Horses", 0.69),
    ):
        metrics = {"horses-24 test": {"accuracy": accuracy, "cross_entropy": 2 - accuracy}, "note": "made up"}
        make_model(models, model_id, title=title, metrics=metrics, history=HISTORY)
    bins = [(20.0 * a, 20.0 * b) for a in range(-2, 3) for b in range(-2, 3)]
    make_model(models, "photo", task="ab", palette=None, bins=bins, arguments={"classes": len(bins)})
    return models


@pytest.fixture
def settings(course_models: Path) -> Settings:
    return Settings(preload=False, threads=1, models_dir=course_models)


@pytest.fixture
def get(client: TestClient) -> Iterator[Callable[..., Document]]:
    """Fetches a page as a browser does and parses it."""

    def fetch(path: str, status: int = 200) -> Document:
        response = client.get(path, headers={"Accept": "text/html"})
        assert response.status_code == status, response.text[:500]
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        return Document(response.text)

    yield fetch


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Document]:
    """Parses a page."""
    return Document


@pytest.fixture(scope="session")
def gray_png() -> bytes:
    """A 48 x 32 gray picture."""
    gradient: Any = np.add.outer(np.arange(32), np.arange(48)) * 3
    buffer = BytesIO()
    Image.fromarray(gradient.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
