"""Plain forms, read within bounds."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.requests import Request

from app.pages import forms
from app.pages.forms import read_form
from app.problems import BadRequest, TooLarge


def read(*chunks: bytes, cut: bool = False) -> dict[str, str]:
    messages: Iterable[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": cut or i < len(chunks) - 1}
        for i, chunk in enumerate(chunks)
    ]
    waiting = iter([*messages, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return asyncio.run(read_form(Request({"type": "http", "method": "POST", "headers": []}, receive)))


def test_fields_come_decoded_the_last_of_each_name_with_plain_line_ends() -> None:
    assert read(b"a=1&b=x%0D%0Ay&a=2&c=", b"&d=%C3%A9+%26") == {"a": "2", "b": "x\ny", "c": "", "d": "é &"}
    assert read(b"") == {}


def test_a_form_of_the_largest_size_is_read_and_a_larger_one_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_BYTES", 10)
    assert read(b"a=", b"12345678") == {"a": "12345678"}
    with pytest.raises(TooLarge, match="10 bytes"):
        read(b"a=", b"123456789")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&" * 501], ids=["no UTF-8", "too many fields"])
def test_what_no_browser_sends_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read(body)


def test_a_form_that_breaks_off_is_refused() -> None:
    with pytest.raises(BadRequest, match="broke off"):
        read(b"a=1", cut=True)
