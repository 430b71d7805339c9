"""What a worker may write: once each, in order, and only while the job is its own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.jobs.database import Database
from app.jobs.desk import Desk
from app.jobs.ledger import Claim, Ledger, Superseded, Taken
from app.jobs.store import Store
from app.jobs.writing import Told
from app.lab.shown import Outcome, Picture
from tests.jobs.conftest import point

Submit = Callable[[], str]
OUTCOME = Outcome({"x": 1}, ()).to_json()


def taken(step: int, *told: Told) -> Taken:
    return Taken(step, f'{{"step":{step + 1}}}', 0.25, told, ())


def claimed(ledger: Ledger, job_id: str) -> Claim:
    claim = ledger.claim(job_id)
    assert claim is not None
    return claim


def told(store: Store, job_id: str) -> list[tuple[int, str]]:
    job = store.job(job_id)
    assert job is not None
    found: list[tuple[int, str]] = [(event.id, event.kind) for event in store.events(job.number, 0, 99)]
    assert [place for place, _ in found] == list(range(1, job.last_event + 1))
    return found


def test_a_job_from_its_claim_to_its_end(ledger: Ledger, store: Store, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    assert (claim.step, claim.state, claim.token) == (0, None, 1)
    assert not ledger.take(claim, taken(0, point(0, 0.5), point(1, 0.5)))
    ledger.succeed(claim, taken(1, point(2, 0.5)), OUTCOME, {"python": "3"})
    job = store.job(job_id)
    assert job is not None
    assert (job.state, job.progress, job.attempts, job.error) == ("succeeded", 1.0, 1, None)
    assert job.started is not None
    assert job.finished is not None
    assert job.created <= job.started <= job.finished
    kinds = [kind for _, kind in told(store, job_id)]
    assert kinds == ["state", "state", "point", "point", "point", "end"]
    assert store.series(job.number) == {"x": {"x": [0, 1, 2], "y": [0.5] * 3}}
    assert store.outcome(job.number) == (Outcome({"x": 1}, ()), {"python": "3"})
    assert ledger.claim(job_id) is None


def test_a_step_is_written_once_however_often_it_is_sent(
    ledger: Ledger, store: Store, submit: Submit
) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    ledger.take(claim, taken(0, point(0, 0.5)))
    before = told(store, job_id)
    assert not ledger.take(claim, taken(0, point(0, 0.5))), "as after an answer that got lost"
    assert told(store, job_id) == before


def test_what_steps_took_is_summed_over_all_claims(ledger: Ledger, submit: Submit) -> None:
    job_id = submit()
    first = claimed(ledger, job_id)
    assert first.worked == 0
    for _ in range(2):  # the second is the same step, sent again
        ledger.take(first, replace(taken(0), seconds=1.5))
    ledger.take(first, replace(taken(1), seconds=0.25))
    assert claimed(ledger, job_id).worked == 1.75
    ledger.restart(claimed(ledger, job_id))
    assert claimed(ledger, job_id).worked == 1.75, "what is lost took its time, too"


def test_who_was_taken_for_dead_writes_nothing_more(
    database: Database, ledger: Ledger, store: Store, submit: Submit
) -> None:
    job_id = submit()
    old = claimed(ledger, job_id)
    ledger.take(old, taken(0, point(0, 0.5)))
    successor = Ledger(database, "worker 2", max_attempts=3)
    new = claimed(successor, job_id)
    assert (new.step, new.state, new.token) == (1, '{"step":1}', 2)
    before = told(store, job_id)
    for write in (
        lambda: ledger.take(old, taken(1, point(1, 0.5))),
        lambda: ledger.restart(old),
        lambda: ledger.succeed(old, taken(1), OUTCOME, {}),
        lambda: ledger.fail(old, "It broke."),
        lambda: ledger.cancel(old),
        lambda: ledger.is_cancelled(old),
    ):
        with pytest.raises(Superseded):
            write()
    assert told(store, job_id) == before
    successor.succeed(new, taken(1), OUTCOME, {})
    with pytest.raises(Superseded):
        successor.succeed(new, taken(1), OUTCOME, {})
    assert [kind for _, kind in told(store, job_id)].count("end") == 1


def test_a_job_begun_again_tells_nothing_twice(ledger: Ledger, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    ledger.take(claim, taken(0))
    ledger.take(claim, taken(1))
    ledger.restart(claim)
    ledger.take(claim, taken(0))
    again = claimed(ledger, job_id)
    assert (again.step, again.told) == (1, 2)


def test_claims_without_a_step_between_are_bounded(ledger: Ledger, store: Store, submit: Submit) -> None:
    job_id = submit()
    for _ in range(3):
        claimed(ledger, job_id)
    assert ledger.claim(job_id, "its process was ended by signal 9") is None
    job = store.job(job_id)
    assert job is not None
    assert job.state == "failed"
    how = "3 times in a row at the same step (its process was ended by signal 9); not tried again."
    assert job.error == f"Its process died {how}"
    assert told(store, job_id)[-1][1] == "end"


def test_every_step_gives_new_attempts(ledger: Ledger, store: Store, submit: Submit) -> None:
    job_id = submit()
    for step in range(8):
        ledger.take(claimed(ledger, job_id), taken(step))
    for _ in range(2):
        claimed(ledger, job_id)
    ledger.hand_back()
    for _ in range(3):
        claimed(ledger, job_id)
    job = store.job(job_id)
    assert job is not None
    assert (job.state, job.attempts) == ("running", 13)


def test_a_cancelled_job_is_not_begun(desk: Desk, ledger: Ledger, store: Store, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    desk.cancel(job_id)
    assert ledger.take(claim, taken(0)), "the worker is told"
    assert ledger.claim(job_id) is None, "or whoever comes after it"
    job = store.job(job_id)
    assert job is not None
    assert job.state == "cancelled"


def test_a_deleted_job_is_let_go(desk: Desk, ledger: Ledger, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    desk.delete(job_id)
    with pytest.raises(Superseded):
        ledger.take(claim, taken(0))
    assert ledger.claim(job_id) is None


def test_a_later_picture_takes_the_place_of_an_earlier(ledger: Ledger, store: Store, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    for step, data in enumerate(("one", "two")):
        picture = Picture("p", "Title", "alt", "image/png", data)
        ledger.take(claim, Taken(step, "{}", 0.5, (), (picture,)))
    assert [picture.data for picture in store.pictures(claim.job.number)] == ["two"]


def test_numbers_that_are_not_finite_are_never_written(ledger: Ledger, store: Store, submit: Submit) -> None:
    job_id = submit()
    claim = claimed(ledger, job_id)
    before = told(store, job_id)
    with pytest.raises(ValueError, match="JSON"):
        ledger.take(claim, taken(0, ("point", {"series": "x", "x": 0, "y": float("nan")})))
    assert told(store, job_id) == before
