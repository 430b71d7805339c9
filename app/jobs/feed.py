"""Events as they come, from whichever process they come, to any number of readers at once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
import structlog
from starlette.concurrency import run_in_threadpool

from app.jobs.job import Event, Job
from app.jobs.store import Store

LOOK_EVERY = 0.05
"""Seconds between looks for new events, while anyone reads."""
AT_ONCE = 500
"""Events fetched together: what a reader may be given at most, and what is kept for those who keep up."""
_LONGEST_WAIT = 5.0
_AWAY_FOR = 1.0

log = structlog.get_logger(__name__)


class Channel:
    """The newest events of one followed job, and those who wait for more."""

    def __init__(self, last: int, is_over: bool) -> None:
        self.readers = 0
        self.recent: deque[Event] = deque(maxlen=AT_ONCE)
        self.last = last
        self.is_over = is_over
        self._changed = asyncio.Event()

    def add(self, found: list[Event]) -> None:
        """Take new events in and wake everyone."""
        self.recent.extend(found)
        self.last = found[-1].id
        self.is_over = found[-1].kind == "end"
        self.wake()

    def wake(self) -> None:
        """Have everyone look."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Until there is something to look at; False if that took longer."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def since(self, after: int) -> list[Event] | None:
        """The events after an id, None if some of them are no longer kept here."""
        if self.recent and self.recent[0].id <= after + 1:
            return [event for event in self.recent if event.id > after]
        return [] if after >= self.last else None


class Feed:
    """Follows jobs for their readers: one look at the database serves all of them.

    What a reader costs is bounded: those who keep up share a job's last events, those behind are given pages.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._channels: dict[int, Channel] = {}
        self._watch: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def readers(self) -> int:
        """How many there are now."""
        return sum(channel.readers for channel in self._channels.values())

    async def follow(self, job: Job, after: int, silence: float) -> AsyncGenerator[list[Event]]:
        """The job's events after an id, some at a time, until its end, its deletion, or `close`.

        An empty list comes for every `silence` seconds without any.
        """
        with self._channel(job) as channel:
            while True:
                if self._closed:
                    return
                found = channel.since(after)
                if found is None:
                    try:
                        found = await run_in_threadpool(self._store.events, job.number, after, AT_ONCE)
                    except sa.exc.SQLAlchemyError:  # away; it is waited for, as by those who keep up
                        await asyncio.sleep(_AWAY_FOR)
                        yield []
                        continue
                if found:
                    yield found
                    after = found[-1].id
                    if found[-1].kind == "end":
                        return
                elif channel.is_over:
                    return
                elif after < channel.last:  # something came during the read, or the job was just deleted
                    await asyncio.sleep(LOOK_EVERY)
                elif not await channel.wait(silence):
                    yield []

    def close(self) -> None:
        """End every stream; readers come back, to this process's successor, with the last id they saw."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        for channel in self._channels.values():
            channel.wake()

    @contextmanager
    def _channel(self, job: Job) -> Iterator[Channel]:
        if (channel := self._channels.get(job.number)) is None:
            channel = self._channels[job.number] = Channel(job.last_event, job.is_finished)
        channel.readers += 1
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._keep_looking())
        try:
            yield channel
        finally:
            channel.readers -= 1
            if not channel.readers:
                self._channels.pop(job.number, None)

    async def _keep_looking(self) -> None:
        wait = LOOK_EVERY
        while self._channels and not self._closed:
            try:
                await self._look()
                wait = LOOK_EVERY
            except sa.exc.SQLAlchemyError as error:  # readers wait until the database is back
                log.warning("events cannot be read now", reason=str(error.__cause__ or error)[:200])
                wait = min(2 * wait, _LONGEST_WAIT)
            await asyncio.sleep(wait)

    async def _look(self) -> None:
        live = {number: channel for number, channel in self._channels.items() if not channel.is_over}
        if not live:
            return
        heads = await run_in_threadpool(self._store.heads, list(live))
        for number, channel in live.items():
            if number not in heads:  # deleted
                channel.is_over = True
                channel.wake()
            while channel.last < heads.get(number, 0):
                found = await run_in_threadpool(self._store.events, number, channel.last, AT_ONCE)
                if not found:
                    break
                channel.add(found)
