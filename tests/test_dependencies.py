"""What app imports is declared, and what is declared is used."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TRAIN_ONLY = ("app/training/", "app/shapes/presets/trace.py")
"""Code that needs the extra `train`; nothing else may import what only the extra brings."""


def declared(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


RUNTIME = declared(PROJECT["dependencies"])
TRAIN = declared(PROJECT["optional-dependencies"]["train"])
DISTRIBUTIONS = {
    module: {canonicalize_name(name) for name in names} for module, names in packages_distributions().items()
}


def imports(path: Path) -> set[str]:
    """Top-level names of everything a file imports from outside the standard library and this project."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"app"}


FILES = sorted((ROOT / "app").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_are_declared(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    allowed = RUNTIME | TRAIN if name.startswith(TRAIN_ONLY) else RUNTIME
    # What FastAPI, Jinja and Pydantic are made of is part of their interface.
    allowed |= {"starlette", "markupsafe", "pydantic", "pydantic-core"}
    missing = {module for module in imports(path) if not DISTRIBUTIONS.get(module, set()) & allowed}
    assert not missing


@pytest.mark.parametrize("name", sorted(RUNTIME | TRAIN))
def test_what_is_declared_is_used(name: str) -> None:
    modules = [module for module, names in DISTRIBUTIONS.items() if name in names]
    assert modules, f"{name} is not installed"
    recipes = (ROOT / "app").rglob("*.toml")  # these name the packages of pretrained encoders
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*FILES, *recipes))
    assert any(module in text for module in modules)
