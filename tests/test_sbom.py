"""scripts/sbom.py: the bill lists what the lock pins, is sound, and comes out the same each time."""

import json
import sys
from pathlib import Path

import pytest

from app import __version__

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
if "cyclonedx-bom" not in (ROOT / "pyproject.toml").read_text():  # once declared, it has to be there
    pytest.importorskip("cyclonedx_py", reason="cyclonedx-bom is not installed")

from scripts import sbom  # noqa: E402
from scripts.audit import pins  # noqa: E402


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bill of the project's lock, written as a release does."""
    file = tmp_path_factory.mktemp("dist") / "new" / "chromalab.cdx.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["sbom", str(LOCK), str(file)])
        assert sbom.main() == 0
    return file


def test_it_lists_what_the_lock_pins_and_is_of_this_version(file: Path) -> None:
    bill = json.loads(file.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert {(each["name"], each["version"]) for each in bill["components"]} == set(pins(LOCK.read_text()))
    assert all(each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in bill["components"])
    ours = bill["metadata"]["component"]
    assert (ours["name"], ours["version"], ours["type"]) == ("chromalab", __version__, "application")


def test_what_needs_what_leads_to_everything_that_is_installed(file: Path) -> None:
    bill = json.loads(file.read_text())
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    refs = {each["bom-ref"] for each in bill["components"]}
    ours = bill["metadata"]["component"]["bom-ref"]
    assert set(needs) == refs | {ours}
    assert {ref for found in needs.values() for ref in found} <= refs
    starlette = next(ref for ref in refs if ref.startswith("pkg:pypi/starlette@"))
    fastapi = next(ref for ref in refs if ref.startswith("pkg:pypi/fastapi@"))
    assert starlette in needs[fastapi]
    assert fastapi in needs[ours]


def test_it_holds_nothing_of_the_machine_nor_of_an_index(file: Path) -> None:
    text = json.dumps([json.loads(file.read_text())[part] for part in ("components", "dependencies")])
    assert "://" not in text
    assert str(Path.home()) not in file.read_text()


def test_it_comes_out_the_same_again(file: Path) -> None:
    assert json.dumps(sbom.bill(LOCK), sort_keys=True) == json.dumps(
        json.loads(file.read_text()), sort_keys=True
    )


def test_a_lock_that_is_none_gives_no_bill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bill.json"
    file.write_text("of another lock")
    monkeypatch.setattr(sys, "argv", ["sbom", str(tmp_path / "none.lock"), str(file)])
    assert (sbom.main(), file.exists()) == (1, False)
    assert "cyclonedx-py failed" in capsys.readouterr().err


def test_a_bill_that_is_not_sound_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "_complete", lambda bill: bill["components"][0].update(type="nonsense"))
    with pytest.raises(sbom.SbomError, match="not sound"):
        sbom.bill(LOCK)
