"""Templates to responses: one environment, and what every page is told."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from app import __version__
from app.guards import CONTENT_SECURITY_POLICY
from app.pages.assets import static_url
from app.pages.history import epochs
from app.pages.nav import NAV
from app.pages.numbers import bound, figure_title, lasted, moment, moment_iso, plain, scientific
from app.pages.prose import formula, line, prose, scrolls
from app.pages.typeset import formula_parts, typeset, typeset_bytes, typeset_shape
from app.resources import templates_dir

CHART_POLICY = CONTENT_SECURITY_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Content-Security-Policy of pages with a chart: Plotly writes style attributes."""
PICTURE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox"
)
"""A picture opened by itself may do nothing."""


@cache
def environment() -> Environment:
    """The Jinja environment; a name that a template misspells is an error."""
    env = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.globals.update(static_url=static_url, nav=NAV, version=__version__)
    env.filters.update(
        epochs=epochs,
        formula_parts=formula_parts,
        typeset=typeset,
        typeset_bytes=typeset_bytes,
        typeset_shape=typeset_shape,
    )
    env.filters.update(
        bound=bound,
        figure_title=figure_title,
        formula=formula,
        lasted=lasted,
        line=line,
        moment=moment,
        moment_iso=moment_iso,
        prose=prose,
        plain=plain,
        scientific=scientific,
        scrolls=scrolls,
    )
    return env


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page of a template."""
    html = environment().get_template(template).render(path=request.url.path, **context)
    return HTMLResponse(html, status, headers=dict(headers or {}))
