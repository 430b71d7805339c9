"""A PostgreSQL of our own: a new cluster in a temporary folder, on a free port."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

IN_CI = os.environ.get("CI", "").lower() == "true"
_STARTED = ("--wait", "--timeout=60")


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    return max((path for path in versions if (path / "initdb").exists()), default=None)


@dataclass
class Cluster:
    """A server that can be stopped and started."""

    bin: Path
    folder: Path
    port: int
    durable: bool
    address: str = "127.0.0.1"
    inside: tuple[str, ...] = ()
    """A command that runs another on the machine with that address; for root only."""
    _numbers: Iterator[int] = field(default_factory=count)

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"jobs{next(self._numbers)}"
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"{self._server}/{name}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses={self.address}"
        options += " -c unix_socket_directories= -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off"
        self._ctl("start", "-o", options, "-l", str(self.folder / "log"), *_STARTED)

    def stop(self, mode: str = "fast") -> None:
        """Stop it, whoever is connected."""
        self._ctl("stop", "-m", mode, *_STARTED)

    @property
    def _server(self) -> str:
        return f"postgresql://postgres@{self.address}:{self.port}"

    def _ctl(self, *arguments: str) -> None:
        _run(self.bin / "pg_ctl", "-D", self.folder / "data", *arguments, inside=self.inside)


def _run(*command: str | Path, inside: tuple[str, ...] = ()) -> None:
    """Run as somebody else if we are root: PostgreSQL refuses to be."""
    user = "postgres" if _is_root() and not inside else None
    if inside:
        inside = (*inside, "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    done = subprocess.run(
        [*inside, *(str(part) for part in command)],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,  # a pipe would be held open by the server
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{command[0]} failed with {done.returncode}"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def running_cluster(
    *, durable: bool = False, address: str = "127.0.0.1", inside: tuple[str, ...] = ()
) -> Iterator[Cluster]:
    """A new cluster, removed afterwards; `inside` starts it on the machine with that address.

    Without PostgreSQL the test is skipped, and fails where CI=true.
    """
    found = binaries()
    if found is None:
        if IN_CI:
            pytest.fail("PostgreSQL is not installed, and CI needs it")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="chromalab-postgres-"))
    try:
        if _is_root():
            shutil.chown(folder, "postgres")
        _run(
            found / "initdb",
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
        )
        if inside:
            with (folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cluster = Cluster(found, folder, port, durable, address, inside)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
