"""The models' cards by REST."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.networks.card import CONFIG_NAME
from app.settings import Settings

MEMBERS = {
    "id",
    "title",
    "task",
    "parameters",
    "input_size",
    "trained_on",
    "sha256",
    "metrics",
    "history",
    "licence",
}


@pytest.fixture
def settings(tiny_models: Path) -> Settings:
    return Settings(models_dir=tiny_models, preload=False, threads=1)


def test_all_models_are_listed_with_the_default(client: TestClient) -> None:
    answer = client.get("/api/v1/models")
    assert answer.status_code == 200
    body = answer.json()
    assert body["default"] == "photo"
    assert [card["id"] for card in body["models"]] == ["horses", "photo"]
    assert all(card.keys() >= MEMBERS for card in body["models"])
    assert [card["task"] for card in body["models"]] == ["palette", "ab"]


def test_a_card_tells_what_its_file_does(client: TestClient, tiny_models: Path) -> None:
    card = client.get("/api/v1/models/horses").json()
    on_disk = json.loads((tiny_models / "horses" / CONFIG_NAME).read_text())
    assert card.items() >= on_disk.items()
    (epoch,) = card["history"]
    assert (epoch["train_loss"], epoch["val_loss"], epoch["val_accuracy"]) == (2.0, 1.9, 0.3)
    assert card == client.get("/api/v1/models").json()["models"][0]


@pytest.mark.parametrize("name", ["zebras", "%2e%2e", "HORSES", "a" * 5000, "%00"])
def test_an_unknown_model_is_a_404_problem(client: TestClient, name: str) -> None:
    answer = client.get(f"/api/v1/models/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith("known are horses, photo.")


class TestWithoutModels:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(models_dir=tmp_path, preload=False, threads=1)

    def test_the_list_is_empty(self, client: TestClient) -> None:
        assert client.get("/api/v1/models").json() == {"models": [], "default": None}

    def test_colouring_is_unavailable(self, client: TestClient) -> None:
        answer = client.post("/api/v1/colorize", files={"image": b"x"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
