"""Work in pieces: all of it, once, and errors come out."""

import threading

import pytest

from app.imaging.tiles import STRIP_SAMPLES, in_parallel, processors, strips


@pytest.mark.parametrize("size", [(1, 1), (1, 10**6), (10**6, 1), (6000, 4000), (512, 512)])
def test_strips_cover_a_picture_in_pieces_of_bounded_size(size: tuple[int, int]) -> None:
    width, height = size
    pieces = strips(width, height)
    assert [piece[0] for piece in pieces] == [0, *(piece[1] for piece in pieces[:-1])]
    assert pieces[-1][1] == height
    assert all((last - first) * width <= max(width, STRIP_SAMPLES) for first, last in pieces)


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_every_item_is_worked_on_once(threads: int | None) -> None:
    done: list[int] = []
    in_parallel(done.append, range(100), threads)
    assert sorted(done) == list(range(100))


def test_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=20)
    in_parallel(lambda _: meeting.wait(), range(2), 2)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_out(threads: int) -> None:
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda number: 1 // number, [1, 0, 2], threads)


def test_no_work_is_no_trouble() -> None:
    in_parallel(print, [])
    assert processors() >= 1
