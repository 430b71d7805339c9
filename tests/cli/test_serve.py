"""`chromalab serve` as a process of its own, asked over a real socket."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.jobs.service import Jobs
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120
"""Seconds given to what takes one or two; the machine may be busy."""
COMMAND = [sys.executable, "-c", "import app.cli; app.cli.main()", "serve"]


@contextmanager
def serving(*arguments: str, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address and process of a service that has said where it serves."""
    environment = {
        **os.environ,
        "CHROMALAB_PRELOAD": "false",
        "CHROMALAB_WORKERS": "0",
        **{k if k == "TMPDIR" else f"CHROMALAB_{k}": v for k, v in settings.items()},
    }
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        yield found[0], process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(MAX_BODY_BYTES="100000") as (address, _):
        yield address


def test_it_says_where_it_serves_and_does(address: str) -> None:
    assert httpx2.get(f"{address}/healthz").status_code == 200


def test_the_first_page_does_not_wait_for_torch() -> None:
    begun = time.perf_counter()
    with serving() as (address, _):
        assert httpx2.get(f"{address}/", timeout=PATIENCE).status_code == 200
    assert time.perf_counter() - begun < 15, "1.2 s when measured"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_it_has_its_workers_and_they_stop_with_it(tmp_path: Path) -> None:
    with serving(WORKERS="2", DATA_DIR=str(tmp_path)) as (address, process):
        deadline = time.monotonic() + PATIENCE
        while (answer := httpx2.get(f"{address}/readyz", timeout=PATIENCE)).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert answer.json()["workers"] in {1, 2}
        process.terminate()
        assert process.wait(timeout=PATIENCE) == -signal.SIGTERM
        assert process.stderr is not None
        said = process.stderr.read()  # to its end, which comes when the last of them has ended
        assert said.count("the worker stops") <= 2
        assert "Traceback" not in said
    health = Jobs(Settings(data_dir=tmp_path)).health()
    assert (health.writable, health.workers) == (True, 0)


def test_on_loopback_it_answers_to_loopback_names_only(address: str) -> None:
    port = address.rpartition(":")[2]
    assert httpx2.get(f"http://localhost:{port}/api/v1/models").status_code == 200
    refused = httpx2.get(f"{address}/api/v1/models", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert refused.json()["type"].endswith("bad-request")


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_answered_while_it_is_still_sent(address: str, declared: bool) -> None:
    size = 20_000_000
    content = b"x" * size if declared else (b"x" * 100_000 for _ in range(size // 100_000))
    response = httpx2.post(
        f"{address}/api/v1/colorize",
        content=content,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        timeout=PATIENCE,
    )
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [*COMMAND, "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode != 0
    assert "address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_keys_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    environment = {**os.environ, "CHROMALAB_API_KEYS_FILE": str(tmp_path / "none")}
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2
    assert "FileNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_told(sign: signal.Signals) -> None:
    with serving() as (address, process):
        assert httpx2.get(f"{address}/healthz").status_code == 200
        process.send_signal(sign)
        assert process.wait(timeout=PATIENCE) in {0, -sign}
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_request_that_was_begun_is_finished_before_it_stops() -> None:
    body = b"x" * 1000
    with serving() as (address, process):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            head = f"POST /colorize HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:500])
            time.sleep(0.5)
            process.terminate()
            time.sleep(0.5)
            assert process.poll() is None
            connection.sendall(body[500:])
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 415")
        assert process.wait(timeout=PATIENCE) == -signal.SIGTERM


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("processes", ["1", "2"])
def test_told_to_stop_it_serves_on_until_others_have_noticed(processes: str, tmp_path: Path) -> None:
    with serving("--processes", processes, DRAIN_SECONDS="300", TMPDIR=str(tmp_path)) as (address, process):
        until(lambda: exposed(address, f"chromalab_web_processes {processes}.0"))
        process.terminate()

        def refuses() -> bool:
            answer = httpx2.get(f"{address}/readyz", timeout=PATIENCE)
            return "/service" in [error["pointer"] for error in answer.json()["errors"]]

        until(refuses)
        for _ in range(8):  # whichever process is asked
            assert refuses()
            assert httpx2.get(f"{address}/api/v1/models", timeout=PATIENCE).status_code == 200
        process.terminate()  # a second time: at once
        assert process.wait(timeout=PATIENCE) == -signal.SIGTERM
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def children(pid: int) -> set[int]:
    """Processes that a process has started (Linux)."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(each) for file in found for each in file.read_text().split()}


def gone(pids: set[int]) -> bool:
    """Whether none of them is there any more, or only its exit status."""
    states = (Path(f"/proc/{pid}/stat") for pid in pids)
    return all(not file.exists() or file.read_text().rpartition(")")[2].split()[0] == "Z" for file in states)


def until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def statuses(address: str, count: int) -> Counter[int]:
    """Of requests over connections of their own."""
    return Counter(httpx2.get(f"{address}/api/v1/models").status_code for _ in range(count))


def exposed(address: str, sample: str) -> bool:
    return sample in httpx2.get(f"{address}/metrics").text.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_several_processes_serve_count_and_limit_as_one_and_one_that_dies_is_replaced(tmp_path: Path) -> None:
    models = 'chromalab_http_requests_total{method="GET",route="/api/v1/models",status="200"}'
    with serving("--processes", "3", RATE_LIMIT="30/hour", TMPDIR=str(tmp_path)) as (address, process):
        until(lambda: exposed(address, "chromalab_web_processes 3.0"))
        assert statuses(address, 20) == {200: 20}
        first = children(process.pid)
        assert len(first) == 2
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(children(process.pid) - {killed}) == 2)
        until(lambda: exposed(address, "chromalab_web_processes 3.0"))
        assert statuses(address, 20) == {200: 10, 429: 10}
        until(lambda: exposed(address, f"{models} 30.0"))  # counted a moment after the answer has gone
        now = children(process.pid)
        process.terminate()
        assert process.wait(timeout=PATIENCE) == -signal.SIGTERM
        assert process.stderr is not None
        said = process.stderr.read()  # to its end, which comes when the last of them has ended
        assert "Traceback" not in said
        assert said.count("a web process ended and is started again") == 1
        assert gone(now)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_when_the_first_process_is_killed_the_others_end(tmp_path: Path) -> None:
    with serving("--processes", "2", TMPDIR=str(tmp_path)) as (address, process):
        until(lambda: exposed(address, "chromalab_web_processes 2.0"))
        others = children(process.pid)
        assert len(others) == 1
        process.kill()
        until(lambda: gone(others))
    assert list(tmp_path.iterdir()) == []
