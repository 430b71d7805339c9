"""The API reference: complete, from this service alone, within the content policy."""

import re

import pytest
from fastapi.testclient import TestClient

from app.problems import KINDS


def test_reference_loads_from_here_alone_and_holds_no_script(client: TestClient) -> None:
    page = client.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/"), address
        assert client.get(address).status_code == 200, address
    assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page)


def test_assets_name_no_other_site_to_load_from(client: TestClient) -> None:
    assert not re.search(r"url\(\s*['\"]?(https?:)?//", client.get("/docs/assets/swagger-ui.css").text)
    assert "http" not in client.get("/docs/start.js").text


@pytest.mark.parametrize("kind", KINDS)
def test_types_of_problems_lead_to_their_description(client: TestClient, kind: type[Exception]) -> None:
    slug = getattr(kind, "slug")  # noqa: B009 - the base class has none
    assert f'<dt id="{slug}">' in client.get("/docs/problems").text
