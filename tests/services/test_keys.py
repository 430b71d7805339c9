"""Keys of a service with several web processes: given and revoked while it runs, in all of them at once."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.keys import add_key, revoke_key
from tests.services.plant import Plant

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has one web process")

CONNECTIONS = 40
"""Each meets one of two processes by chance: all the same one once in 10^12."""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    keys = tmp_path / "keys"
    add_key(keys, "bob")
    settings = {"workers": 0, "processes": 2, "preload": False, "api_keys_file": keys}
    plant = Plant(tmp_path / "data", settings=settings)
    plant.start()
    try:
        yield plant
    finally:
        plant.stop()


def answers(plant: Plant, key: str) -> Counter[int]:
    """Statuses of as many requests, each over a connection of its own."""
    head = {"X-API-Key": key}
    return Counter(
        plant.client.get(f"{plant.api}/models", headers=head).status_code for _ in range(CONNECTIONS)
    )


def test_a_key_is_known_and_forgotten_by_all_processes_at_once(plant: Plant, tmp_path: Path) -> None:
    assert answers(plant, "never-given") == {401: CONNECTIONS}
    key = add_key(tmp_path / "keys", "ada")
    assert answers(plant, key) == {200: CONNECTIONS}
    revoke_key(tmp_path / "keys", "ada")
    assert answers(plant, key) == {401: CONNECTIONS}
