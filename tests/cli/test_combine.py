"""`chromalab combine`: several models become one, or a sentence says why not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.networks.card import read_card

run = CliRunner().invoke
MakeModel = Callable[..., Path]


def test_two_models_become_one(tmp_path: Path, make_model: MakeModel) -> None:
    members = [str(make_model(tmp_path, name)) for name in ("one", "two")]
    found = run(cli, ["combine", *members, "--out", str(tmp_path / "both"), "--title", "Both"])
    assert found.exit_code == 0, found.output
    card = read_card(tmp_path / "both")
    assert (card.id, card.title, card.network.type) == ("both", "Both", "ensemble")
    assert f"both, {card.parameters:,} parameters" in found.stderr
    one = read_card(tmp_path / "one")
    assert card.input_size == one.input_size
    assert "weights" not in card.network.arguments


def test_how_it_is_served_may_be_chosen(tmp_path: Path, make_model: MakeModel) -> None:
    members = [str(make_model(tmp_path, name)) for name in ("one", "two")]
    chosen = ["--input-size", "48", "--weight", "1", "--weight", "2"]
    found = run(cli, ["combine", *members, "--out", str(tmp_path / "both"), "--title", "Both", *chosen])
    assert found.exit_code == 0, found.output
    card = read_card(tmp_path / "both")
    assert (card.input_size, card.network.arguments["weights"]) == (48, [1, 2])


@pytest.mark.parametrize(("names", "says"), [(["one"], "nothing to combine"), (["one", "none"], "none")])
def test_what_cannot_be_combined_is_said(
    tmp_path: Path, make_model: MakeModel, names: list[str], says: str
) -> None:
    make_model(tmp_path, "one")
    members = [str(tmp_path / name) for name in names]
    found = run(cli, ["combine", *members, "--out", str(tmp_path / "both"), "--title", "Both"])
    assert found.exit_code == 2
    assert says in found.stderr
    assert not (tmp_path / "both").exists()


def test_weights_that_do_not_fit_are_said(tmp_path: Path, make_model: MakeModel) -> None:
    members = [str(make_model(tmp_path, name)) for name in ("one", "two")]
    asked = [*members, "--out", str(tmp_path / "both"), "--title", "Both", "--weight", "1"]
    found = run(cli, ["combine", *asked])
    assert found.exit_code == 2
    assert "2 models need 2 positive weights" in found.stderr


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, make_model: MakeModel) -> None:
    members = [str(make_model(tmp_path, name)) for name in ("one", "two")]
    (tmp_path / "file").write_text("in the way")
    found = run(cli, ["combine", *members, "--out", str(tmp_path / "file" / "both"), "--title", "Both"])
    assert found.exit_code == 1
    assert "cannot be written" in found.stderr
