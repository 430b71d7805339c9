"""A running service, and a browser that tells on the page: script errors, failures, requests to elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, Response, expect, sync_playwright

from app.main import create_app
from app.pages.samples import gray
from app.settings import Settings

PATIENCE = 90_000
"""Milliseconds: a busy machine takes its time to read Plotly or to import PyTorch."""
expect.set_options(timeout=PATIENCE)

NOISE = ("Failed to load resource", "GL Driver Message", "willReadFrequently")
"""What the browser says of itself: answers tell of failures, and a driver's advice is no fault."""

HISTORY = [
    {"epoch": epoch, "train_loss": 3.0 / epoch, "val_loss": 3.1 / epoch, "val_accuracy": 0.6 - 0.3 / epoch}
    for epoch in range(1, 26)
]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    """Three tiny models with made-up measures; `pool-upsample` has a temperature of its own."""
    folder = tmp_path_factory.mktemp("browser-models")
    for model_id, accuracy, temperature in (
        ("pool-upsample", 0.42, 0.6),
        ("conv-transpose", 0.58, 0.38),
        ("horses", 0.69, 0.38),
    ):
        metrics = {"test": {"accuracy": accuracy, "cross_entropy": 2 - accuracy}}
        make_model(folder, model_id, metrics=metrics, history=HISTORY, temperature=temperature)
    return folder


@contextmanager
def serving(models: Path) -> Iterator[str]:
    """A service with these models, running; its address."""
    app = create_app(Settings(preload=False, threads=1, models_dir=models, log_level="error"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the service did not start"
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="session")
def address(chromium: Path, models: Path) -> Iterator[str]:
    """Address of a running service."""
    with serving(models) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """The system's Chromium; for one module, because its event loop stands in the way of other tests'."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Opens a page in a browser of its own; `refusals` are the statuses that the test means to provoke."""
    told: list[str] = []
    contexts = []

    def open_page(path: str, *, refusals: tuple[int, ...] = (), **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)

        def on_request(request: Request) -> None:
            if not request.url.startswith((address, "data:", "blob:")):
                told.append(f"left the host: {urlsplit(request.url).netloc}")

        def on_response(response: Response) -> None:
            if response.status >= 400 and response.status not in refusals:
                told.append(f"{response.status} {response.url}")

        page.on("request", on_request)
        page.on("response", on_response)
        page.on("pageerror", lambda error: told.append(f"script failed: {error}"))
        page.on("dialog", lambda dialog: told.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda message: (
                told.append(f"console: {message.text}")
                if message.type in ("error", "warning") and not any(noise in message.text for noise in NOISE)
                else None
            ),
        )
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not told


@pytest.fixture(scope="session")
def photograph() -> bytes:
    """A gray JPEG of 480 x 320 pixels."""
    return gray("coffee")
