"""Writes the generated tables of the documentation; with --check it only says which are out of date."""

import inspect
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic.fields import FieldInfo
from starlette.routing import Mount

from app.cli import COMMANDS
from app.main import create_app
from app.problems import KINDS
from app.scopes import SCOPES
from app.settings import ENV_PREFIX, MIB, Settings

DOCS = Path(__file__).resolve().parent
_COMPUTED = {
    "models_dir": "those shipped",
    "data_dir": "the user's data folder",
    "processes": "one a CPU, up to 4",
    "threads": "the CPUs granted",
}
"""Defaults that differ from machine to machine, in words."""


def settings_table() -> str:
    """Every setting: variable, default, meaning."""
    rows = [
        (f"`{ENV_PREFIX}{name.upper()}`", _default(name, field), str(field.description))
        for name, field in Settings.model_fields.items()
    ]
    return _table(("variable", "default", "meaning"), rows)


def commands_table() -> str:
    """Every sub-command of `chromalab`."""
    return _table(("command", "meaning"), [(f"`chromalab {name}`", text) for name, text in COMMANDS.items()])


def routes_table(app: FastAPI) -> str:
    """Every REST route, as OpenAPI describes it."""
    rows = [
        (f"`{method.upper()} {path}`", _first_line(operation))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    return _table(("request", "meaning"), rows)


def pages_table(app: FastAPI) -> str:
    """Every other route: the pages, the reference and what they load."""
    rows = [(f"`GET {app.openapi_url}`", "The OpenAPI document.")]
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            rows.append((f"`GET {route.path}/…`", "Files."))
        elif isinstance(route.original_route, APIRoute) and not route.include_in_schema:
            methods = ", ".join(sorted(route.methods or ()))
            rows.append(
                (f"`{methods} {route.path}`", _first_line({"description": inspect.getdoc(route.endpoint)}))
            )
    return _table(("request", "meaning"), rows)


def problems_table() -> str:
    """Every kind of problem: status, type, meaning."""
    rows = [(str(kind.status), f"`{kind.slug}`", inspect.cleandoc(kind.__doc__ or "")) for kind in KINDS]
    return _table(("status", "type", "meaning"), rows)


def scopes_table() -> str:
    """Every scope of API keys."""
    return _table(("scope", "what it opens"), [(f"`{scope}`", text) for scope, text in SCOPES.items()])


def fill(text: str, tables: dict[str, str]) -> str:
    """The text with every `<!-- generated: name -->` part replaced by the table of that name."""

    def replace(match: re.Match[str]) -> str:
        return f"{match['begin']}\n{tables[match['name']]}\n{match['end']}"

    part = re.compile(r"(?P<begin><!-- generated: (?P<name>\w+) -->).*?(?P<end><!-- end -->)", re.DOTALL)
    return part.sub(replace, text)


def _default(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name]
    value = field.get_default()
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if name.endswith("_bytes"):
        return f"`{value}` ({value // MIB} MiB)"
    return f"`{','.join(value) if isinstance(value, list) else value}`"


def _first_line(operation: dict[str, Any]) -> str:
    return str(operation.get("description") or operation.get("summary") or "").splitlines()[0]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def main() -> int:
    """Write what has changed, or with --check name it and return 1."""
    app = create_app(Settings(models_dir=DOCS))
    tables = {
        "settings": settings_table(),
        "commands": commands_table(),
        "routes": routes_table(app),
        "pages": pages_table(app),
        "problems": problems_table(),
        "scopes": scopes_table(),
    }
    stale = 0
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (filled := fill(text, tables)) == text:
            continue
        stale = 1
        if "--check" in sys.argv:
            print(f"docs/{path.name} is out of date; `make docs` writes it")
        else:
            path.write_text(filled, encoding="utf-8")
    return stale if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
