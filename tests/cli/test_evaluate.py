"""`chromalab evaluate` with models for photographs: every table, the cards and the contact sheet."""

import json
from pathlib import Path

import pytest
import skimage.data
from PIL import Image
from typer.testing import CliRunner, Result

from app.cli import cli
from app.cli.evaluate import split
from app.networks.build import build
from app.networks.card import read_card
from app.training.publish import publish
from app.training.recipe import read_recipe


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network for photographs, narrow and untrained, which takes hints."""
    recipe = read_recipe("photo")
    network = recipe.network.model_copy(
        update={"arguments": {"variant": "lite0", "bins": 261, "widths": [16, 16, 16], "hints": 8}}
    )
    recipe = recipe.model_copy(update={"id": "narrow", "network": network, "input_size": 64})
    folder = tmp_path_factory.mktemp("models")
    publish(recipe, build(network).eval(), [], folder / "narrow")
    return folder


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("astronaut", "coffee"):
        whole = Image.fromarray(getattr(skimage.data, name)())
        whole.thumbnail((300, 300))
        whole.save(folder / f"{name}.png")
    return folder


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMALAB_THREADS", "1")
    monkeypatch.setattr("app.cli.evaluate.configure_logging", lambda level, style: None)


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)])


def test_every_table_of_photographs(models: Path, photographs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    options = ("--folder", models, "--hints", "--stability", "--sheet", sheet, "--save", "two", "--json")
    result = evaluate("narrow", photographs, *options)
    assert result.exit_code == 0, result.output
    tables = json.loads(result.stdout)["evaluations"]
    assert [table["title"] for table in tables] == [
        "two, shorter side 128",
        "two, shorter side 256",
        "two, native size",
        "two, hints for narrow",
        "two, sizes for narrow",
    ]
    card = read_card(models / "narrow")
    assert [table.model_dump(exclude_none=True) for table in card.evaluations] == tables
    assert isinstance(card.metrics["two"], dict)
    assert {"pooled_psnr", "balanced_auc", "colorfulness_share"} <= card.metrics["two"].keys()
    assert "median_ms" not in card.metrics["two"]
    rows = {table["title"]: table["rows"] for table in tables}
    assert list(rows["two, hints for narrow"]) == [
        "no hint", "1 hint", "5 hints", "10 hints", "20 hints", "50 hints"
    ]  # fmt: skip
    assert "512 and 1024" in rows["two, sizes for narrow"]
    with Image.open(sheet) as shown:
        assert shown.format == "PNG"
    assert "contact sheet is in" in result.stderr


def test_sizes_may_be_chosen_and_pictures_kept_apart(models: Path, photographs: Path) -> None:
    result = evaluate("narrow", photographs / "astronaut.png", photographs, "--folder", models)
    assert result.exit_code == 2  # a picture is no archive
    result = evaluate("narrow", photographs, "--folder", models, "--side", "64", "--limit", "1")
    assert result.exit_code == 0, result.output
    assert "shorter side 64" in result.stdout and "native" not in result.stdout
    for title in ("Pooled PSNR", "gain (dB)", "Balanced AuC", "of the truth's", "ΔCF", "Peak memory"):
        assert title in result.stdout
    assert " to " in result.stdout, "intervals"


def test_a_sheet_that_cannot_be_written_is_told(models: Path, photographs: Path, tmp_path: Path) -> None:
    where = tmp_path / "missing" / "sheet.png"
    result = evaluate(
        "narrow", photographs, "--folder", models, "--side", "32", "--limit", "1", "--sheet", where
    )
    assert result.exit_code == 1
    assert "No such file" in " ".join(result.stderr.split())


def test_models_come_before_data(tmp_path: Path) -> None:
    data = tmp_path / "a.zip"
    data.touch()
    assert split(["photo", "unet,horses", str(data), "b.zip"]) == (
        ["photo", "unet", "horses"],
        [data, Path("b.zip")],
    )
    assert split(["photo", "missing.zip"]) == (["photo"], [Path("missing.zip")])
    assert split(["photo,photo", "x"])[0] == ["photo"]
    with pytest.raises(ValueError, match="name a model"):
        split(["photo"])
