"""Files the browser loads: ours with a content hash in the address, Plotly from its installed wheel."""

import gzip
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.resources import static_dir

PREFIX = "/static"
PLOTLY = "vendor/plotly.min.js"
FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"


@cache
def digest() -> str:
    """Hash of everything served below `/static`; a change of any file changes every address.

    One hash for the whole tree, as a path segment, so that relative imports between modules carry it along.
    """
    folder = static_dir()
    sha = hashlib.sha256(version("plotly").encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        sha.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        sha.update(content)
    return sha.hexdigest()[:12]


def static_url(name: str) -> str:
    """Address of a static file, such as `css/base.css`; raises FileNotFoundError for an unknown name."""
    if name != PLOTLY and not (static_dir() / name).is_file():
        raise FileNotFoundError(f"no static file {name!r}")
    return f"{PREFIX}/{digest()}/{name}"


def cache_control(hashed: str) -> str:
    """How long a file asked for under this hash may be kept: for ever only if it is the present one."""
    return FOREVER if hashed == digest() else REVALIDATE


class HashedFiles(StaticFiles):
    """Static files below a content hash; another hash (an old page in an upgrade) gets the present file."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file behind the hash."""
        hashed, _, name = Path(path).as_posix().partition("/")
        response = await super().get_response(name, scope)
        response.headers["Cache-Control"] = cache_control(hashed)
        return response


def plotly_path() -> Path:
    """Plotly's script inside its installed wheel; nothing is imported to find it."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package plotly is not installed")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


@cache
def _plotly_compressed() -> bytes:
    return gzip.compress(plotly_path().read_bytes(), compresslevel=6, mtime=0)


async def plotly(request: Request, hashed: str) -> Response:
    """Plotly's script: 5 MB, so compressed once for all and kept by the browser."""
    headers = {"Cache-Control": cache_control(hashed), "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = await run_in_threadpool(_plotly_compressed)
        headers["Content-Encoding"] = "gzip"
    else:
        content = await run_in_threadpool(plotly_path().read_bytes)
    return Response(content, headers=headers, media_type="text/javascript")


def mount_static(app: FastAPI) -> None:
    """Serve the files of `static/` and Plotly below `/static`."""
    app.get(f"{PREFIX}/{{hashed}}/{PLOTLY}", include_in_schema=False)(plotly)
    app.mount(PREFIX, HashedFiles(directory=static_dir()), name="static")
