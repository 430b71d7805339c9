"""What has been finished for long is removed, and nothing else."""

import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.desk import Desk
from app.jobs.queue import Queue
from app.jobs.schema import events, jobs
from app.jobs.store import Store
from app.jobs.worker.housekeeping import queue_again, remove_old_jobs
from tests.jobs.conftest import order


def test_old_jobs_go_and_others_stay(database: Database, desk: Desk, store: Store) -> None:
    ids = [desk.submit(order(seed))[0] for seed in range(4)]
    for job_id in ids[:3]:
        desk.cancel(job_id)
    days = {ids[0]: 31.0, ids[1]: 29.0}
    with database.engine.begin() as connection:
        for job_id, age in days.items():
            long_ago = database.now - age * 86400
            connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(finished=long_ago))
        connection.execute(sa.update(jobs).where(jobs.c.id == ids[3]).values(created=0.0))
    assert remove_old_jobs(database, days=30) == 1
    assert [store.job(job_id) is not None for job_id in ids] == [False, True, True, True]
    with database.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(events)) == 2 + 2 + 1
    assert remove_old_jobs(database, days=30) == 0


def test_a_job_that_dropped_out_of_the_queue_is_put_back(database: Database) -> None:
    queue = Queue(database)
    desk = Desk(database, queue, most=10, most_of_one=10)
    try:
        ids = [desk.submit(order(seed))[0] for seed in range(3)]
        desk.cancel(ids[2])
        for job_id in (ids[1], ids[2]):
            queue.forget(job_id)
        assert queue_again(database, queue) == 0, "they are young"
        with database.engine.begin() as connection:
            connection.execute(sa.update(jobs).values(created=database.now - 100))
        assert queue.missing(ids) == ids[1:]
        assert queue_again(database, queue) == 1
        assert queue.missing(ids) == [ids[2]], "it has ended"
        assert queue_again(database, queue) == 0
    finally:
        queue.close()
