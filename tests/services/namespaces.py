"""Machines of a network of our own: network namespaces, each with one cable to a switch (Linux, root)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count

import pytest

_NET = "198.18.83"
"""Of the block that is kept for tests of networks, so nobody's own (RFC 2544)."""
_numbers = count()


@dataclass(frozen=True)
class Machine:
    """One machine of the network."""

    name: str
    address: str
    space: str
    switch: str
    port: str

    @property
    def inside(self) -> tuple[str, ...]:
        """The command that runs another on this machine; the process keeps its id."""
        called = ("sh", "-c", 'hostname "$0" && exec "$@"', self.name)
        return ("ip", "netns", "exec", self.space, "unshare", "--uts", *called)

    def unplug(self) -> None:
        """Pull the cable out of the switch: packets are lost both ways, and nobody is told."""
        self._cable("down")

    def plug_in(self) -> None:
        """Put it back."""
        self._cable("up")

    def power_off(self) -> None:
        """Unplug it, then kill -9 of everything on it: no connection is closed."""
        self.unplug()
        found = subprocess.run(
            ["ip", "netns", "pids", self.space], capture_output=True, text=True, check=True
        )
        for pid in found.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), 9)

    def _cable(self, state: str) -> None:
        _ip("-n", self.switch, "link", "set", self.port, state)


@contextmanager
def network(*names: str) -> Iterator[dict[str, Machine]]:
    """Machines by name, on one switch with this one; skipped where that is not to be had."""
    if sys.platform != "linux" or os.geteuid() or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and iproute2")
    mark = f"cl{os.getpid()}x{next(_numbers)}"
    switch, here = f"{mark}-switch", f"{mark}h"
    made: list[str] = []
    try:
        try:
            _add_space(switch, made)
            _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
            _ip("-n", switch, "link", "set", "bridge", "up")
            _ip("link", "add", here, "type", "veth", "peer", "name", "here", "netns", switch)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        _plug(switch, "here")
        _ip("addr", "add", f"{_NET}.1/24", "dev", here)
        _ip("link", "set", here, "up")
        yield {name: _machine(mark, name, place, made) for place, name in enumerate(names, 2)}
    finally:
        for space in reversed(made):  # the cables go with them
            subprocess.run(["ip", "netns", "del", space], check=False)


def _machine(mark: str, name: str, place: int, made: list[str]) -> Machine:
    space, switch, port = f"{mark}-{name}", f"{mark}-switch", f"port{place}"
    machine = Machine(name, f"{_NET}.{place}", space, switch, port)
    _add_space(space, made)
    _ip("-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", switch)
    _plug(switch, port)
    _ip("-n", space, "addr", "add", f"{machine.address}/24", "dev", "eth0")
    for link in ("lo", "eth0"):
        _ip("-n", space, "link", "set", link, "up")
    return machine


def _add_space(name: str, made: list[str]) -> None:
    _ip("netns", "add", name)
    made.append(name)


def _plug(switch: str, port: str) -> None:
    _ip("-n", switch, "link", "set", port, "master", "bridge")
    _ip("-n", switch, "link", "set", port, "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
