"""`chromalab shapes`: presets, files, formats, and what goes wrong."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.shapes import analyse

RUNNER = CliRunner()


def run(*arguments: str, text: str | None = None) -> str:
    result = RUNNER.invoke(cli, ["shapes", *arguments], input=text, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_a_preset_as_a_table() -> None:
    shown = run("write-up-cnn")
    assert "61632" in shown and "16\N{MULTIPLICATION SIGN}16\N{MULTIPLICATION SIGN}64" not in shown
    assert "64\N{MULTIPLICATION SIGN}16\N{MULTIPLICATION SIGN}16" in shown


def test_symbols_and_substitution() -> None:
    shown = json.loads(run("pool-upsample", "--symbols", "--substitute", "NF=32", "--format", "json"))
    assert shown["totals"]["neurons"] == "4352*NC + 112640"
    assert json.loads(run("unet", "--substitute", "NF=16", "--format", "json"))["symbols"] == []


def test_another_input_and_batch() -> None:
    shown = json.loads(run("alexnet", "--input", "3,256,W", "--batch", "8", "--format", "json"))
    assert shown["layers"][0]["input_shape"] == [3, 256, "W"]
    assert shown["memory"]["batch"] == 8


@pytest.mark.parametrize(
    ("layout", "start"),
    [
        ("json", '{\n  "inputs"'),
        ("csv", "layer,type"),
        ("markdown", "| layer"),
        ("latex", r"\begin{tabular}"),
        ("pytorch", "import torch"),
        ("svg", "<svg"),
    ],
)
def test_every_format(layout: str, start: str, tmp_path: Path) -> None:
    assert run("unet", "--format", layout).startswith(start)
    file = tmp_path / "out"
    assert run("unet", "--format", layout, "-o", str(file)) == ""
    assert file.read_text(encoding="utf-8").startswith(start)


def test_csv_on_standard_output_is_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(run("unet", "--format", "csv"))))
    assert rows[-1]["parameters"] == "56856"


def test_files_of_every_kind(tmp_path: Path) -> None:
    body = {"input": [3], "layers": [{"type": "Linear", "out_features": 7}]}
    texts = {
        "body.json": json.dumps(body),
        "model.py": "model = nn.Sequential(nn.Linear(3, 7))",
        "printed.txt": "Sequential(\n  (0): Linear(in_features=3, out_features=7, bias=True)\n)",
    }
    expected = analyse(body).totals.to_json()
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert json.loads(run(str(tmp_path / name), "--format", "json"))["totals"] == expected
        assert json.loads(run("-", "--format", "json", text=text))["totals"] == expected


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["resnet5"], "did you mean the preset resnet50"),
        (["nowhere.json"], "No such file"),
        (["unet", "--substitute", "NF"], "expected NAME=SIZE"),
        (["unet", "--substitute", "NF=0"], "must be at least 1"),
        (["unet", "--input", "1,2"], "layer 0 (block1.conv2d1, Conv2d)"),
        (["."], "Is a directory"),
    ],
)
def test_what_goes_wrong_is_told(arguments: list[str], reason: str) -> None:
    result = RUNNER.invoke(cli, ["shapes", *arguments])
    assert result.exit_code == 2
    assert result.stderr.startswith("chromalab: ") and reason in result.stderr


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = RUNNER.invoke(cli, ["shapes", "unet", "--format", "svg", "-o", str(tmp_path)])
    assert result.exit_code == 2 and "Is a directory" in result.stderr


def test_an_answer_too_long_to_write_is_told(tmp_path: Path) -> None:
    names = " + ".join(f"a{i}" for i in range(99))
    body = {"input": [names], "layers": [{"type": "ReLU"}] * 2_000}
    file = tmp_path / "long.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    result = RUNNER.invoke(cli, ["shapes", str(file), "--format", "json"])
    assert result.exit_code == 2 and "too much work" in result.stderr


BROKEN = [
    b"\xff\xfe",
    b"{",
    b"{}",
    b"[1]",
    b"hello",
    b"{" * 100_000,
    b'{"input": [NaN], "layers": []}',
    b'{"input": [3], "layers": [{"type": "ReLU"}], "substitute": [1]}',
    b"nn.Sequential(a" + b".b" * 900 + b"(3))",
]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: repr(content[:30]))
def test_broken_files_are_told(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    result = RUNNER.invoke(cli, ["shapes", str(file)])
    assert result.exit_code == 2 and result.stderr.startswith("chromalab: ")
