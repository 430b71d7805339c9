"""What a process may use of the machine."""

import os
import subprocess
import sys

import pytest

from app.jobs.worker.limits import THREAD_VARIABLES, environment, with_package

SCRIPT = """
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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit")
def test_memory_and_niceness_are_limited() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=with_package(os.environ, os.getcwd()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 4)


def test_threads_are_told_to_every_library() -> None:
    assert environment(3) == dict.fromkeys(THREAD_VARIABLES, "3")


def test_the_package_comes_first_on_the_path() -> None:
    assert with_package({"PYTHONPATH": "/b"}, "/a") == {"PYTHONPATH": f"/a{os.pathsep}/b"}
    assert with_package({"A": "1"}, "/a") == {"A": "1", "PYTHONPATH": "/a"}
