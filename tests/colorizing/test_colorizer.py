"""The service under load: what is admitted, what waits, what is sent away, what is abandoned."""

import asyncio
import io
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.colorizing.colorizer import TINY_BYTES, Colorizer
from app.colorizing.engine import Engine, EngineBusy
from app.colorizing.inbox import Upload
from app.colorizing.pipeline import Order, Result
from app.colorizing.registry import Registry
from app.imaging.pictures import Picture, PictureInfo, decode_picture, probe_picture
from app.networks.card import WEIGHTS_NAME
from app.problems import InternalError, Problem, TooLarge, Unavailable
from app.settings import Settings

SECONDS = 60.0


def upload(width: int, height: int) -> Upload:
    file = io.BytesIO()
    Image.new("L", (width, height), 128).save(file, "PNG", compress_level=1)
    return Upload("gray.png", file)


class Service:
    """A colorizer with tiny models and bounds, whose network can be made to wait or fail."""

    def __init__(self, models: Path, **settings: int) -> None:
        chosen = {"threads": 2, "queue_size": 3, "max_concurrent_pictures": 2} | settings
        self.settings = Settings(models_dir=models, **chosen)  # type: ignore[arg-type]
        self.registry = Registry(models)
        self.engine = Engine(self.registry, queue_size=self.settings.queue_size, max_batch=1, threads=1)
        self.colorizer = Colorizer(self.registry, self.engine, self.settings)
        self.card = self.registry.card("horses")
        self.begun = threading.Event()

    async def paint(self, picture: Upload) -> Result:
        return await self.colorizer.colorize(picture, self.card, Order())

    async def fill_queue(self) -> list["asyncio.Task[Result]"]:
        """As many pictures as the queue of a held network takes, waiting in it."""
        tasks = [asyncio.create_task(self.paint(upload(8, 8))) for _ in range(self.settings.queue_size)]
        while True:
            try:
                self.engine.check_room("horses")
            except EngineBusy:
                return tasks
            await asyncio.sleep(0.005)

    def hold_network(self, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
        """Make the network `horses` wait until the event is set; `begun` tells when it first does."""
        load, go_on, begun = self.registry.load, threading.Event(), self.begun

        class Held:
            name = "held"

            def __init__(self, model_id: str) -> None:
                self.backend = load(model_id)

            def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
                begun.set()
                assert go_on.wait(SECONDS)
                return self.backend(planes)

        held = Held("horses")
        monkeypatch.setattr(
            self.registry, "load", lambda model_id: held if model_id == "horses" else load(model_id)
        )
        return go_on


def run(work: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        await asyncio.wait_for(work, SECONDS)

    asyncio.run(in_time())


@pytest.fixture
def service(tiny_models: Path) -> Iterator[Service]:
    service = Service(tiny_models)
    yield service
    service.colorizer.close()
    assert service.engine.close(SECONDS)


class Gauge:
    """How many calls of a function run at the same time, at most."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.now, self.most, self.lock = function, 0, 0, threading.Lock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            time.sleep(0.02)
            return self.function(*args, **kwargs)
        finally:
            with self.lock:
                self.now -= 1


def test_twenty_large_pictures_at_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are worked on at a time, as many wait as may, the others are sent away at once."""
    gauge = Gauge(decode_picture)
    monkeypatch.setattr("app.colorizing.pipeline.decode_picture", gauge)
    monkeypatch.setattr("app.colorizing.colorizer.LARGE_PIXELS", 1_100_000)
    service.colorizer.close()
    service.colorizer = Colorizer(service.registry, service.engine, service.settings)
    go_on = service.hold_network(monkeypatch)

    async def scene() -> None:
        tasks = [asyncio.create_task(service.paint(upload(1050, 1000))) for _ in range(20)]
        while sum(task.done() for task in tasks) < 15:
            await asyncio.sleep(0.01)
        done, pending = await asyncio.wait(tasks, timeout=0.2)
        assert len(done) == 15
        assert len(pending) == 5  # two at work, three in line
        for task in done:
            error = task.exception()
            assert isinstance(error, Unavailable)
            assert int(error.headers["Retry-After"]) >= 1
        go_on.set()
        for result in await asyncio.gather(*pending):
            assert (result.width, result.height) == (1050, 1000)
        assert (await service.paint(upload(1050, 1000))).image

    run(scene())
    assert gauge.most == 2


def test_a_small_picture_does_not_wait_for_large_ones(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = service.hold_network(monkeypatch)
    horses, photo = service.registry.card("horses"), service.registry.card("photo")

    async def scene() -> None:
        large = [asyncio.create_task(service.paint(upload(5000, 5000))) for _ in range(3)]
        await asyncio.to_thread(service.begun.wait, SECONDS)
        service.card = photo  # a network of its own, which is not held
        small = await service.paint(upload(32, 32))
        assert (small.width, small.height) == (32, 32)
        assert not any(task.done() for task in large)
        for task in large:
            task.cancel()
        go_on.set()
        await asyncio.wait(large)
        service.card = horses
        assert (await service.paint(upload(32, 32))).image

    run(scene())


@pytest.mark.parametrize(
    ("picture", "thread"),
    [
        (upload(64, 64), "MainThread"),
        (upload(65, 64), "small-pictures"),
        (upload(1000, 1000), "small-pictures"),
        (upload(1100, 1000), "large-pictures"),
    ],
)
def test_only_tiny_pictures_are_decoded_on_the_event_loop(
    service: Service, monkeypatch: pytest.MonkeyPatch, picture: Upload, thread: str
) -> None:
    names = []

    def decode(data: bytes, *, max_pixels: int) -> Picture:
        names.append(threading.current_thread().name)
        return decode_picture(data, max_pixels=max_pixels)

    monkeypatch.setattr("app.colorizing.pipeline.decode_picture", decode)
    assert picture.size < TINY_BYTES

    async def scene() -> None:
        await service.colorizer.rehearse()
        await service.paint(picture)

    run(scene())
    (name,) = names
    assert name.startswith(thread)


def test_not_even_a_tiny_picture_holds_up_the_event_loop_for_what_is_computed_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, rehearsed = [], threading.Event()

    def decode(data: bytes, *, max_pixels: int) -> Picture:
        names.append(threading.current_thread().name)
        return decode_picture(data, max_pixels=max_pixels)

    def rehearse() -> None:
        assert rehearsed.wait(SECONDS)

    monkeypatch.setattr("app.colorizing.colorizer.rehearse", rehearse)
    monkeypatch.setattr("app.colorizing.pipeline.decode_picture", decode)

    async def scene() -> None:
        await service.paint(upload(8, 8))
        rehearsed.set()
        await service.colorizer.rehearse()
        await service.paint(upload(8, 8))

    run(scene())
    assert names[0].startswith("small-pictures")
    assert names[1] == "MainThread"


def test_a_large_file_is_not_even_opened_on_the_event_loop(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []

    def probe(data: bytes, *, max_pixels: int) -> PictureInfo:
        names.append(threading.current_thread().name)
        return probe_picture(data, max_pixels=max_pixels)

    monkeypatch.setattr("app.colorizing.pipeline.probe_picture", probe)
    picture = upload(8, 8)
    picture.file.seek(0, 2)
    picture.file.write(bytes(TINY_BYTES))
    run(service.paint(picture))  # type: ignore[arg-type]
    assert names[0].startswith("small-pictures")


def test_a_full_queue_is_told_before_the_picture_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = service.hold_network(monkeypatch)

    class Unread(Upload):
        def read(self) -> bytes:
            raise AssertionError("read for nothing")

    async def scene() -> None:
        first = asyncio.create_task(service.paint(upload(8, 8)))
        await asyncio.to_thread(service.begun.wait, SECONDS)
        waiting = await service.fill_queue()
        with pytest.raises(Unavailable, match="nothing was begun") as caught:
            await service.paint(Unread("x.png", io.BytesIO()))
        assert int(caught.value.headers["Retry-After"]) >= 1
        go_on.set()
        assert len(await asyncio.gather(first, *waiting)) == 4

    run(scene())


def test_a_cancelled_picture_gives_its_place_back(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = service.hold_network(monkeypatch)

    async def scene() -> None:
        first = asyncio.create_task(service.paint(upload(8, 8)))
        await asyncio.to_thread(service.begun.wait, SECONDS)
        cancelled = await service.fill_queue()
        for task in cancelled:
            task.cancel()
        await asyncio.wait(cancelled)
        service.engine.check_room("horses")
        again = await service.fill_queue()
        go_on.set()
        assert len(await asyncio.gather(first, *again)) == 4

    run(scene())


def test_a_network_s_failure_is_the_service_s_fault(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        name = "failing"

        def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
            raise RuntimeError("out of order: secret detail")

    monkeypatch.setattr(service.registry, "load", lambda model_id: Failing())
    with pytest.raises(InternalError) as caught:
        run(service.paint(upload(8, 8)))  # type: ignore[arg-type]
    assert "secret" not in caught.value.detail


def test_memory_that_runs_out_is_an_outage(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def recolor(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("app.colorizing.pipeline.recolor", recolor)
    with pytest.raises(Unavailable, match="memory"):
        run(service.paint(upload(8, 8)))  # type: ignore[arg-type]


def test_weights_that_went_bad_are_an_outage_of_that_model_only(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    folder, _ = make_model(tmp_path, "horses"), make_model(tmp_path, "other")
    service = Service(tmp_path)
    (folder / WEIGHTS_NAME).write_bytes(b"bad")

    async def scene() -> None:
        with pytest.raises(Unavailable, match="'horses' cannot be loaded"):
            await service.paint(upload(8, 8))
        with pytest.raises(Problem) as caught:
            await service.paint(upload(8, 8))
        assert caught.value.status == 422
        service.card = service.registry.card("other")
        assert (await service.paint(upload(8, 8))).image

    run(scene())
    service.colorizer.close()
    assert service.engine.close(SECONDS)


def test_too_many_pixels_are_refused_before_room_is_asked_for(tiny_models: Path) -> None:
    service = Service(tiny_models, max_pixels=1_500_000)
    with pytest.raises(TooLarge):
        run(service.paint(upload(1501, 1000)))  # type: ignore[arg-type]
    service.colorizer.close()
    assert service.engine.close(SECONDS)


def test_the_event_loop_stays_free_meanwhile(service: Service) -> None:
    async def scene() -> None:
        gaps, last = [], time.perf_counter()
        painting = asyncio.create_task(service.paint(upload(3000, 3000)))
        while not painting.done():
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now
        assert (await painting).image
        assert len(gaps) > 10
        assert sorted(gaps)[len(gaps) // 2] < 0.05

    run(scene())
