"""What is read of jobs."""

from collections.abc import Callable

from app.jobs.desk import Desk
from app.jobs.ledger import Ledger, Taken
from app.jobs.store import Store
from tests.jobs.conftest import order, point

Submit = Callable[[], str]


def test_pages_lead_through_all_jobs_newest_first(desk: Desk, store: Store) -> None:
    ids = [desk.submit(order(seed))[0] for seed in range(7)]
    seen: list[str] = []
    before = None
    while True:
        page, before = store.page(None, None, 3, before)
        seen += [job.id for job in page]
        desk.submit(order())  # what comes meanwhile shifts nothing
        if before is None:
            break
    assert seen == ids[::-1]


def test_pages_of_a_state_and_a_demo(desk: Desk, store: Store) -> None:
    counting = [desk.submit(order())[0] for _ in range(3)]
    wild = desk.submit(order(demo="wild"))[0]
    desk.cancel(counting[1])
    assert [job.id for job in store.page("queued", None, 9, None)[0]] == [wild, counting[2], counting[0]]
    assert [job.id for job in store.page("cancelled", "counting", 9, None)[0]] == [counting[1]]
    assert store.page("cancelled", "wild", 9, None) == ([], None)
    assert store.counts() == {"queued": 3, "cancelled": 1}


def test_events_after_an_id_and_their_heads(store: Store, ledger: Ledger, submit: Submit) -> None:
    job_id = submit()
    claim = ledger.claim(job_id)
    assert claim is not None
    points = [point(x, 1.0) for x in range(5)]
    ledger.take(claim, Taken(0, "{}", 0.5, points, ()))
    number = claim.job.number
    assert store.heads([number, number + 99]) == {number: 7}
    assert [event.id for event in store.events(number, 3, 2)] == [4, 5]
    assert store.events(number, 7, 9) == []


def test_digits_survive(store: Store, ledger: Ledger, submit: Submit) -> None:
    claim = ledger.claim(submit())
    assert claim is not None
    values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 1 / 3]
    points = [point(x, y) for x, y in enumerate(values)]
    ledger.take(claim, Taken(0, "{}", 0.5, points, ()))
    found = store.series(claim.job.number)["x"]["y"]
    assert [y.hex() for y in found] == [y.hex() for y in values]
