"""Models served by eager float32 first and by what is best then; whatever goes wrong, they are served."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.colorizing.backends import Backend, Floats, helper, tuner
from app.colorizing.backends.choice import Choice, Choices, Contender, key
from app.colorizing.backends.kinds import EAGER, Kind
from app.colorizing.backends.tuner import Tuned, Tuner
from app.colorizing.registry import Registry
from app.networks.card import Card, read_card

CHOICE = Choice(
    name="eager-bf16", threads=1, contenders=[Contender(name="eager-bf16", speed=2.0, delta_e=0.1)]
)
GRAY = np.zeros((1, 1, 32, 32), np.float32)


class Quick:
    """Answers with 24 classes at once, until it is told to fail."""

    name = "quick"

    def __init__(self) -> None:
        self.fails = False

    def __call__(self, planes: Floats) -> Floats:
        if self.fails:
            raise RuntimeError("a kernel is missing")
        return np.full((len(planes), 24, *planes.shape[2:]), 1 / 24, np.float32)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Quick:
    backend = Quick()

    def build(folder: Path, card: Card, threads: int) -> Backend:
        return backend

    monkeypatch.setattr(tuner, "KINDS", {EAGER: Kind(build), "eager-bf16": Kind(build)})
    monkeypatch.setattr(tuner, "QUIET", 0.0)
    return backend


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that were run as helpers; measuring answers with CHOICE."""
    asked: list[str] = []

    def run(module: str, arguments: list[str], stop: threading.Event) -> bytes:
        asked.append(module)
        return CHOICE.model_dump_json().encode()

    monkeypatch.setattr(helper, "run", run)
    return asked


MakeTuner = Callable[..., Tuner]


@pytest.fixture
def make_tuner(tmp_path: Path) -> Iterator[MakeTuner]:
    made: list[Tuner] = []

    def make(wanted: str = "auto", threads: int = 1) -> Tuner:
        made.append(Tuner(tmp_path, wanted, threads=threads))
        return made[-1]

    yield make
    for each in made:
        each.close()


def load(tuner: Tuner, tiny_models: Path) -> Tuned:
    backend = Registry(tiny_models, tuner=tuner).load("horses")
    assert isinstance(backend, Tuned)
    return backend


def settled(backend: Tuned) -> str:
    deadline = time.monotonic() + 60
    while backend.state not in ("tuned", "eager", "failed") and time.monotonic() < deadline:
        time.sleep(0.01)
    return backend.state


def test_it_is_measured_once_and_remembered(
    make_tuner: MakeTuner, tiny_models: Path, quick: Quick, measured: list[str]
) -> None:
    for _ in range(2):
        backend = load(make_tuner(), tiny_models)
        assert settled(backend) == "tuned"
        assert (backend.name, backend.choice) == ("quick", CHOICE)
        np.testing.assert_array_equal(backend(GRAY), quick(GRAY))
    assert measured == ["app.colorizing.backends.trial"]


def test_requests_are_served_by_eager_meanwhile(
    make_tuner: MakeTuner, tiny_models: Path, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def run(module: str, arguments: list[str], stop: threading.Event) -> bytes:
        begun.set()
        assert go_on.wait(60)
        return CHOICE.model_dump_json().encode()

    monkeypatch.setattr(helper, "run", run)
    backend = load(make_tuner(), tiny_models)
    assert begun.wait(60)
    assert backend.state == "measuring"
    assert backend.name.startswith("eager float32")
    assert np.ptp(backend(GRAY)) > 0  # the network's, not Quick's
    go_on.set()
    assert settled(backend) == "tuned"
    assert np.ptp(backend(GRAY)) == 0


def test_of_several_processes_one_measures(
    make_tuner: MakeTuner, tiny_models: Path, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    go_on = threading.Event()

    def run(module: str, arguments: list[str], stop: threading.Event) -> bytes:
        asked.append(module)
        assert go_on.wait(60)
        return CHOICE.model_dump_json().encode()

    monkeypatch.setattr(helper, "run", run)
    backends = [load(make_tuner(), tiny_models) for _ in range(3)]
    go_on.set()
    assert [settled(each) for each in backends] == ["tuned"] * 3
    assert len(asked) == 1


def test_without_a_better_one_it_stays_as_it_is(
    make_tuner: MakeTuner, tiny_models: Path, tmp_path: Path, measured: list[str]
) -> None:
    about = key(read_card(tiny_models / "horses"), 1)
    choices = Choices(tmp_path / tuner.FOLDER)
    choices.lock(about)
    choices.write(about, CHOICE.model_copy(update={"name": EAGER}))
    backend = load(make_tuner(), tiny_models)
    assert settled(backend) == "eager"
    assert backend.name.startswith("eager float32")
    assert measured == []


def test_a_measurement_that_fails_changes_nothing(
    make_tuner: MakeTuner, tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> bytes:
        raise helper.HelperFailed("killed")

    monkeypatch.setattr(helper, "run", run)
    monkeypatch.setattr(tuner, "QUIET", 0.0)
    backend = load(make_tuner(), tiny_models)
    assert settled(backend) == "failed"
    assert np.ptp(backend(GRAY)) > 0


def test_a_data_folder_that_takes_no_writes_changes_nothing(tiny_models: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tuner = Tuner(tmp_path / "file", threads=1)
    try:
        backend = load(tuner, tiny_models)
        assert settled(backend) == "failed"
        assert backend(GRAY).shape == (1, 24, 32, 32)
    finally:
        tuner.close()


def test_a_backend_that_fails_later_is_replaced_by_eager(
    make_tuner: MakeTuner, tiny_models: Path, quick: Quick, measured: list[str]
) -> None:
    backend = load(make_tuner(), tiny_models)
    assert settled(backend) == "tuned"
    quick.fails = True
    assert np.ptp(backend(GRAY)) > 0
    assert (backend.state, backend.name) == ("failed", "eager float32 channels_last")


def test_an_input_that_no_backend_takes_is_not_blamed_on_one(
    make_tuner: MakeTuner, tiny_models: Path, quick: Quick, measured: list[str]
) -> None:
    backend = load(make_tuner(), tiny_models)
    assert settled(backend) == "tuned"
    quick.fails = True
    with pytest.raises(RuntimeError, match="channels"):
        backend(np.zeros((1, 2, 32, 32), np.float32))
    assert backend.state == "tuned"


def test_a_named_backend_is_not_measured(
    make_tuner: MakeTuner, tiny_models: Path, quick: Quick, measured: list[str]
) -> None:
    backend = load(make_tuner("eager-bf16"), tiny_models)
    assert settled(backend) == "tuned"
    assert backend.choice is None
    assert measured == []


def test_eager_alone_starts_nothing(make_tuner: MakeTuner, tiny_models: Path) -> None:
    assert not isinstance(Registry(tiny_models, tuner=make_tuner(EAGER)).load("horses"), Tuned)


def test_closing_ends_what_is_under_way(
    make_tuner: MakeTuner, tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def run(module: str, arguments: list[str], stop: threading.Event) -> bytes:
        begun.set()
        assert stop.wait(60)
        raise helper.HelperFailed("it was stopped")

    monkeypatch.setattr(helper, "run", run)
    monkeypatch.setattr(tuner, "QUIET", 0.0)
    tuning = make_tuner()
    backend = load(tuning, tiny_models)
    assert begun.wait(60)
    tuning.close()
    assert settled(backend) == "failed"
