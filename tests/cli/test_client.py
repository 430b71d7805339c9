"""A service as seen by the command line: busy, gone, foreign, refusing."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from app.cli.client import PATIENCE, RemotePainter
from app.cli.painters import SetupError
from app.cli.picture_files import FileError
from app.colorizing.options import Options

Answer = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "gran.png"
    path.write_bytes(b"the picture")
    return path


class Service:
    """Lists two models; answers pictures one after the other as told."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/models"):
            models = [{"id": "horses"}, {"id": "photo"}]
            return httpx2.Response(200, json={"models": models, "default": "photo"})
        self.requests.append(request)
        return self.answers.pop(0)(request)

    def painter(self, model: str | None = None, options: Options | None = None) -> RemotePainter:
        return RemotePainter(
            "http://service.test/",
            model,
            options or Options(),
            api_key="secret",
            transport=httpx2.MockTransport(self),
            sleep=self.slept.append,
        )


def coloured(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=b"in colour")


def busy(seconds: str) -> Answer:
    return lambda _: httpx2.Response(503, headers={"Retry-After": seconds}, json={"detail": "busy"})


def test_what_was_chosen_is_sent(source: Path) -> None:
    service = Service(coloured)
    painter = service.painter("horses", Options(saturation=0.5, temperature=0.0))
    assert painter.paint(source, "webp") == b"in colour"
    painter.close()
    (request,) = service.requests
    body = request.read()
    assert str(request.url) == "http://service.test/api/v1/colorize"
    assert request.headers["X-API-Key"] == "secret"
    for name, value in {
        "model": "horses",
        "saturation": "0.5",
        "temperature": "0.0",
        "format": "webp",
    }.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in body
    assert b'name="image"; filename="gran.png"' in body
    assert b"the picture" in body


def test_defaults_are_left_to_the_service(source: Path) -> None:
    service = Service(coloured)
    service.painter().paint(source, "png")
    body = service.requests[0].read()
    assert b"saturation" not in body
    assert b"temperature" not in body
    assert b"model" not in body


def test_a_busy_service_is_asked_again_when_it_says(source: Path) -> None:
    service = Service(busy("2"), busy("0"), busy("soon"), busy("inf"), coloured)
    assert service.painter().paint(source, "png") == b"in colour"
    assert service.slept == [2.0, 0.1, 1.0, 1.0]


def test_patience_ends(source: Path) -> None:
    service = Service(busy(str(PATIENCE + 1)))
    with pytest.raises(FileError, match="busy"):
        service.painter().paint(source, "png")
    assert service.slept == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: httpx2.Response(415, json={"detail": "This is a GIF."}), "This is a GIF."),
        (lambda _: httpx2.Response(502, content=b"<html>"), "502 Bad Gateway"),
        (lambda _: httpx2.Response(500, json=["nothing"]), "500 Internal Server Error"),
    ],
)
def test_refusals_are_passed_on(source: Path, answer: Answer, reason: str) -> None:
    with pytest.raises(FileError, match=reason):
        Service(answer).painter().paint(source, "png")


def test_a_connection_that_breaks_fails_that_picture_only(source: Path) -> None:
    def breaks(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError("connection reset", request=request)

    painter = Service(breaks, coloured).painter()
    with pytest.raises(FileError, match="connection reset"):
        painter.paint(source, "png")
    assert painter.paint(source, "png") == b"in colour"


def test_an_unknown_model_is_told_at_once() -> None:
    with pytest.raises(SetupError, match="no model 'zebras'; known are horses, photo"):
        Service().painter("zebras")


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx2.Response(200, content=b"<html>hello</html>"),
        lambda _: httpx2.Response(200, json=[]),
        lambda _: httpx2.Response(404),
        lambda _: httpx2.Response(401, json={"detail": "Send a key."}),
    ],
)
def test_what_is_no_chromalab_service_is_told_at_once(answer: Answer) -> None:
    with pytest.raises(SetupError, match=r"http://service\.test"):
        RemotePainter("http://service.test", None, Options(), transport=httpx2.MockTransport(answer))


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "nonsense", "ftp://a", "http://[", "", "http://a:b"]
)
def test_addresses_that_lead_nowhere(address: str) -> None:
    with pytest.raises(SetupError):
        RemotePainter(address, None, Options())
