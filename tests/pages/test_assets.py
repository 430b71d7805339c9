"""Static files: addresses that change with their content, and Plotly from its wheel."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.pages import assets
from app.resources import static_dir

FILES = sorted(path for path in static_dir().rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_served_for_ever_under_its_hash(client: TestClient, path: Path) -> None:
    response = client.get(assets.static_url(path.relative_to(static_dir()).as_posix()))
    assert response.status_code == 200
    assert response.content == path.read_bytes()
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_another_hash_gets_the_present_file_but_not_for_ever(client: TestClient) -> None:
    response = client.get("/static/000000000000/css/tokens.css")
    assert response.content == (static_dir() / "css/tokens.css").read_bytes()
    assert response.headers["cache-control"] == "no-cache"


def test_the_hash_follows_names_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "static_dir", lambda: tmp_path)

    def digest() -> str:
        assets.digest.cache_clear()
        return assets.digest()

    seen = [digest()]
    (tmp_path / "a.css").write_text("a")
    seen.append(digest())
    (tmp_path / "a.css").write_text("b")
    seen.append(digest())
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    seen.append(digest())
    assert len(set(seen)) == 4
    assets.digest.cache_clear()


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        assets.static_url("css/tokenz.css")


@pytest.mark.parametrize("name", ["../app/main.py", "%2e%2e/app/main.py", "css/../../app/main.py", "", "css"])
def test_nothing_outside_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{assets.digest()}/{name}").status_code == 404


def test_modules_import_only_what_is_there() -> None:
    imported = 0
    for path in FILES:
        if path.suffix == ".js":
            for name in re.findall(r'from "(.+?)"', path.read_text()):
                assert name.startswith(("./", "../")), (path.name, name)
                assert (path.parent / name).resolve() in FILES, (path.name, name)
                imported += 1
    assert imported > 0


def test_scripts_make_no_markup_out_of_text() -> None:
    for path in FILES:
        if path.suffix == ".js":
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", path.read_text()
            )


def test_plotly_comes_whole_and_compressed(client: TestClient) -> None:
    whole = assets.plotly_path().read_bytes()
    address = assets.static_url(assets.PLOTLY)
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as response:
        sent = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["cache-control"] == assets.FOREVER
    assert gzip.decompress(sent) == whole
    assert len(sent) < len(whole) / 2
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == whole
    assert "content-encoding" not in plain.headers


def test_pages_name_only_files_that_are_there(client: TestClient, get: Callable[..., Any]) -> None:
    for page in ("/", "/models", "/models/horses"):
        document = get(page)
        addresses = [link["href"] for link in document.all("link")] + [
            s["src"] for s in document.all("script") if s.get("src")
        ]
        assert addresses
        for address in addresses:
            assert client.get(address).status_code == 200, address
