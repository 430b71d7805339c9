"""How questions in JSON are read and answered: bounded, beside the event loop, refused when too many."""

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from app.api.computed import CLIENT_GONE, MAX_BYTES, computed
from app.lane import Lane
from app.problems import Unavailable, Unprocessable
from tests.api.shapes_service import PREFIX, Service, started

BODY = {"input": [3], "layers": [{"type": "Linear", "out_features": 2}]}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def test_the_time_of_the_arithmetic_is_told(service: Service) -> None:
    response = service.post("/shapes", BODY)
    assert response.headers["content-type"] == "application/json"
    name, _, milliseconds = response.headers["server-timing"].partition(";dur=")
    assert name == "arithmetic" and 0 < float(milliseconds) < 1_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_in_any_of_its_encodings(service: Service, encoding: str) -> None:
    answer = service.ask("/shapes", json.dumps(BODY).encode(encoding))
    assert answer["totals"]["parameters"] == 8


@pytest.mark.parametrize(
    ("raw", "pointer", "why"),
    [
        (b"", "", "no body"),
        (b"  \n", "", "no body"),
        (b"{", "", "line 1, column 2"),
        (b'{"input": [3],}', "", "not JSON"),
        (b"\xff\xfe\xfa", "", "not JSON"),
        (b'{"input": [NaN]}', "/input/0", "NaN is no JSON number"),
        (b'{"a/b": {"~": [1, -Infinity]}}', "/a~1b/~0/1", "-Infinity is no JSON number"),
        (b'{"input": [1, ' + b"7" * 5_000 + b"]}", "/input/1", "more digits"),
        (b'{"a":' * 100_000, "", "nest too deep"),
        (b"input=3&layers=", "", "not JSON"),
    ],
)
def test_what_is_no_json(service: Service, raw: bytes, pointer: str, why: str) -> None:
    where, told = service.refusal("/shapes", raw)
    assert (where, why in told) == (pointer, True), told


def test_too_much_is_refused_as_it_comes(service: Service) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"input": ['
        for _ in range(MAX_BYTES // 2**16 + 2):
            yield b"1," * 2**15

    for content in (b" " * (MAX_BYTES + 1), endless()):
        response = service.client.post(PREFIX + "/shapes", content=content)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"


def test_other_methods_are_told_what_is_taken(service: Service) -> None:
    response = service.client.get(PREFIX + "/shapes")
    assert response.status_code == 405 and response.headers["allow"] == "POST"


def request(*messages: Message) -> Request:
    """A request whose body comes in these pieces."""
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    return Request(scope, receive)


def parts(lane: Lane) -> Any:
    return SimpleNamespace(arithmetic=lane)


def test_a_client_that_leaves_halfway_costs_nothing() -> None:
    lane = Lane(1, 1)
    asked = request({"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"})
    response = asyncio.run(computed(asked, parts(lane), lambda body: body))
    assert response.status_code == CLIENT_GONE
    lane.close()


def test_a_full_lane_is_503_and_a_failure_is_a_problem() -> None:
    full, free = Lane(1, 0), Lane(1, 1)
    whole: Message = {"type": "http.request", "body": b"[1]", "more_body": False}
    with pytest.raises(Unavailable):
        asyncio.run(computed(request(whole), parts(full), lambda body: body))
    with pytest.raises(Unprocessable):
        asyncio.run(computed(request({**whole, "body": b"["}), parts(free), lambda body: body))
    assert asyncio.run(computed(request(whole), parts(free), lambda body: body)).body == b"[1]"
    full.close()
    free.close()
