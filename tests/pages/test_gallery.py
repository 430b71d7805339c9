"""The samples through the networks: made once, however many ask."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.colorizing.colorizer import Colorizer
from app.colorizing.engine import Engine
from app.colorizing.registry import Registry
from app.pages import gallery
from app.pages.gallery import Gallery
from app.problems import Unavailable
from app.settings import Settings


@pytest.fixture
def colorizer(course_models: Path) -> Any:
    registry = Registry(course_models)
    engine = Engine(registry, threads=1)
    colorizer = Colorizer(registry, engine, Settings(preload=False, threads=1, models_dir=course_models))
    yield colorizer
    colorizer.close()
    engine.close(10)


def counted(colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    original = colorizer.colorize

    async def colorize(upload: Any, card: Any, order: Any) -> Any:
        calls.append(card.id)
        return await original(upload, card, order)

    monkeypatch.setattr(colorizer, "colorize", colorize)
    return calls


def test_many_readers_make_one_print(
    colorizer: Colorizer, course_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(colorizer, monkeypatch)
    prints, card = Gallery(), Registry(course_models).card("horses")

    async def ask() -> list[bytes]:
        return await asyncio.gather(*(prints.print(colorizer, card, "coffee") for _ in range(8)))

    assert len(set(asyncio.run(ask()))) == 1
    assert calls == ["horses"]


def test_a_failure_is_not_kept(
    colorizer: Colorizer, course_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints, card = Gallery(), Registry(course_models).card("horses")
    original: Callable[..., Any] = colorizer.colorize

    async def busy(*_: object) -> Any:
        raise Unavailable("full")

    async def ask() -> bytes:
        monkeypatch.setattr(colorizer, "colorize", busy)
        with pytest.raises(Unavailable):
            await prints.print(colorizer, card, "coffee")
        monkeypatch.setattr(colorizer, "colorize", original)
        return await prints.print(colorizer, card, "coffee")

    assert asyncio.run(ask())[8:12] == b"WEBP"


def test_only_so_many_are_kept(
    colorizer: Colorizer, course_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "MOST_PRINTS", 2)
    calls = counted(colorizer, monkeypatch)
    prints, card = Gallery(), Registry(course_models).card("horses")

    async def ask() -> None:
        for sample in ("coffee", "chelsea", "rocket", "rocket", "chelsea", "coffee"):
            await prints.print(colorizer, card, sample)

    asyncio.run(ask())
    assert len(calls) == 4
