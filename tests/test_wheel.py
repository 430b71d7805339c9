"""The wheel: built, unpacked elsewhere, serving from an empty folder without the checkout."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx2
import pytest

from app.resources import models_dir

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("chromalab-*-py3-none-any.whl")
    return built


def test_it_holds_what_is_served_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"app"}
    assert not any("__pycache__" in name or name.startswith("tests") for name in names)
    for folder in ("models", "static", "templates"):
        packaged = {
            name.removeprefix("app/_data/") for name in names if name.startswith(f"app/_data/{folder}/")
        }
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        assert packaged == {path.relative_to(ROOT).as_posix() for path in files}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_serves_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(installed),
        str(wheel),
    ]
    subprocess.run(install, check=True)
    command = [sys.executable, str(installed / "bin" / "chromalab"), "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(installed), "CHROMALAB_PRELOAD": "false"}
    server = subprocess.Popen(command, cwd=empty, env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        said = server.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        home = httpx2.get(found[0])
        assert home.status_code == 200
        sheets = re.findall(r'href="(/static/[^"]+\.css)"', home.text)
        assert sheets
        assert all(httpx2.get(found[0] + sheet).status_code == 200 for sheet in sheets)
        assert httpx2.get(f"{found[0]}/docs/assets/swagger-ui.css").status_code == 200
        served = {card["id"] for card in httpx2.get(f"{found[0]}/api/v1/models").json()["models"]}
        assert served == {path.parent.name for path in models_dir().glob("*/config.json")}
    finally:
        server.kill()
        server.communicate()
    assert list(empty.iterdir()) == []
