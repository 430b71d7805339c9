"""What a process may use of the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.jobs.worker import limits
from app.jobs.worker.limits import THREAD_VARIABLES, environment, with_package

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
LIMITED = """
from app.jobs.worker.limits import limit_memory, stand_back
stand_back(4)
limit_memory(300 << 20)
held = bytearray(100 << 20)
try:
    bytearray(300 << 20)
except MemoryError:
    import os
    print(os.getpriority(os.PRIO_PROCESS, 0))
"""


STANDS_BACK = """
import os, sys
from pathlib import Path
from app.jobs.worker import limits
limits.AUTOGROUP = Path(sys.argv[1])
limits.stand_back(4)
print(os.sched_getscheduler(0) == os.SCHED_BATCH)
"""


def run(script: str, *arguments: str, own_session: bool = False) -> str:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=with_package(os.environ, os.getcwd()),
        capture_output=True,
        text=True,
        check=True,
        start_new_session=own_session,
    ).stdout.strip()


@linux
def test_memory_and_niceness_are_limited() -> None:
    assert int(run(LIMITED)) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 4)


@linux
@pytest.mark.parametrize(("own_session", "written"), [(True, "4"), (False, "as it was")])
def test_a_session_stands_back_if_it_is_the_process_s_own(
    tmp_path: Path, own_session: bool, written: str
) -> None:
    group = tmp_path / "autogroup"
    group.write_text("as it was")
    assert run(STANDS_BACK, str(group), own_session=own_session) == "True"
    assert group.read_text() == written


@linux
def test_a_kernel_that_takes_no_more_for_now_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Busy(type(limits.AUTOGROUP)):  # type: ignore[misc]
        def write_text(self, text: str, **_: object) -> int:
            asked.append(text)
            if len(asked) < 3:
                raise BlockingIOError
            return len(text)

    monkeypatch.setattr(limits, "AUTOGROUP", Busy("/nowhere"))
    monkeypatch.setattr(limits, "_BETWEEN_TRIES", 0.0)
    limits._group_stands_back(7)
    assert asked == ["7", "7", "7"]


def test_threads_are_told_to_every_library_and_sleep_while_they_wait() -> None:
    told = environment(3)
    assert {name: told[name] for name in THREAD_VARIABLES} == dict.fromkeys(THREAD_VARIABLES, "3")
    assert told["OMP_WAIT_POLICY"] == "passive"


def test_the_package_comes_first_on_the_path() -> None:
    assert with_package({"PYTHONPATH": "/b"}, "/a") == {"PYTHONPATH": f"/a{os.pathsep}/b"}
    assert with_package({"A": "1"}, "/a") == {"A": "1", "PYTHONPATH": "/a"}
