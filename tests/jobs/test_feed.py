"""Readers of events: each gets all of them, in order, live or late, whatever the database does."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from app.jobs import feed as module
from app.jobs.desk import Desk
from app.jobs.feed import AT_ONCE, Feed
from app.jobs.job import Event, Job
from app.jobs.ledger import Claim, Ledger, Taken
from app.jobs.store import Store
from tests.jobs.conftest import point

Submit = Callable[[], str]
SILENCE = 60.0


def known(store: Store, job_id: str) -> Job:
    job = store.job(job_id)
    assert job is not None
    return job


def claimed(ledger: Ledger, job_id: str) -> Claim:
    claim = ledger.claim(job_id)
    assert claim is not None
    return claim


def step(ledger: Ledger, claim: Claim, number: int, points: int) -> None:
    told = [point(place, 1.0) for place in range(points)]
    ledger.take(claim, Taken(number, "{}", 0.5, told, ()))


async def read(feed: Feed, job: Job, after: int = 0) -> list[int]:
    seen: list[int] = []
    async for events in feed.follow(job, after, SILENCE):
        seen += [event.id for event in events]
    return seen


def test_readers_at_different_places_get_the_rest(store: Store, ledger: Ledger, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    job = known(store, job_id)

    async def watch() -> list[list[int]]:
        feed = Feed(store)
        readers = [asyncio.create_task(read(feed, job, after)) for after in (0, 1, 2, 400)]
        for number in range(3):
            await asyncio.sleep(0.08)
            await asyncio.to_thread(step, ledger, claim, number, 300)
        late = asyncio.create_task(read(feed, job, 2))
        await asyncio.sleep(0.08)
        await asyncio.to_thread(ledger.fail, claim, "It broke.")
        found = await asyncio.gather(*readers, late)
        assert feed.readers == 0
        return found

    last = 2 + 3 * 300 + 1
    assert last > AT_ONCE
    assert asyncio.run(watch()) == [list(range(after + 1, last + 1)) for after in (0, 1, 2, 400, 2)]


def test_a_finished_job_is_replayed_in_pages(store: Store, ledger: Ledger, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    step(ledger, claim, 0, 2 * AT_ONCE)
    ledger.cancel(claim)
    job = known(store, job_id)

    async def replay(after: int) -> list[int]:
        return [len(events) async for events in Feed(store).follow(job, after, SILENCE)]

    assert asyncio.run(replay(0)) == [AT_ONCE, AT_ONCE, 3]
    assert asyncio.run(replay(job.last_event - 1)) == [1]
    assert asyncio.run(replay(job.last_event)) == []
    assert asyncio.run(replay(2**31 - 1)) == []


def test_silence_is_told(store: Store, submit: Submit) -> None:
    job = known(store, submit())

    async def listen() -> list[list[Event]]:
        feed = Feed(store)
        stream = feed.follow(job, 1, 0.05)
        found = [await anext(stream), await anext(stream)]
        await stream.aclose()
        return found

    assert asyncio.run(listen()) == [[], []]


def test_a_reader_that_leaves_is_forgotten(store: Store, submit: Submit) -> None:
    job = known(store, submit())

    async def leave() -> int:
        feed = Feed(store)
        task = asyncio.create_task(read(feed, job))
        await asyncio.sleep(0.1)
        assert feed.readers == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return feed.readers

    assert asyncio.run(leave()) == 0


@pytest.mark.parametrize("how", ["close", "delete"])
def test_streams_end_without_an_end(store: Store, desk: Desk, submit: Submit, how: str) -> None:
    job = known(store, submit())

    async def watch() -> list[int]:
        feed = Feed(store)
        task = asyncio.create_task(read(feed, job))
        await asyncio.sleep(0.1)
        if how == "close":
            feed.close()
        else:
            await asyncio.to_thread(desk.delete, job.id)
        return await asyncio.wait_for(task, 10)

    assert asyncio.run(watch()) == [1]


def test_readers_wait_for_a_database_that_is_away(
    store: Store, ledger: Ledger, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    job = known(store, job_id)
    heads, failures = store.heads, 0

    def fail_at_first(numbers: list[int]) -> dict[int, int]:
        nonlocal failures
        failures += 1
        if failures < 4:
            raise sa.exc.OperationalError("", {}, Exception("away"))
        return heads(numbers)

    monkeypatch.setattr(store, "heads", fail_at_first)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)

    async def watch() -> list[int]:
        task = asyncio.create_task(read(Feed(store), job, job.last_event))
        await asyncio.sleep(0.02)
        await asyncio.to_thread(ledger.fail, claim, "It broke.")
        return await asyncio.wait_for(task, 10)

    assert asyncio.run(watch()) == [3]
    assert failures >= 4


def test_a_replay_waits_for_a_database_that_is_away(
    store: Store, ledger: Ledger, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit()
    ledger.fail(claimed(ledger, job_id), "It broke.")
    job, events, failures = known(store, job_id), store.events, 0

    def fail_at_first(number: int, after: int, limit: int) -> list[Event]:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise sa.exc.OperationalError("", {}, Exception("away"))
        return events(number, after, limit)

    monkeypatch.setattr(store, "events", fail_at_first)
    monkeypatch.setattr(module, "_AWAY_FOR", 0.01)
    assert asyncio.run(read(Feed(store), job)) == [1, 2, 3]
    assert failures == 3
