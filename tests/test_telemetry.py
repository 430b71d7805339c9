"""Logs and metrics of requests."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from asgi_correlation_id import correlation_id
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.telemetry import Metrics, TelemetryMiddleware, configure_logging


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(metrics: Metrics) -> TestClient:
    router = APIRouter(prefix="/things")

    @router.get("/{name}")
    async def thing(name: str) -> str:
        return name

    @router.get("/crash/{name}")
    async def crash(name: str) -> str:
        raise RuntimeError(name)

    outer = APIRouter(prefix="/api")
    outer.include_router(router)
    app = FastAPI(
        routes=[Mount("/files", app=StaticFiles(directory=Path(__file__).parent))],
        middleware=[Middleware(TelemetryMiddleware, metrics=metrics)],
    )
    app.include_router(outer)
    return TestClient(app, raise_server_exceptions=False)


def counted(registry: CollectorRegistry) -> dict[tuple[str, str, str], float]:
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "chromalab_http_requests_total"
    }


def test_requests_are_counted_by_template(client: TestClient, metrics: Metrics) -> None:
    for path in (
        "/api/things/a",
        "/api/things/b",
        "/api/things/crash/c",
        "/nowhere",
        "/else",
        "/files/x/y",
        "/openapi.json",
    ):
        client.get(path)
    client.put("/api/things/a")
    client.request("BREW", "/nowhere")
    assert counted(metrics.registry) == {
        ("GET", "/api/things/{name}", "200"): 2,
        ("GET", "/api/things/crash/{name}", "500"): 1,
        ("GET", "unmatched", "404"): 2,
        ("GET", "/files/…", "404"): 1,
        ("GET", "/openapi.json", "200"): 1,
        ("PUT", "/api/things/{name}", "405"): 1,
        ("other", "unmatched", "404"): 1,
    }


def test_requests_are_timed_and_none_stays_in_progress(client: TestClient, metrics: Metrics) -> None:
    client.get("/api/things/a")
    client.get("/api/things/crash/c")
    labels = {"method": "GET", "route": "/api/things/{name}"}
    value = metrics.registry.get_sample_value
    assert value("chromalab_http_request_duration_seconds_count", labels) == 1
    assert value("chromalab_http_requests_in_progress") == 0


def test_applications_count_apart(metrics: Metrics) -> None:
    other = Metrics()
    other.requests.labels("GET", "/", "200").inc()
    assert counted(metrics.registry) == {}


COUNTS = """
import sys
from app.telemetry import Metrics

metrics = Metrics()
metrics.requests.labels("GET", "/", "200").inc(int(sys.argv[1]))
metrics.seconds.labels("GET", "/").observe(0.02)
metrics.in_progress.inc()
print(metrics.exposition().decode(), flush=True)
sys.stdin.read()
"""


def test_processes_are_counted_together_whichever_is_asked(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    with ExitStack() as stack:
        several = []
        for count in ("2", "3"):
            process = subprocess.Popen(
                [sys.executable, "-c", COUNTS, count],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            said = list(iter(process.stdout.readline, "\n"))
            several.append((process, said))
        samples = set("".join(several[1][1]).splitlines())
        assert 'chromalab_http_requests_total{method="GET",route="/",status="200"} 5.0' in samples
        assert 'chromalab_http_request_duration_seconds_count{method="GET",route="/"} 2.0' in samples
        assert {"chromalab_http_requests_in_progress 2.0", "chromalab_web_processes 2.0"} <= samples
        if sys.platform == "linux":
            (memory,) = (line for line in samples if line.startswith("process_resident_memory_bytes "))
            pages = sum(
                int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) for process, _ in several
            )
            assert float(memory.split()[1]) == pytest.approx(pages * os.sysconf("SC_PAGE_SIZE"), rel=0.2)
        several[0][0].kill()
        several[0][0].wait()
        last = subprocess.run(
            [sys.executable, "-c", COUNTS, "1"],
            input="",
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=True,
        ).stdout.splitlines()
    assert 'chromalab_http_requests_total{method="GET",route="/",status="200"} 6.0' in last, (
        "the dead one's stay"
    )
    assert "chromalab_web_processes 2.0" in last, "and it serves no more"


async def _leave(scope: Scope, receive: Receive, send: Send) -> None:
    """An application whose client has gone before it could answer."""


def test_a_client_that_left_is_499(metrics: Metrics) -> None:
    with pytest.raises(AssertionError):  # the test client misses an answer
        TestClient(TelemetryMiddleware(_leave, metrics)).get("/x")
    assert counted(metrics.registry) == {("GET", "unmatched", "499"): 1}


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


Capture = pytest.CaptureFixture[str]


def test_json_lines_carry_request_ids(capsys: Capture) -> None:
    configure_logging("info", "json")
    correlation_id.set("abc")
    structlog.get_logger("ours").info("happened", number=1)
    logging.getLogger("a.library").warning("said %s", "so")
    structlog.get_logger("ours").debug("too quiet")
    correlation_id.set(None)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["number"], first["level"], first["request_id"]) == (
        "happened",
        1,
        "info",
        "abc",
    )
    assert (second["event"], second["level"], second["logger"]) == ("said so", "warning", "a.library")
    assert first["timestamp"].endswith("Z")


def test_a_traceback_stays_in_its_line_and_tells_no_values(capsys: Capture) -> None:
    configure_logging("info", "json")
    password = "hunter" + str(2)
    try:
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger("ours").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: 7" in json.loads(line)["exception"]
    assert "hunter2" not in line


def test_a_line_break_in_a_value_makes_no_second_line(capsys: Capture) -> None:
    configure_logging("info", "console")
    structlog.get_logger("ours").info("asked", path="/x\n2026 [info] forged")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_console_lines(capsys: Capture) -> None:
    configure_logging("warning", "console")
    structlog.get_logger("ours").info("quiet")
    structlog.get_logger("ours").warning("loud", number=1)
    written = capsys.readouterr().err
    assert "loud" in written and "number=1" in written
    assert "quiet" not in written
