"""Workers beside a service: started again when they end, and gone when it goes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from app.jobs import supervisor as module
from app.jobs.supervisor import Supervisor
from tests.services.plant import ROOT

WAITS_FOR_ITS_PARENT = "import sys; sys.stdin.read()"
DEAF = "import time; time.sleep(600)"


def within(seconds: float, look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Has a script run where a worker would."""

    def choose(text: str) -> None:
        monkeypatch.setattr(module, "COMMAND", [sys.executable, "-c", text])

    yield choose


def test_a_worker_that_dies_is_started_again(script: Callable[[str], None]) -> None:
    script(WAITS_FOR_ITS_PARENT)
    supervisor = Supervisor(2)
    supervisor.start()
    try:
        first = within(30, lambda: len(supervisor.pids) == 2 and supervisor.pids)
        os.kill(first[0], signal.SIGKILL)
        now = within(30, lambda: len(set(supervisor.pids) - {first[0]}) == 2 and supervisor.pids)
        assert first[1] in now
    finally:
        begun = time.monotonic()
        supervisor.stop()
    assert time.monotonic() - begun < module.STOP_MAY_TAKE, "they were not killed, but told"
    assert supervisor.pids == []


def test_one_that_dies_at_once_is_tried_less_and_less_often(
    script: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    script("raise SystemExit(1)")
    waits: list[float] = []
    supervisor = Supervisor(1)
    monkeypatch.setattr(supervisor._stopping, "wait", lambda seconds: waits.append(seconds))
    supervisor.start()
    within(60, lambda: len(waits) > 4)
    supervisor.stop()
    assert waits[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]


def test_one_that_does_not_listen_is_killed(
    script: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    script(DEAF)
    monkeypatch.setattr(module, "STOP_MAY_TAKE", 0.2)
    supervisor = Supervisor(1)
    supervisor.start()
    (pid,) = within(30, lambda: supervisor.pids)
    supervisor.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_none_is_started_once_it_stops(script: Callable[[str], None]) -> None:
    script(WAITS_FOR_ITS_PARENT)
    supervisor = Supervisor(1)
    supervisor.stop()
    assert supervisor.pids == []


PARENT = """
import sys, time
from app.jobs import supervisor as module
module.COMMAND = [sys.executable, "-c", "import sys; sys.stdin.read()"]
found = module.Supervisor(1)
found.start()
while not found.pids:
    time.sleep(0.01)
print(found.pids[0], flush=True)
time.sleep(600)
"""


def test_they_end_when_their_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    parent.wait()

    def is_gone() -> bool:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            return False
        return True

    within(30, is_gone)
