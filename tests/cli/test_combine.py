"""`chromalab combine`: several models become one, or a sentence says why not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from app.cli import cli
from app.networks.card import read_card
from app.networks.weights import load_network

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
    assert (card.input_size, card.chroma) == (one.input_size, 1)


def test_how_it_is_served_may_be_chosen(tmp_path: Path, make_model: MakeModel) -> None:
    members = [str(make_model(tmp_path, name)) for name in ("one", "two")]
    chosen = ["--input-size", "48", "--chroma", "0.9"]
    found = run(cli, ["combine", *members, "--out", str(tmp_path / "both"), "--title", "Both", *chosen])
    assert found.exit_code == 0, found.output
    card = read_card(tmp_path / "both")
    assert (card.input_size, card.chroma) == (48, 0.9)


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


def test_rare_colours_may_be_favoured(tmp_path: Path, make_photo_model: MakeModel) -> None:
    """Rare is what the pictures show little of: here all but gray and one red."""
    members = [str(make_photo_model(tmp_path, name)) for name in ("one", "two")]
    bins = read_card(tmp_path / "one").bins
    assert bins
    (tmp_path / "pictures").mkdir()
    picture = np.full((64, 64, 3), 128, np.uint8)
    picture[:8, :8] = (220, 40, 40)
    Image.fromarray(picture).save(tmp_path / "pictures" / "one.png")
    data = ["--data", str(tmp_path / "pictures")]
    asked = [*members, "--out", str(tmp_path / "both"), "--title", "Both", "--emphasis", "0.5"]
    found = run(cli, ["combine", *asked, *data])
    assert found.exit_code == 0, found.output
    card = read_card(tmp_path / "both")
    assert card.recipe["emphasis"] == {"power": 0.5, "rarity_in": ["pictures"]}
    before, after = (
        load_network(tmp_path / name, read_card(tmp_path / name)).state_dict()[f"{head}.bias"].numpy()
        for name, head in (("one", "head"), ("both", "members.0.head"))
    )
    gained = after - before
    gray = int(np.square(np.array(bins)).sum(axis=1).argmin())
    assert gained.argmin() == gray
    assert run(cli, ["combine", *asked]).exit_code == 2
    (tmp_path / "none").mkdir()
    assert run(cli, ["combine", *asked, "--data", str(tmp_path / "none")]).exit_code == 2


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, make_model: MakeModel) -> None:
    members = [str(make_model(tmp_path, name)) for name in ("one", "two")]
    (tmp_path / "file").write_text("in the way")
    found = run(cli, ["combine", *members, "--out", str(tmp_path / "file" / "both"), "--title", "Both"])
    assert found.exit_code == 1
    assert "cannot be written" in found.stderr
