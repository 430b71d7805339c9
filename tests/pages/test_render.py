"""The template environment."""

import jinja2
import pytest

from app.guards import CONTENT_SECURITY_POLICY
from app.pages.render import CHART_POLICY, environment


def test_a_misspelt_name_is_an_error_not_a_blank() -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ mispelt }}").render()


def test_text_is_escaped_everywhere() -> None:
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


def test_every_template_compiles() -> None:
    for name in environment().list_templates():
        environment().get_template(name)


def test_charts_relax_styles_alone() -> None:
    strict, relaxed = (set(policy.split("; ")) for policy in (CONTENT_SECURITY_POLICY, CHART_POLICY))
    assert strict - relaxed == {"style-src 'self'"}
    assert relaxed - strict == {"style-src 'self' 'unsafe-inline'"}
