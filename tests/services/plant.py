"""A service with its workers, as real processes on a fixed port: to be used, killed and started again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds given to what takes one or two; the machine may be busy."""
DEMOS = "tests.jobs.demos"
_AWAY = (httpx2.TransportError,)


class NotYet(AssertionError):
    """What was waited for did not come."""


def eventually(look: Callable[[], Any], seconds: float = PATIENCE, every: float = 0.1) -> Any:
    """What `look` gives, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise NotYet
        time.sleep(every)
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Plant:
    """A web process and those it starts; and more workers, if wanted."""

    data_dir: Path
    database_url: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    inside: tuple[str, ...] = ()
    """A command that runs another on the machine with that address."""
    root: Path = ROOT
    """The folder whose `app` runs."""
    web: "subprocess.Popen[bytes] | None" = None
    others: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    # One for all: each would read the certificates of the whole world first.
    client: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(
            timeout=PATIENCE,
            verify=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=300, max_keepalive_connections=0),
        )
    )

    @property
    def api(self) -> str:
        return f"{self.address}/api/v1"

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What all of them have logged."""
        return self._log_path.read_text(errors="replace")

    def start(self) -> None:
        """Start the web process and wait until it answers."""
        self.web = self._spawn("serve", "--host", self.host, "--port", str(self.port))
        eventually(lambda: self.answers("/healthz") or self.web is None or self.web.poll() is not None)
        assert self.web.poll() is None, self.log[-2000:]

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Start one more worker, as on another machine."""
        self.others.append(self._spawn("worker"))
        return self.others[-1]

    def answers(self, path: str) -> bool:
        """Whether a page is answered with 200."""
        with suppress(*_AWAY):
            return self.client.get(self.address + path).status_code == 200
        return False

    def wait_until_ready(self) -> None:
        """Wait for a worker."""
        eventually(lambda: self.answers("/readyz"))

    def kill_web(self) -> None:
        """kill -9."""
        assert self.web is not None
        self.web.kill()
        self.web.wait()

    def workers(self) -> list[int]:
        """Process ids of the supervised workers."""
        assert self.web is not None
        found = subprocess.run(
            ["pgrep", "-P", str(self.web.pid), "-f", "app worker"],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(line) for line in found.stdout.split()]

    def kill_workers(self) -> int:
        """kill -9 of every supervised worker; how many."""
        pids = self.workers()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids)

    def stop(self) -> None:
        """Stop everything."""
        running = [*self.others, *filter(None, [self.web])]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.client.close()

    def submit(self, demo: str, params: dict[str, Any] | None = None, seed: int = 0, key: str = "") -> str:
        """A job's id; tried until it is accepted, which the key makes safe."""
        body = {"demo": demo, "params": params or {}, "seed": seed}
        headers = {"Idempotency-Key": key} if key else {}

        def send() -> str | None:
            with suppress(*_AWAY):
                answer = self.client.post(f"{self.api}/jobs", json=body, headers=headers)
                if answer.status_code == 202:
                    return str(answer.json()["id"])
                assert answer.status_code == 503, answer.text
            return None

        return str(eventually(send))

    def job(self, job_id: str) -> dict[str, Any]:
        """A job, asked until somebody answers."""

        def ask() -> dict[str, Any] | None:
            with suppress(*_AWAY):
                answer = self.client.get(f"{self.api}/jobs/{job_id}")
                if answer.status_code == 200:
                    return dict(answer.json())
                assert answer.status_code == 503, answer.text
            return None

        return dict(eventually(ask))

    def finished(self, job_id: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """A job, once it is."""

        def ask() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["finished"] else None

        return dict(eventually(ask, seconds))

    def result(self, job_id: str) -> bytes:
        """The file that a job gives."""
        answer = self.client.get(f"{self.api}/jobs/{job_id}/result")
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)

    def running(self) -> dict[str, float]:
        """Progress of the jobs that run, by id; none while nobody answers."""
        with suppress(*_AWAY):
            answer = self.client.get(f"{self.api}/jobs?state=running&limit=100")
            if answer.status_code == 200:
                return {job["id"]: job["progress"] for job in answer.json()["jobs"]}
        return {}

    def get(self, path: str) -> Any:
        """JSON of a path below the API."""
        answer = self.client.get(f"{self.api}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, job_id: str, after: int = 0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """One connection's events."""
        headers = {"Last-Event-ID": str(after)} if after else {}
        url = f"{self.api}/jobs/{job_id}/events"
        with self.client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 503:
                return  # the database is away; ask again
            assert answer.status_code == 200, answer.read()
            yield from parse(answer.iter_lines())

    def all_events(self, job_id: str, seconds: float = PATIENCE) -> list[tuple[int, str, dict[str, Any]]]:
        """Every event up to the end, over as many connections as it takes."""
        found: list[tuple[int, str, dict[str, Any]]] = []
        deadline = time.monotonic() + seconds
        while True:
            with suppress(*_AWAY):
                found.extend(self.events(job_id, found[-1][0] if found else 0))
            if found and found[-1][1] == "end":
                return found
            assert time.monotonic() < deadline, f"no end of {job_id} after {found[-1:]}"
            time.sleep(0.2)

    @property
    def _log_path(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def _spawn(self, *arguments: str) -> "subprocess.Popen[bytes]":
        chosen = {
            "data_dir": self.data_dir,
            "demo_packages": DEMOS,
            "preload": "false",
            "log_level": "info",
            "worker_niceness": 0,  # tests beside these would take all there is
            **({"database_url": self.database_url} if self.database_url else {}),
            **self.settings,
        }
        environment = {
            **os.environ,
            **{f"CHROMALAB_{name.upper()}": str(value) for name, value in chosen.items()},
        }
        with self._log_path.open("ab") as log:
            return subprocess.Popen(
                [*self.inside, sys.executable, "-m", "app", *arguments],
                cwd=self.root,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )


def parse(lines: Iterator[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Id, type and data of each server-sent event."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            assert re.fullmatch("[0-9]+", fields["id"])
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}
        else:
            fields = {}
