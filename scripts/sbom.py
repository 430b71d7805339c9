"""Writes a software bill of materials (CycloneDX, JSON): everything that a lock pins, and what needs what.

    python -m scripts.sbom LOCK FILE

The same lock and installed packages give the same bytes. What needs what is told by the packages installed
here; those of other systems are listed without.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app import __version__

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
VERSION = SchemaVersion.V1_6


class SbomError(Exception):
    """No bill could be made, or it would not be sound; the message says why."""


def bill(lock: Path) -> dict[str, Any]:
    """The bill of a lock, sound by CycloneDX's own schema. Raises SbomError."""
    options = ["--pyproject", str(PYPROJECT), "--mc-type", "application", "--output-reproducible"]
    options += ["--spec-version", VERSION.to_version(), "--output-format", "JSON", "--no-validate"]
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(lock), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise SbomError(f"cyclonedx-py failed: {made.stderr.strip()[-500:]}")
    document: dict[str, Any] = json.loads(made.stdout)
    _complete(document)
    if error := JsonStrictValidator(VERSION).validate_str(json.dumps(document)):
        raise SbomError(f"the bill is not sound CycloneDX {VERSION.to_version()}: {error}")
    return document


def _complete(document: dict[str, Any]) -> None:
    """Name each component by what it is and not by its line; add the version of ours, and what needs what."""
    ours = document["metadata"]["component"]
    ours.update({"bom-ref": f"chromalab@{__version__}", "version": __version__})
    components = document["components"]
    by_name: dict[str, list[str]] = {}
    for component in components:
        component["bom-ref"] = component["purl"]
        for of_the_line in ("description", "externalReferences"):
            component.pop(of_the_line, None)
        by_name.setdefault(canonicalize_name(component["name"]), []).append(component["purl"])
    components.sort(key=lambda component: component["bom-ref"])
    asked = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    needs = {ours["bom-ref"]: _needed(asked, by_name)}
    for name, purls in by_name.items():
        needs.update({purl: _needed(_asked_by(name), by_name) for purl in purls})
    document["dependencies"] = [
        {"ref": ref, **({"dependsOn": found} if found else {})} for ref, found in sorted(needs.items())
    ]


def _asked_by(name: str) -> list[str]:
    """What an installed package asks for; nothing of one that is not installed, being another system's."""
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def _needed(asked: Iterable[str], by_name: dict[str, list[str]]) -> list[str]:
    """Components that fit requirements, on whatever system; none that only an extra needs."""
    found: set[str] = set()
    for requirement in map(Requirement, asked):
        if "extra ==" not in str(requirement.marker or ""):
            found.update(by_name.get(canonicalize_name(requirement.name), ()))
    return sorted(found)


def main() -> int:
    """Write the bill, or say why there is none and return 1."""
    lock, file = Path(sys.argv[1]), Path(sys.argv[2])
    file.unlink(missing_ok=True)
    try:
        document = bill(lock)
    except SbomError as error:
        print(f"bill of materials of {lock}: {error}", file=sys.stderr)
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"bill of materials of {lock}: {len(document['components'])} components; {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
