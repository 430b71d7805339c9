"""The engine with real, tiny networks."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.colorizing.engine import Engine, EngineBusy
from app.colorizing.registry import Registry, UnknownModel, UnusableModel
from app.networks.card import WEIGHTS_NAME

SECONDS = 30.0


@pytest.fixture
def registry(tiny_models: Path) -> Registry:
    return Registry(tiny_models)


@pytest.fixture
def engine(registry: Registry) -> Iterator[Engine]:
    engine = Engine(registry, queue_size=64, max_batch=8, threads=1)
    yield engine
    assert engine.close(SECONDS)


def test_inference_is_the_network_s(engine: Engine, registry: Registry) -> None:
    gray = np.random.default_rng(0).random((32, 64), dtype=np.float32)
    probabilities = asyncio.run(engine.infer("horses", gray))
    assert probabilities.shape == (24, 32, 64)
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(probabilities, registry.load("horses")(gray[None, None])[0], atol=1e-6)


def test_many_at_once_get_what_each_would_get_alone(engine: Engine, registry: Registry) -> None:
    random = np.random.default_rng(1)
    grays = [random.random((32, 32 + 4 * (index % 3)), dtype=np.float32) for index in range(40)]

    async def all_of_them() -> list[np.ndarray]:
        names = ("horses", "photo")
        return await asyncio.gather(*(engine.infer(names[i % 2], gray) for i, gray in enumerate(grays)))

    for index, answer in enumerate(asyncio.run(all_of_them())):
        alone = registry.load(("horses", "photo")[index % 2])(grays[index][None, None])[0]
        np.testing.assert_allclose(answer, alone, atol=1e-5)


def test_each_model_has_one_thread_of_its_own(engine: Engine) -> None:
    gray = np.zeros((32, 32), np.float32)
    before = set(threading.enumerate())  # another test's engine may still be ending

    async def several() -> None:
        await asyncio.gather(*(engine.infer(name, gray) for name in ("horses", "photo") * 5))

    asyncio.run(several())
    started = set(threading.enumerate()) - before
    names = sorted(thread.name for thread in started if thread.name.startswith("network-"))
    assert names == ["network-horses", "network-photo"]


def test_unknown_models_start_no_thread(engine: Engine) -> None:
    with pytest.raises(UnknownModel):
        asyncio.run(engine.infer("zebras", np.zeros((32, 32), np.float32)))
    with pytest.raises(UnknownModel):
        engine.check_room("zebras")
    assert not [thread for thread in threading.enumerate() if thread.name == "network-zebras"]


def test_a_removed_model_answers_no_more(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    make_model(tmp_path, "passing")
    registry = Registry(tmp_path)
    engine = Engine(registry, threads=1)
    gray = np.zeros((32, 32), np.float32)
    asyncio.run(engine.infer("passing", gray))
    registry.remove("passing")
    with pytest.raises(UnknownModel):
        asyncio.run(engine.infer("passing", gray))
    assert registry.add(tmp_path / "passing")
    assert asyncio.run(engine.infer("passing", gray)).shape == (24, 32, 32)
    assert engine.close(SECONDS)


def test_an_unusable_model_leaves_the_others_alone(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    bad, _ = make_model(tmp_path, "bad"), make_model(tmp_path, "good")
    registry = Registry(tmp_path)
    (bad / WEIGHTS_NAME).write_bytes(b"gone")
    engine = Engine(registry, threads=1)
    gray = np.zeros((32, 32), np.float32)
    with pytest.raises(UnusableModel):
        asyncio.run(engine.infer("bad", gray))
    assert asyncio.run(engine.infer("good", gray)).shape == (24, 32, 32)
    assert engine.close(SECONDS)


def test_a_cancelled_caller_abandons_its_input(engine: Engine) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(engine.infer("horses", np.zeros((32, 32), np.float32)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert asyncio.run(engine.infer("horses", np.zeros((32, 32), np.float32))).shape == (24, 32, 32)


def test_after_closing_nothing_is_taken(registry: Registry) -> None:
    engine = Engine(registry, threads=1)
    gray = np.zeros((32, 32), np.float32)
    asyncio.run(engine.infer("horses", gray))
    assert engine.close(SECONDS)
    assert engine.close(SECONDS)
    for name in ("horses", "photo"):
        with pytest.raises(EngineBusy, match="shutting down"):
            asyncio.run(engine.infer(name, gray))


def test_a_model_that_has_gone_leaves_neither_thread_nor_weights(
    tiny_models: Path, tmp_path: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.colorizing.worker.LOOK_EVERY", 0.02)
    folder = make_model(tmp_path, "guest")
    registry = Registry(tiny_models, lambda name: folder if name == "guest" and folder.exists() else None)
    engine = Engine(registry, threads=1)
    black = np.zeros((32, 32), np.float32)
    for _ in range(2):  # one that comes back is served again
        asyncio.run(engine.infer("guest", black))
        asyncio.run(engine.infer("horses", black))
        weights = weakref.ref(registry.load("guest"))
        thread = next(one for one in threading.enumerate() if one.name == "network-guest" and one.is_alive())
        kept = folder.rename(tmp_path / "away")
        thread.join(SECONDS)
        assert not thread.is_alive()
        gc.collect()
        assert weights() is None
        with pytest.raises(UnknownModel):
            engine.check_room("guest")
        engine.check_room("horses")
        kept.rename(folder)
    assert engine.close(SECONDS)
