"""Events of a job by REST; a stand-in for a worker writes them."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api import events
from app.jobs.database import Database, database_url
from app.jobs.ledger import Ledger, Taken
from app.settings import Settings

POINT = {"series": "x", "x": 0, "y": 0.1}


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    database = Database(database_url(settings))
    yield Ledger(database, "worker", max_attempts=1)
    database.close()


@pytest.fixture
def events_of_a_failed_job(client: TestClient, ledger: Ledger) -> str:
    job = client.post("/api/v1/jobs", json={"demo": "min-norm"}).json()
    claim = ledger.claim(job["id"])
    assert claim is not None
    ledger.take(claim, Taken(0, "{}", 0.5, (("point", POINT), ("progress", {"progress": 0.5})), ()))
    ledger.fail(claim, "It broke.")
    return str(job["links"]["events"])


EVENTS = (
    'id: 1\nevent: state\ndata: {"state":"queued"}\n\n',
    'id: 2\nevent: state\ndata: {"state":"running"}\n\n',
    'id: 3\nevent: point\ndata: {"series":"x","x":0,"y":0.1}\n\n',
    'id: 4\nevent: progress\ndata: {"progress":0.5}\n\n',
    'id: 5\nevent: end\ndata: {"state":"failed","error":"It broke."}\n\n',
)


def test_a_finished_job_is_replayed(client: TestClient, events_of_a_failed_job: str) -> None:
    for _ in range(2):
        answer = client.get(events_of_a_failed_job)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.text == "retry: 1000\n\n" + "".join(EVENTS)


@pytest.mark.parametrize(
    ("last", "following"), [("0", 0), ("1", 1), ("4", 4), (" 3 ", 3), ("5", 5), ("9" * 19, 5)]
)
def test_a_stream_goes_on_after_the_last_id(
    client: TestClient, events_of_a_failed_job: str, last: str, following: int
) -> None:
    answer = client.get(events_of_a_failed_job, headers={"Last-Event-ID": last})
    assert answer.text == "retry: 1000\n\n" + "".join(EVENTS[following:])


def test_a_first_request_may_say_where_to_begin(client: TestClient, events_of_a_failed_job: str) -> None:
    assert client.get(f"{events_of_a_failed_job}?after=4").text.endswith("\n\n" + EVENTS[4])
    both = client.get(f"{events_of_a_failed_job}?after=4", headers={"Last-Event-ID": "3"})
    assert both.text.endswith("\n\n" + EVENTS[3] + EVENTS[4])


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 20, "²"])
def test_an_id_that_is_none_is_refused(client: TestClient, events_of_a_failed_job: str, last: str) -> None:
    answer = client.get(events_of_a_failed_job, headers={b"Last-Event-ID": last.encode("latin-1")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Last-Event-ID"
    assert client.get(f"{events_of_a_failed_job}?after=-1").status_code == 422


def test_silence_is_filled_with_comments(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SILENCE", 0.05)
    with TestClient(app) as client:
        job = client.post("/api/v1/jobs", json={"demo": "min-norm"}).json()
        feed = app.state.services.jobs.feed
        follow = feed.follow

        async def for_a_while(*arguments: object) -> object:
            silent = 0
            async for found in follow(*arguments):
                yield found
                silent += not found
                if silent == 3:
                    return

        monkeypatch.setattr(feed, "follow", for_a_while)
        assert client.get(job["links"]["events"]).text == (
            "retry: 1000\n\n" + EVENTS[0] + ": still here\n\n" * 3
        )
