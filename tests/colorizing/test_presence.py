import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from app.colorizing.presence import while_connected


def client(receive: Callable[[], Awaitable[dict[str, Any]]]) -> Request:
    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


def test_work_is_done_for_who_stays() -> None:
    async def work() -> str:
        await asyncio.sleep(0.01)
        return "done"

    async def scene() -> None:
        before = len(asyncio.all_tasks())
        assert await while_connected(client(never), work()) == "done"
        assert len(asyncio.all_tasks()) == before

    asyncio.run(scene())


def test_failures_are_passed_on() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(while_connected(client(never), work()))


def test_work_is_cancelled_when_the_client_goes() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    async def goes() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        asyncio.run(while_connected(client(goes), work()))
    assert cleaned == [True]


def test_a_last_empty_piece_of_the_body_is_not_taken_for_leaving() -> None:
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        return await never()

    async def work() -> str:
        await asyncio.sleep(0.01)
        return "done"

    assert asyncio.run(while_connected(client(receive), work())) == "done"


def test_work_is_cancelled_with_its_caller() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def scene() -> None:
        task = asyncio.create_task(while_connected(client(never), work()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert cancelled == [True]
