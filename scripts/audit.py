"""Looks every package of a lock up among known vulnerabilities; fails if one has any, or is not known there.

    python -m scripts.audit LOCK REPORT

pip-audit by itself is content when it finds nothing about a package at all, which is what happens where the
service it asks cannot be reached, or is a mirror without it. For a release that is no audit.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Pin = tuple[str, str]
"""Name and version."""
Ask = Callable[[str], str]
"""Gives the report on some requirements, as pip-audit writes it in JSON."""


class AuditError(Exception):
    """The audit could not be made, or has found something; the message says what."""


def pins(lock: str) -> list[Pin]:
    """What a lock pins for any system: a package that differs among them is there more than once."""
    found: list[Pin] = []
    for line in lock.splitlines():
        if content := line.partition("#")[0].strip():
            requirement = Requirement(content)
            (specifier,) = requirement.specifier
            found.append((canonicalize_name(requirement.name), specifier.version))
    return found


def audit(lock: str, ask: Ask) -> dict[str, Any]:
    """pip-audit's report about everything that a lock pins. Raises AuditError."""
    wanted = pins(lock)
    report = [each for part in _parts(wanted) for each in _read(ask(part))]
    known: dict[Pin, dict[str, Any]] = {
        (canonicalize_name(each["name"]), each["version"]): each for each in report if "version" in each
    }
    if bad := [each for each in known.values() if each["vulns"]]:
        told = "\n".join(f"  {each['name']} {each['version']}: {_vulnerabilities(each)}" for each in bad)
        raise AuditError(f"known vulnerabilities:\n{told}")
    if missing := sorted(set(wanted) - set(known)):
        few = ", ".join(f"{name} {version}" for name, version in missing[:5])
        raise AuditError(
            f"{len(missing)} of {len(set(wanted))} packages could not be looked up ({few}, …). Run it where "
            "the vulnerability service of PyPI can be reached, or build without it: make release AUDIT=none"
        )
    return {"dependencies": [known[pin] for pin in sorted(set(wanted))]}


def ask_pip_audit(requirements: str) -> str:
    """What pip-audit says of requirements, as JSON. Raises AuditError where it says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text(requirements, encoding="utf-8")
        options = ["--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off"]
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(file), *options],
            capture_output=True,
            text=True,
            check=False,
        )
    if not done.stdout.strip():
        raise AuditError(f"pip-audit failed: {done.stderr.strip()[-500:] or 'it said nothing'}")
    return done.stdout


def _parts(wanted: Sequence[Pin]) -> list[str]:
    """Requirements without conditions, so that other systems' packages count; each name once in a part."""
    parts: list[dict[str, str]] = []
    for name, version in wanted:
        part = next((part for part in parts if name not in part), None)
        if part is None:
            parts.append(part := {})
        part[name] = version
    return ["".join(f"{name}=={version}\n" for name, version in part.items()) for part in parts]


def _read(said: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise AuditError(f"pip-audit's report cannot be read: {said[:200]!r}") from None
    return found


def _vulnerabilities(dependency: dict[str, Any]) -> str:
    told = []
    for each in dependency["vulns"]:
        fixed = ", ".join(each.get("fix_versions") or ())
        told.append(f"{each['id']} ({f'mended in {fixed}' if fixed else 'not mended yet'})")
    return "; ".join(told)


def main() -> int:
    """Audit a lock; write the report, or say why there is none and return 1."""
    lock, report = Path(sys.argv[1]), Path(sys.argv[2])
    report.unlink(missing_ok=True)  # an older one is not of this lock
    try:
        found = audit(lock.read_text(encoding="utf-8"), ask_pip_audit)
    except AuditError as error:
        print(f"audit of {lock}: {error}", file=sys.stderr)
        return 1
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"audit of {lock}: {len(found['dependencies'])} packages, no known vulnerability; {report}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
