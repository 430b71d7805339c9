"""Processes that take steps: answers, silence, deaths, and who is lent one."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.jobs.worker.pool import Means, Pool, Runner, StepFailed, TimedOut
from tests.jobs.worker.conftest import DEMOS

MEANS = Means(threads=1, niceness=3, memory=512 << 20, demo_packages=(DEMOS,))


def asked(demo: str, **params: Any) -> dict[str, Any]:
    return {
        "demo": demo,
        "params": params,
        "seed": 0,
        "model_id": "m",
        "folder": "/nowhere",
        "data": None,
    }


def look() -> None:
    pass


@pytest.fixture
def runner() -> Iterator[Runner]:
    runner = Runner(MEANS)
    yield runner
    runner.kill()


def test_a_step_is_answered_from_its_state(runner: Runner) -> None:
    first = runner.ask(asked("counting", steps=2, points=1), None, 30, look)
    assert first["state"]["step"] == 1
    assert first["outcome"] is None
    again = runner.ask(asked("counting", steps=2, points=1), None, 30, look)
    assert again == first, "a step may be taken twice"
    last = runner.ask(asked("counting", steps=2, points=1), '{"step": 1, "x": 0.5}', 30, look)
    assert last["points"] == [{"series": "x", "x": 1, "y": 3.99 * 0.5 * 0.5}]
    assert last["outcome"]["result"] == {"x": 3.99 * 0.5 * 0.5}
    assert runner.is_alive


def test_silence_ends_the_process(runner: Runner) -> None:
    with pytest.raises(TimedOut):
        runner.ask(asked("counting", sleep=60), None, 0.5, look)
    assert not runner.is_alive


def test_who_looks_may_give_up(runner: Runner) -> None:
    class Enough(Exception):
        pass

    def give_up() -> None:
        raise Enough

    with pytest.raises(Enough):
        runner.ask(asked("counting", sleep=60), None, 30, give_up)
    assert not runner.is_alive


def test_a_death_is_told(runner: Runner) -> None:
    threading.Timer(0.5, os.kill, (runner.pid, signal.SIGKILL)).start()
    with pytest.raises(StepFailed, match="ended by signal 9"):
        runner.ask(asked("counting", sleep=60), None, 30, look)


def test_a_process_without_its_demos_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(Means(1, 0, 512 << 20, ("no.such.package",)))
    with pytest.raises(StepFailed, match="ended with code 1"):
        runner.ask(asked("counting"), None, 30, look)


@pytest.mark.skipif(os.name == "nt", reason="Windows has priority classes instead")
def test_it_stands_back(runner: Runner) -> None:
    runner.ask(asked("counting", steps=1), None, 30, look)
    assert os.getpriority(os.PRIO_PROCESS, runner.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3)


def test_it_ends_with_its_worker(runner: Runner) -> None:
    runner.ask(asked("counting", steps=1), None, 30, look)
    stdin = runner._process.stdin
    assert stdin is not None
    stdin.close()
    assert runner._process.wait(30) == 0


def test_a_pool_lends_each_process_to_one_at_a_time_and_replaces_the_dead() -> None:
    pool = Pool(MEANS, 2)
    try:
        with pool.lend(look) as first, pool.lend(look) as second:
            assert first.pid != second.pid
            waited: list[float] = []

            def stop_waiting() -> None:
                waited.append(time.monotonic())
                raise StepFailed("enough")

            with pytest.raises(StepFailed, match="enough"), pool.lend(stop_waiting):
                pass
            assert waited
            first.kill()
        pids = set()
        with pool.lend(look) as one, pool.lend(look) as other:
            pids = {one.pid, other.pid}
            assert one.is_alive
            assert other.is_alive
        assert second.pid in pids
        assert first.pid not in pids
    finally:
        pool.close()
    assert not second.is_alive
    with pytest.raises(StepFailed, match="stopping"), pool.lend(look):
        pass


def test_a_pool_that_is_closed_while_it_warms_is_not_an_error() -> None:
    pool = Pool(MEANS, 2)
    pool.close()
    pool.warm()
    assert not pool._running
