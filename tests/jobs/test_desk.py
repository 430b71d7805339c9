"""Jobs handed in, cancelled, resumed, deleted; twice, at once, and too many."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.desk import Desk
from app.jobs.job import Event
from app.jobs.ledger import Ledger, Taken
from app.jobs.schema import checkpoints, events, keys, pictures
from app.jobs.store import Store
from app.jobs.writing import Told
from app.lab.shown import Picture
from app.problems import Conflict, NotFound, TooManyRequests, Unavailable, Unprocessable
from tests.jobs.conftest import QueueTwin, order, point


def count(database: Database, table: sa.Table) -> int:
    with database.engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_a_job_is_queued_with_its_first_event(desk: Desk, store: Store, queue: QueueTwin) -> None:
    job_id, replayed = desk.submit(order(seed=2**63 - 1))
    job = store.job(job_id)
    assert job is not None
    assert not replayed
    assert (job.state, job.progress, job.attempts, job.seed) == ("queued", 0.0, 0, 2**63 - 1)
    assert job.params == {"steps": 3}
    assert store.events(job.number, 0, 10) == [Event(1, "state", '{"state":"queued"}')]
    assert queue.ids == [job_id]


def test_the_same_key_gives_the_same_job(desk: Desk, store: Store) -> None:
    first = desk.submit(order(key="k"))
    assert desk.submit(order(key="k")) == (first[0], True)
    with pytest.raises(Unprocessable, match="Idempotency-Key"):
        desk.submit(order(key="k", seed=1))
    assert desk.submit(order(key="k", client="host:2"))[0] != first[0], "a key is its client's own"
    assert len(store.page(None, None, 10, None)[0]) == 2


def test_the_same_key_at_once_gives_one_job(desk: Desk, store: Store) -> None:
    together = threading.Barrier(8)

    def send(_: int) -> str:
        together.wait()
        return desk.submit(order(key="k"))[0]

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(send, range(8)))) == 1
    assert len(store.page(None, None, 10, None)[0]) == 1


def test_the_queue_is_bounded_also_for_many_at_once(database: Database, queue: QueueTwin) -> None:
    desk = Desk(database, queue, most=5, most_of_one=3)
    together = threading.Barrier(8)

    def send(place: int) -> str:
        together.wait()
        try:
            desk.submit(order(client=f"host:{place % 2}"))
        except (TooManyRequests, Unavailable) as error:
            assert int(error.headers["Retry-After"]) > 0
            return type(error).__name__
        return "taken"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert answers.count("taken") == 5
    assert set(answers) <= {"taken", "TooManyRequests", "Unavailable"}
    assert count(database, events) == 5, "what is refused leaves nothing"


def test_a_client_has_a_quota_and_gets_it_back(database: Database, queue: QueueTwin) -> None:
    desk = Desk(database, queue, most=5, most_of_one=1)
    job_id, _ = desk.submit(order())
    with pytest.raises(TooManyRequests):
        desk.submit(order())
    desk.submit(order(client="host:2"))
    desk.cancel(job_id)
    desk.submit(order())


def test_a_queued_job_is_cancelled_at_once(desk: Desk, store: Store, ledger: Ledger) -> None:
    job_id, _ = desk.submit(order())
    desk.cancel(job_id)
    job = store.job(job_id)
    assert job is not None
    assert job.state == "cancelled"
    assert [event.kind for event in store.events(job.number, 0, 9)] == ["state", "end"]
    assert ledger.claim(job_id) is None
    with pytest.raises(Conflict, match="cancelled already"):
        desk.cancel(job_id)


def test_a_running_job_is_asked_to_stop(desk: Desk, store: Store, ledger: Ledger) -> None:
    job_id, _ = desk.submit(order())
    claim = ledger.claim(job_id)
    assert claim is not None
    desk.cancel(job_id)
    desk.cancel(job_id)
    job = store.job(job_id)
    assert job is not None
    assert (job.state, job.cancelling) == ("running", True)
    assert ledger.is_cancelled(claim)


def test_what_is_deleted_is_gone(database: Database, desk: Desk, store: Store, queue: QueueTwin) -> None:
    job_id, _ = desk.submit(order(key="k"))
    desk.delete(job_id)
    assert store.job(job_id) is None
    assert queue.ids == []
    assert [count(database, table) for table in (events, checkpoints, keys)] == [0, 0, 0]
    for call in (desk.delete, desk.cancel, lambda job: desk.resume(job, "host:1")):
        with pytest.raises(NotFound):
            call(job_id)
    assert desk.submit(order(key="k"))[0] != job_id


def test_a_stopped_job_goes_on_as_a_new_one(desk: Desk, store: Store, ledger: Ledger) -> None:
    job_id, _ = desk.submit(order(seed=5))
    with pytest.raises(Conflict, match="queued"):
        desk.resume(job_id, "host:1")
    claim = ledger.claim(job_id)
    assert claim is not None
    picture = Picture("p", "Picture", "alt", "image/png", "data")
    told: list[Told] = [point(0, 1.5), ("progress", {"progress": 0.5})]
    ledger.take(claim, Taken(0, '{"step":1}', 0.5, told, (picture,)))
    ledger.cancel(claim)

    new_id = desk.resume(job_id, "host:2")
    old, new = store.job(job_id), store.job(new_id)
    assert old is not None
    assert new is not None
    assert (new.state, new.progress, new.seed, new.client) == ("queued", 0.5, 5, "host:2")
    assert (new.origin, new.resumed_from, new.model_id) == (old.id, old.id, old.model_id)
    assert store.resumed_as(job_id) == new_id
    kinds = [(event.id, event.kind) for event in store.events(new.number, 0, 9)]
    assert kinds == [(1, "state"), (2, "point"), (3, "progress")]
    assert new.last_event == 3
    assert store.series(new.number) == {"x": {"x": [0], "y": [1.5]}}
    assert store.pictures(new.number) == [picture]
    again = ledger.claim(new_id)
    assert again is not None
    assert (again.step, again.told, again.state) == (1, 1, '{"step":1}')
    with pytest.raises(Conflict, match="resumed already"):
        desk.resume(job_id, "host:1")
    with pytest.raises(Conflict, match="running"):
        desk.resume(new_id, "host:1")


def test_a_copied_picture_does_not_go_with_the_old_job(
    database: Database, desk: Desk, ledger: Ledger
) -> None:
    job_id, _ = desk.submit(order())
    claim = ledger.claim(job_id)
    assert claim is not None
    ledger.take(claim, Taken(0, "{}", 0.5, (), (Picture("p", "", "", "image/png", ""),)))
    ledger.fail(claim, "It broke.")
    desk.resume(job_id, "host:1")
    desk.delete(job_id)
    assert count(database, pictures) == 1
