"""A job from its claim to its end, whatever its demo does and whatever happens meanwhile."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs.job import Job
from app.jobs.schema import checkpoints, jobs
from app.jobs.worker import execution
from app.jobs.worker.execution import Executor, Stopping
from app.jobs.worker.pool import StepFailed
from app.lab import run_demo
from tests.jobs.demos.counting import Counting
from tests.jobs.worker.conftest import Bench

MakeBench = Callable[..., Bench]
DIED = "Its process died 2 times in a row at the same step ({}); not tried again."
REASONS = {
    "aborts": DIED.format("its process was ended by signal 6"),
    "exits": DIED.format("its process ended with code 3"),
    "forgets": "Its work was lost again and again: the checkpoint is gone.",
    "gives an object": "The demo broke: TypeError: Object of type object is not JSON serializable.",
    "gives NaN in the outcome": "A number that is not finite came out in result.x.",
    "gives NaN in the state": "A number that is not finite came out in the state.x.",
    "gives a NaN point": "A number that is not finite came out in steps[1].",
    "gives too many points": "It shows more than the 100000 points that a job may show.",
    "grows": "Its state has grown beyond the 16 MiB that are kept.",
    "hangs": "A step took longer than the 1 s that one may take, so it was stopped.",
    "is killed": DIED.format("its process was ended by signal 9"),
    "raises": "The demo broke: ZeroDivisionError: division by zero.",
    "refuses": "This run cannot go on.",
}
if sys.platform == "linux":
    REASONS["allocates"] = REASONS["asks for too much"] = "It needs more than 512 MiB of memory."


def within(seconds: float, look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def in_a_thread(bench: Bench, job_id: str) -> threading.Thread:
    thread = threading.Thread(target=Executor(bench.means).execute, args=(job_id,))
    thread.start()
    return thread


def test_the_numbers_are_those_of_a_run_without_a_queue(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = bench.execute(bench.submit("counting", steps=5, points=3))
    expected = run_demo(Counting(), {"steps": 5, "points": 3})
    assert (job.state, job.attempts, job.progress) == ("succeeded", 1, 1.0)
    assert bench.store.series(job.number) == expected.series
    assert bench.store.outcome(job.number) == (expected.outcome, expected.versions)
    kinds = [event.kind for event in bench.events(job)]
    assert kinds == ["state", "state", *["point", "point", "point", "progress"] * 5, "end"]


@pytest.mark.parametrize("deed", REASONS)
def test_a_demo_that_misbehaves_fails_with_the_reason(make_bench: MakeBench, deed: str) -> None:
    bench = make_bench(step_timeout=1 if deed == "hangs" else 60, max_attempts=2)
    job = bench.execute(bench.submit("wild", deed=deed))
    assert (job.state, job.error) == ("failed", REASONS[deed])
    told = bench.events(job)
    assert [event.kind for event in told].count("end") == 1
    assert told[-1].kind == "end"
    assert bench.store.series(job.number)["steps"]["x"][0] == 0, "what came before stays"
    assert bench.execute(bench.submit("wild")).state == "succeeded", "the next one is well"


@pytest.mark.parametrize("deed", ["prints", "forgets once"])
def test_what_can_be_borne_is(make_bench: MakeBench, deed: str) -> None:
    bench = make_bench()
    job = bench.execute(bench.submit("wild", deed=deed))
    assert (job.state, job.error) == ("succeeded", None)
    assert bench.store.series(job.number)["steps"]["x"] == [0, 1, 2], "nothing is told twice"


def test_what_no_database_takes_ends_the_job(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = bench.execute(bench.submit("wild", deed="paints text that no database takes"))
    assert job.state == "failed"
    assert job.error is not None
    assert "could not go on" in job.error


def test_an_unknown_demo_and_settings_of_another_version_fail(make_bench: MakeBench) -> None:
    bench = make_bench()
    assert bench.execute(bench.submit("gone")).error == "This worker has no demo 'gone'."
    error = bench.execute(bench.submit("counting", pace=1)).error
    assert error == "These settings are no longer taken: /pace: extra inputs are not permitted."


def test_a_job_may_take_so_long_in_all(make_bench: MakeBench) -> None:
    bench = make_bench(job_timeout=1)
    job = bench.execute(bench.submit("counting", steps=1000, sleep=0.05))
    assert (job.state, job.error) == ("failed", "It took longer than the 1 s that a job may take.")


def test_only_its_steps_count_whatever_the_clock_says_of_its_start(make_bench: MakeBench) -> None:
    bench = make_bench(job_timeout=30)
    job_id = bench.submit("counting", steps=2)
    claim = bench.means.ledger.claim(job_id)
    assert claim is not None
    with bench.database.engine.begin() as connection:  # as after a clock has leapt
        connection.execute(sa.update(jobs).values(started=jobs.c.started - 86_400))
    assert bench.execute(job_id).state == "succeeded"


def test_what_steps_took_under_another_worker_counts(make_bench: MakeBench) -> None:
    bench = make_bench(job_timeout=30)
    job_id = bench.submit("counting", steps=2)
    with bench.database.engine.begin() as connection:
        connection.execute(sa.update(checkpoints).values(worked=31.0))
    assert bench.execute(job_id).error == "It took longer than the 30 s that a job may take."


@pytest.mark.parametrize("sleep", [0.02, 30.0])
def test_a_running_job_ends_soon_when_it_is_cancelled(make_bench: MakeBench, sleep: float) -> None:
    bench = make_bench()
    job_id = bench.submit("counting", steps=1000, sleep=sleep)
    thread = in_a_thread(bench, job_id)
    within(30, lambda: bench.job(job_id).state == "running")
    begun = time.monotonic()
    bench.desk.cancel(job_id)
    thread.join(30)
    assert bench.job(job_id).state == "cancelled"
    assert time.monotonic() - begun < 10


def test_a_deleted_job_is_let_go(make_bench: MakeBench) -> None:
    bench = make_bench()
    job_id = bench.submit("counting", steps=1000, sleep=0.02)
    thread = in_a_thread(bench, job_id)
    within(30, lambda: bench.job(job_id).state == "running")
    bench.desk.delete(job_id)
    thread.join(30)
    assert not thread.is_alive()


def test_a_worker_that_stops_leaves_the_job_as_it_is(make_bench: MakeBench) -> None:
    bench = make_bench()
    job_id = bench.submit("counting", steps=40, sleep=0.02)
    stopped: list[BaseException] = []

    def execute() -> None:
        try:
            bench.execute(job_id)
        except Stopping as error:
            stopped.append(error)

    thread = threading.Thread(target=execute)
    thread.start()
    within(30, lambda: bench.job(job_id).progress > 0)
    bench.means.stopping.set()
    thread.join(30)
    assert stopped
    assert bench.job(job_id).state == "running"
    bench.means.stopping.clear()
    assert finishes_as_if_undisturbed(bench, job_id).attempts == 2


def test_a_worker_that_was_taken_for_dead_takes_no_job_from_the_others(make_bench: MakeBench) -> None:
    bench = make_bench()
    others = bench.submit("counting", steps=2)
    bench.means.ledger.claim(others)
    cut_off = replace(bench.means, is_known=lambda: False)
    with pytest.raises(Stopping):
        Executor(cut_off).execute(others)
    assert bench.job(others).attempts == 1


def test_a_job_waits_unclaimed_while_no_process_is_free(make_bench: MakeBench) -> None:
    bench = make_bench()
    with bench.means.pool.lend(lambda: None), bench.means.pool.lend(lambda: None):
        job_id = bench.submit("counting", steps=40)
        thread = in_a_thread(bench, job_id)
        time.sleep(0.3)
        assert (bench.job(job_id).state, bench.job(job_id).attempts) == ("queued", 0)
    thread.join(30)
    assert bench.job(job_id).state == "succeeded"


def test_writes_are_tried_until_the_database_takes_them(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    failures = iter([True, False, True, True] + [False] * 1000)
    ledger = bench.means.ledger
    for name in ("claim", "take", "succeed"):
        write = getattr(ledger, name)

        def flaky(*arguments: Any, write: Any = write) -> Any:
            if next(failures):
                raise sa.exc.OperationalError("", {}, Exception("database or disk is full"))
            return write(*arguments)

        monkeypatch.setattr(ledger, name, flaky)
    finishes_as_if_undisturbed(bench, bench.submit("counting", steps=40))


def test_a_write_whose_answer_is_lost_counts_once(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    ledger = bench.means.ledger
    for name in ("claim", "take", "succeed"):
        write = getattr(ledger, name)

        def deaf(*arguments: Any, write: Any = write, lost: list[int] = []) -> Any:  # noqa: B006
            answer = write(*arguments)
            if len(lost) < 3:
                lost.append(1)
                raise sa.exc.OperationalError("", {}, Exception("connection lost"))
            return answer

        monkeypatch.setattr(ledger, name, deaf)
    finishes_as_if_undisturbed(bench, bench.submit("counting", steps=40))


def test_no_process_can_be_started_for_a_while(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    monkeypatch.setattr(execution, "_LONGEST_WAIT", 0.01)
    replace, failures = bench.means.pool._replace, iter([True, True, False])

    def fail_at_first(old: Any) -> Any:
        if next(failures):
            raise StepFailed("no process can be started (no memory)")
        return replace(old)

    with bench.means.pool.lend(lambda: None) as first, bench.means.pool.lend(lambda: None) as second:
        first.kill()
        second.kill()
    monkeypatch.setattr(bench.means.pool, "_replace", fail_at_first)
    job_id = bench.submit("counting", steps=1)
    assert bench.execute(job_id).attempts == 1


def finishes_as_if_undisturbed(bench: Bench, job_id: str) -> Job:
    job = bench.execute(job_id)
    assert job.state == "succeeded"
    series = bench.store.series(job.number)["x"]
    assert series == run_demo(Counting(), {"steps": 40}).series["x"]
    assert [event.kind for event in bench.events(job)].count("end") == 1
    return job
