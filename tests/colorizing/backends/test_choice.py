"""Choices remembered, whole or not at all."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.colorizing.backends.choice import Choice, Choices, Contender, key
from app.networks.card import read_card

ABOUT: dict[str, str | int] = {"model": "0" * 64, "threads": 2}
CHOICE = Choice(
    name="openvino",
    threads=1,
    contenders=[
        Contender(name="eager", speed=1.0, delta_e=0.0, agreement=1.0),
        Contender(name="openvino", speed=2.0, delta_e=0.1, agreement=1.0),
    ],
)


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    found = Choices(tmp_path / "backends")
    found.lock(ABOUT)
    return found


def test_a_choice_is_read_as_it_was_written(choices: Choices, tmp_path: Path) -> None:
    assert choices.read(ABOUT) is None
    choices.write(ABOUT, CHOICE)
    assert choices.read(ABOUT) == CHOICE
    assert CHOICE.chosen == CHOICE.contenders[1]
    assert [path.suffix for path in (tmp_path / "backends").iterdir()] == [".json"]


@pytest.mark.parametrize("change", [{"model": "1" * 64}, {"threads": 4}, {"torch": "9.9"}])
def test_another_model_or_machine_has_its_own(choices: Choices, change: dict[str, str | int]) -> None:
    choices.write(ABOUT, CHOICE)
    assert choices.read({**ABOUT, **change}) is None


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "[]",
        lambda text: text.replace('"threads": 1', '"threads": 0'),
        lambda text: text.replace('"speed": 2.0', '"speed": -2.0'),
        lambda text: "\x00\xff",
    ],
)
def test_a_broken_file_is_ignored_and_named(choices: Choices, tmp_path: Path, break_it: "type[str]") -> None:
    choices.write(ABOUT, CHOICE)
    (file,) = (tmp_path / "backends").glob("*.json")
    file.write_text(break_it(file.read_text()), encoding="latin-1")
    with capture_logs() as logs:
        assert choices.read(ABOUT) is None
    assert [entry["log_level"] for entry in logs] == ["warning"]
    choices.write(ABOUT, CHOICE)
    assert choices.read(ABOUT) == CHOICE


@pytest.mark.parametrize("change", [{"name": "abacus"}, {"threads": 3}])
def test_what_cannot_be_built_here_is_ignored(choices: Choices, change: dict[str, object]) -> None:
    choices.write(ABOUT, CHOICE.model_copy(update=change))
    assert choices.read(ABOUT) is None


def test_a_file_of_another_key_under_this_name_is_ignored(choices: Choices, tmp_path: Path) -> None:
    choices.write(ABOUT, CHOICE)
    (file,) = (tmp_path / "backends").glob("*.json")
    file.write_text(file.read_text().replace("0" * 64, "1" * 64))
    assert choices.read(ABOUT) is None


def test_a_choice_depends_on_the_weights_and_the_threads(tiny_models: Path) -> None:
    horses, photo = (read_card(tiny_models / name) for name in ("horses", "photo"))
    assert len({str(key(card, threads)) for card in (horses, photo) for threads in (1, 2)}) == 4
    assert key(horses, 1) == key(horses, 1)
