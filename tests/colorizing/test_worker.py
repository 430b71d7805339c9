"""The queue and its thread, with a backend that runs only when told to."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import numpy as np
import pytest
from numpy.typing import NDArray

from app.colorizing.backends import Backend
from app.colorizing.registry import UnusableModel
from app.colorizing.worker import BATCH_PIXELS, Answer, EngineBusy, NetworkFailure, Worker

Floats = NDArray[np.float32]
SECONDS = 20.0


class SteppedBackend:
    """Answers gray p with two classes, p and 1 - p; each call waits for a step. Some grays are trouble."""

    name = "stepped"
    RAISES, NOT_FINITE = 0.625, 0.875

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.batches: list[tuple[int, ...]] = []

    def __call__(self, planes: Floats) -> Floats:
        self.begun.release()
        assert self.steps.acquire(timeout=SECONDS)
        self.batches.append(planes.shape)
        if (planes == self.RAISES).any():
            raise RuntimeError("the network tripped")
        gray = np.where(planes[:, :1] == self.NOT_FINITE, np.float32(np.nan), planes[:, :1])
        return np.concatenate([gray, 1 - gray], axis=1)


@pytest.fixture
def backend() -> SteppedBackend:
    return SteppedBackend()


@pytest.fixture
def worker(backend: SteppedBackend) -> Iterator[Worker]:
    worker = Worker(lambda: backend, name="stepped", queue_size=4, max_batch=3)
    yield worker
    backend.steps.release(1000)
    worker.close()
    assert worker.join(SECONDS)


def gray(value: float, height: int = 4, width: int = 4) -> Floats:
    return np.full((1, height, width), value, np.float32)


def occupied(worker: Worker, backend: SteppedBackend) -> Future[Answer]:
    """Have the worker begin on one input, so that what follows has to wait."""
    first = worker.submit(gray(0.0))
    assert backend.begun.acquire(timeout=SECONDS)
    return first


def test_a_lone_input_runs_alone_and_at_once(worker: Worker, backend: SteppedBackend) -> None:
    backend.steps.release()
    answer = worker.submit(gray(0.25)).result(SECONDS)
    assert answer.batch == 1
    assert answer.waited >= 0
    assert answer.ran > 0
    np.testing.assert_array_equal(answer.probabilities[0], gray(0.25)[0])
    np.testing.assert_array_equal(answer.probabilities[1], gray(0.75)[0])


def test_what_waits_runs_together_up_to_the_batch(worker: Worker, backend: SteppedBackend) -> None:
    first = occupied(worker, backend)
    waiting = [worker.submit(gray(value)) for value in (0.1, 0.2, 0.3, 0.4)]
    backend.steps.release(3)
    answers = [future.result(SECONDS) for future in [first, *waiting]]
    assert [answer.batch for answer in answers] == [1, 3, 3, 3, 1]
    assert backend.batches == [(1, 1, 4, 4), (3, 1, 4, 4), (1, 1, 4, 4)]
    for value, answer in zip((0.0, 0.1, 0.2, 0.3, 0.4), answers, strict=True):
        np.testing.assert_array_equal(answer.probabilities[0], gray(value)[0])


def test_sizes_are_not_mixed_and_none_waits_for_ever(worker: Worker, backend: SteppedBackend) -> None:
    first = occupied(worker, backend)
    sizes = [(4, 8), (8, 4), (4, 8), (8, 4)]
    waiting = [worker.submit(gray(0.5, *size)) for size in sizes]
    backend.steps.release(3)
    assert first.result(SECONDS).batch == 1
    for size, future in zip(sizes, waiting, strict=True):
        assert future.result(SECONDS).probabilities.shape == (2, *size)
    assert backend.batches == [(1, 1, 4, 4), (2, 1, 4, 8), (2, 1, 8, 4)]


def test_large_inputs_run_one_by_one(worker: Worker, backend: SteppedBackend) -> None:
    side = int(BATCH_PIXELS**0.5) + 1
    first = occupied(worker, backend)
    waiting = [worker.submit(gray(0.5, side, side)) for _ in range(2)]
    backend.steps.release(3)
    assert [future.result(SECONDS).batch for future in [first, *waiting]] == [1, 1, 1]


def test_a_full_queue_refuses_and_loses_nothing(worker: Worker, backend: SteppedBackend) -> None:
    first = occupied(worker, backend)
    worker.check_room()
    waiting = [worker.submit(gray(0.5)) for _ in range(4)]
    with pytest.raises(EngineBusy, match="4 pictures already wait") as caught:
        worker.submit(gray(0.5))
    assert caught.value.retry_after >= 1
    with pytest.raises(EngineBusy):
        worker.check_room()
    backend.steps.release(3)
    assert all(future.result(SECONDS) for future in [first, *waiting])
    worker.check_room()


def test_abandoned_inputs_make_room_and_are_never_run(worker: Worker, backend: SteppedBackend) -> None:
    first = occupied(worker, backend)
    waiting = [worker.submit(gray(value)) for value in (0.1, 0.2, 0.3, 0.4)]
    assert waiting[1].cancel()
    assert waiting[2].cancel()
    late = worker.submit(gray(0.5))
    backend.steps.release(2)
    for future in (first, waiting[0], waiting[3], late):
        future.result(SECONDS)
    assert backend.batches == [(1, 1, 4, 4), (3, 1, 4, 4)]


def test_a_batch_that_was_abandoned_as_a_whole_is_skipped(worker: Worker, backend: SteppedBackend) -> None:
    first = occupied(worker, backend)
    waiting = [worker.submit(gray(0.5)) for _ in range(2)]
    assert all(future.cancel() for future in waiting)
    backend.steps.release(2)
    first.result(SECONDS)
    assert worker.submit(gray(0.5)).result(SECONDS).batch == 1
    assert backend.batches == [(1, 1, 4, 4), (1, 1, 4, 4)]


@pytest.mark.parametrize("trouble", [SteppedBackend.RAISES, SteppedBackend.NOT_FINITE])
def test_trouble_reaches_only_its_own_request(
    worker: Worker, backend: SteppedBackend, trouble: float
) -> None:
    first = occupied(worker, backend)
    before, bad, after = (worker.submit(gray(value)) for value in (0.25, trouble, 0.5))
    backend.steps.release(10)
    first.result(SECONDS)
    np.testing.assert_array_equal(before.result(SECONDS).probabilities[0], gray(0.25)[0])
    np.testing.assert_array_equal(after.result(SECONDS).probabilities[0], gray(0.5)[0])
    with pytest.raises(NetworkFailure, match="stepped"):
        bad.result(SECONDS)
    assert worker.submit(gray(0.25)).result(SECONDS).batch == 1


def test_a_model_that_cannot_be_loaded_says_so_to_all() -> None:
    def load() -> Backend:
        raise UnusableModel("no weights")

    worker = Worker(load, name="broken", queue_size=4, max_batch=2)
    futures = [worker.submit(gray(0.5)) for _ in range(3)]
    for future in futures:
        with pytest.raises(UnusableModel, match="no weights"):
            future.result(SECONDS)
    worker.close()
    assert worker.join(SECONDS)


def test_closing_finishes_what_was_taken_and_takes_no_more(worker: Worker, backend: SteppedBackend) -> None:
    first = occupied(worker, backend)
    waiting = [worker.submit(gray(0.5)) for _ in range(4)]
    worker.close()
    with pytest.raises(EngineBusy, match="shutting down"):
        worker.submit(gray(0.5))
    assert not worker.join(0.01)
    backend.steps.release(10)
    assert all(future.result(SECONDS) for future in [first, *waiting])
    assert worker.join(SECONDS)


def test_what_waits_is_begun_beside_what_runs(backend: SteppedBackend) -> None:
    worker = Worker(lambda: backend, name="beside", queue_size=8, max_batch=1, lanes=2)
    asked = [worker.submit(gray(value)) for value in (0.1, 0.2, 0.3)]
    for _ in range(2):
        assert backend.begun.acquire(timeout=SECONDS)
    assert not backend.begun.acquire(timeout=0.1), "no more than its lanes"
    backend.steps.release(3)
    for value, future in zip((0.1, 0.2, 0.3), asked, strict=True):
        np.testing.assert_array_equal(future.result(SECONDS).probabilities[0], gray(value)[0])
    worker.close()
    assert worker.join(SECONDS)


def test_one_after_the_other_needs_one_thread(backend: SteppedBackend) -> None:
    backend.steps.release(3)
    worker = Worker(lambda: backend, name="one by one", queue_size=8, max_batch=1, lanes=2)
    for _ in range(3):
        deadline = time.monotonic() + SECONDS
        while worker._idle == 0:  # its thread is still starting, or has answered and does not wait again yet
            assert time.monotonic() < deadline
            time.sleep(0.001)
        worker.submit(gray(0.5)).result(SECONDS)
    assert len(worker._lanes) == 1
    worker.close()
    assert worker.join(SECONDS)


def test_a_client_with_many_does_not_hold_up_one_with_few(backend: SteppedBackend) -> None:
    worker = Worker(lambda: backend, name="stepped", queue_size=4, max_batch=1)
    occupied(worker, backend)
    greedy = [worker.submit(gray(0.1, 4, 4 + n), "greedy") for n in range(3)]
    modest = worker.submit(gray(0.2, 4, 9), "modest")
    backend.steps.release(10)
    for future in (*greedy, modest):
        future.result(SECONDS)
    assert [shape[-1] for shape in backend.batches] == [4, 4, 9, 5, 6]
    worker.close()
    assert worker.join(SECONDS)


def test_in_a_full_queue_the_greediest_gives_way_to_a_newcomer(
    worker: Worker, backend: SteppedBackend
) -> None:
    occupied(worker, backend)
    greedy = [worker.submit(gray(0.1), "greedy") for _ in range(4)]
    worker.check_room("modest")
    modest = worker.submit(gray(0.2), "modest")
    with pytest.raises(EngineBusy):
        greedy[-1].result(SECONDS)
    with pytest.raises(EngineBusy):
        worker.submit(gray(0.1), "greedy")
    second = worker.submit(gray(0.2), "modest")
    with pytest.raises(EngineBusy):  # two each: nobody gives way any more
        worker.submit(gray(0.2), "modest")
    backend.steps.release(10)
    for future in (*greedy[:2], modest, second):
        future.result(SECONDS)
