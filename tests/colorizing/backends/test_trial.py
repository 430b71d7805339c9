"""Which backend is chosen, from contenders that are fast, slow, wrong or broken; and one real comparison."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.colorizing.backends import Backend, Floats, trial
from app.colorizing.backends.choice import Choice
from app.colorizing.backends.eager import Eager
from app.colorizing.backends.kinds import EAGER, KINDS, Kind
from app.networks.card import Card, read_card


class Bent:
    """Eager float32, its answers bent; `speed` is what the test says it would be measured at."""

    name = "bent"

    def __init__(self, eager: Backend, bend: Callable[[Floats], Floats], speed: float) -> None:
        self._eager, self._bend, self.speed = eager, bend, speed

    def __call__(self, planes: Floats) -> Floats:
        return self._bend(self._eager(planes))


def _flat(probabilities: Floats) -> Floats:
    return np.full_like(probabilities, 1 / probabilities.shape[1])


def _raises(probabilities: Floats) -> Floats:
    raise RuntimeError("no such instruction\nand so on")


@pytest.fixture
def choose(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Choice]:
    folder = tiny_models / "horses"
    card = read_card(folder)

    def kind(bend: Callable[[Floats], Floats], speed: float) -> Kind:
        def build(folder: Path, card: Card, threads: int) -> Backend:
            return Bent(Eager(folder, card), bend, speed)

        return Kind(build)

    def choose(threads: int = 1, **contenders: tuple[Callable[[Floats], Floats], float]) -> Choice:
        kinds = {name: kind(*how) for name, how in contenders.items()}
        monkeypatch.setattr(trial, "KINDS", {EAGER: KINDS[EAGER], **kinds})
        return trial.choose(folder, card, threads, list(kinds))

    monkeypatch.setattr(trial, "gain", lambda before, after, card, clock: getattr(after, "speed", 1.3))
    return choose


def test_the_fastest_with_the_right_colours_is_chosen(choose: Callable[..., Choice]) -> None:
    found = choose(
        quick=(lambda p: p, 2.0),
        quicker=(lambda p: p, 3.0),
        wrong=(_flat, 9.0),
        broken=(_raises, 9.0),
        empty=(lambda p: p[:0], 9.0),
        nonsense=(lambda p: p * np.float32(np.nan), 9.0),
    )
    assert (found.name, found.threads) == ("quicker", 1)
    refused = {each.name: each.refused for each in found.contenders if each.refused}
    assert refused.keys() == {"wrong", "broken", "empty", "nonsense"}
    assert refused["broken"] == "no such instruction"
    assert "ΔE" in str(refused["wrong"])
    assert all(each.speed is None for each in found.contenders if each.refused)


@pytest.mark.parametrize("speed", [0.2, 1.0, 1.09])
def test_what_gains_nothing_is_not_chosen(choose: Callable[..., Choice], speed: float) -> None:
    assert choose(slow=(lambda p: p, speed)).name == EAGER


def test_threads_are_shared_only_where_that_pays(
    choose: Callable[..., Choice], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose(threads=4).threads == 4
    monkeypatch.setattr(trial, "gain", lambda *_: 1.2)
    assert choose(threads=4).threads == 1


def test_gain_is_the_ratio_of_times_whatever_comes_between(tiny_models: Path) -> None:
    now = 0.0
    calls = 0

    def clock() -> float:
        return now

    def takes(seconds: float) -> Callable[[Floats], Floats]:
        def run(planes: Floats) -> Floats:
            nonlocal now, calls
            calls += 1
            now += seconds * (5 if calls % 7 == 0 else 1)
            return planes

        return run

    card = read_card(tiny_models / "horses")
    assert trial.gain(takes(0.03), takes(0.01), card, clock) == pytest.approx(3, rel=0.5)


def test_eager_bf16_is_compared_for_real(tiny_models: Path) -> None:
    folder = tiny_models / "horses"
    found = trial.choose(folder, read_card(folder), 1, ["eager-bf16"])
    measured = found.contenders[1]
    assert measured.name == "eager-bf16"
    assert measured.delta_e is not None and measured.delta_e < 1
    assert measured.speed is not None and measured.speed > 0


def test_what_cannot_be_converted_is_refused_with_its_reason(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_convert", lambda *_: "no OpenVINO")
    folder = tiny_models / "horses"
    found = trial.choose(folder, read_card(folder), 1, ["openvino"])
    assert (found.name, found.contenders[1].refused) == (EAGER, "no OpenVINO")
