import re
import time

import pytest

from app.colorizing.timings import Timings


def test_stages_add_up() -> None:
    timings = Timings()
    for _ in range(2):
        with timings.measure("decode"):
            time.sleep(0.01)
    timings.add("queue", 0.25)
    assert 0.02 <= timings.decode < 1
    assert timings.queue == 0.25
    assert timings.network == 0


def test_time_counts_when_the_work_fails() -> None:
    timings = Timings()
    with pytest.raises(ZeroDivisionError), timings.measure("join"):
        1 / 0  # noqa: B018 - for its error
    assert timings.join > 0


def test_header_is_in_milliseconds() -> None:
    header = Timings(queue=0.001, decode=0.0125, network=0.25, join=0.0, encode=1.5).server_timing()
    expected = "queue;dur=1.00, decode;dur=12.50, network;dur=250.00, join;dur=0.00, encode;dur=1500.00"
    assert header == expected
    assert re.fullmatch(r"(\w+;dur=[\d.]+(, )?)+", header)
