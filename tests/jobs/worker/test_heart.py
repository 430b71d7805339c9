"""Who lives and who is dead."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.schema import workers
from app.jobs.store import DEAD_AFTER, Store
from app.jobs.worker import heart as module
from app.jobs.worker.heart import Dead, Heart, Observer


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def watch(observer: Observer, clock: Clock, seconds: float) -> list[Dead]:
    """Whom an observer that looks every second finds dead in so many seconds."""
    for _ in range(int(seconds)):
        clock.now += 1.0
        if found := observer.dead():
            return found
    return []


def test_a_worker_that_signed_off_is_dead_at_once(database: Database, tmp_path: Path) -> None:
    heart, observer = Heart(database, "a", tmp_path), Observer(database, "b", tmp_path)
    heart.start()
    assert observer.dead() == []
    assert Store(database).live_workers() == 1
    heart.stop()
    assert Store(database).live_workers() == 0
    assert observer.dead() == [Dead("a", signed_off=True)]
    observer.bury("a")
    assert observer.dead() == []


def test_one_whose_process_is_gone_is_dead_at_once(database: Database, tmp_path: Path) -> None:
    heart, observer = Heart(database, "a", tmp_path), Observer(database, "b", tmp_path)
    heart.start()
    assert observer.dead() == []
    heart._lock.release()  # as the system does, however a process ends
    assert observer.dead() == [Dead("a", signed_off=False)]


def test_one_on_another_machine_is_dead_when_it_has_been_silent(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    heart, observer = Heart(database, "a", tmp_path / "there"), Observer(database, "b", tmp_path / "here")
    heart.start()
    assert watch(observer, clock, DEAD_AFTER - 1) == []
    assert heart.beat()
    assert watch(observer, clock, DEAD_AFTER - 1) == []
    assert watch(observer, clock, 4) == [Dead("a", signed_off=False)]


def test_after_a_gap_nobody_is_dead_before_there_was_time_to_beat(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    heart, observer = Heart(database, "a", tmp_path / "there"), Observer(database, "b", tmp_path / "here")
    heart.start()
    assert watch(observer, clock, 3) == []
    clock.now += 60.0  # the database was away, for all hearts alike
    assert watch(observer, clock, DEAD_AFTER - 1) == []
    assert watch(observer, clock, 4) == [Dead("a", signed_off=False)]


def test_one_taken_for_dead_learns_it(database: Database, tmp_path: Path) -> None:
    heart, observer = Heart(database, "a", tmp_path), Observer(database, "b", tmp_path)
    heart.start()
    assert heart.beat()
    observer.bury("a")
    assert not heart.beat()


def test_nobody_is_its_own_observer(database: Database, tmp_path: Path) -> None:
    heart = Heart(database, "a", tmp_path)
    heart.start()
    heart._lock.release()
    assert Observer(database, "a", tmp_path).dead() == []
    with database.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(workers)) == 1


def test_who_holds_jobs_and_was_never_seen_or_is_buried_is_a_stranger(
    database: Database, tmp_path: Path
) -> None:
    heart, observer = Heart(database, "a", tmp_path), Observer(database, "b", tmp_path)
    heart.start()
    assert observer.strangers({"a", "b", "c"}) == ["c"], "b is itself"
    assert heart.is_known()
    observer.bury("a")
    assert not heart.is_known()
    assert observer.strangers({"a", "b"}) == ["a"]
    assert observer.strangers(()) == []
    heart.stop()
