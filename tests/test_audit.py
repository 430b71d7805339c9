"""scripts/audit.py: what counts as audited, against reports as pip-audit 2.10 writes them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts import audit
from scripts.audit import AuditError, pins

ROOT = Path(__file__).resolve().parents[1]
LOCK = """# pinned
idna==3.11
numpy==2.4.6 ; python_full_version < '3.12'
numpy==2.5.5 ; python_full_version >= '3.12'
psycopg[binary]==3.3.9
uvloop==0.23.0 ; sys_platform != 'win32'
"""
PINS = [("idna", "3.11"), ("numpy", "2.4.6"), ("numpy", "2.5.5"), ("psycopg", "3.3.9"), ("uvloop", "0.23.0")]


def service(*skipped: str, **vulnerable: list[dict[str, Any]]) -> Callable[[str], str]:
    """A stand-in for pip-audit, which knows of every package but those skipped."""

    def ask(requirements: str) -> str:
        asked = [line.split("==") for line in requirements.splitlines()]
        assert len({name for name, _ in asked}) == len(asked), "pip-audit refuses a name that comes twice"
        told = [
            {"name": name, "skip_reason": f"Dependency not found on PyPI: {name} ({version})"}
            if name in skipped
            else {"name": name, "version": version, "vulns": vulnerable.get(name, [])}
            for name, version in asked
        ]
        return json.dumps({"dependencies": told, "fixes": []})

    return ask


def test_every_pin_counts_whatever_system_it_is_for() -> None:
    assert pins(LOCK) == PINS
    report = audit.audit(LOCK, service())
    assert [(each["name"], each["version"]) for each in report["dependencies"]] == PINS


def test_a_vulnerability_is_named_with_what_mends_it() -> None:
    found = {"numpy": [{"id": "PYSEC-1", "fix_versions": ["2.6"]}, {"id": "PYSEC-2", "fix_versions": []}]}
    with pytest.raises(AuditError, match=r"numpy 2.4.6: PYSEC-1 \(mended in 2.6\); PYSEC-2 \(not mended"):
        audit.audit(LOCK, service(**found))


def test_what_could_not_be_looked_up_is_no_pass() -> None:
    with pytest.raises(AuditError, match=r"1 of 5 .*uvloop 0.23.0.*AUDIT=none"):
        audit.audit(LOCK, service("uvloop"))
    with pytest.raises(AuditError, match="5 of 5"):
        audit.audit(LOCK, service("idna", "numpy", "psycopg", "uvloop"))


@pytest.mark.parametrize("said", ["", "no JSON", "[]", "{}", "null"])
def test_a_report_that_cannot_be_read_is_no_pass(said: str) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        audit.audit(LOCK, lambda _: said)


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Callable[[str], str]) -> tuple[int, Path]:
    lock, report = tmp_path / "lock", tmp_path / "dist" / "report.json"
    lock.write_text(LOCK)
    report.parent.mkdir()
    report.write_text("of another lock")
    monkeypatch.setattr(sys, "argv", ["audit", str(lock), str(report)])
    monkeypatch.setattr(audit, "ask_pip_audit", ask)
    return audit.main(), report


def test_a_pass_leaves_its_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status, report = run(monkeypatch, tmp_path, service())
    assert status == 0
    assert len(json.loads(report.read_text())["dependencies"]) == len(PINS)


def test_a_failure_leaves_no_older_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = run(monkeypatch, tmp_path, service("idna"))
    assert (status, report.exists()) == (1, False)
    assert "could not be looked up" in capsys.readouterr().err


def test_the_locks_of_the_project_can_be_read() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text()
        assert len(pins(lock)) == sum("==" in line.partition(";")[0] for line in lock.splitlines()) > 50
