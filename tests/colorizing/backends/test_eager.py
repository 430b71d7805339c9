"""How many threads a pass is given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from app.colorizing.backends import eager, limit_threads
from app.colorizing.backends.eager import Eager
from app.networks.card import read_card
from app.networks.photo_unet import PhotoUNet


@pytest.fixture
def backend(tiny_models: Path) -> Eager:
    limit_threads(2)
    return Eager(tiny_models / "horses", read_card(tiny_models / "horses"))


@pytest.mark.parametrize(("worth_sharing", "threads"), [(1e9, 1), (0.0, 2)])
def test_a_short_pass_stays_on_one_core(
    backend: Eager, monkeypatch: pytest.MonkeyPatch, worth_sharing: float, threads: int
) -> None:
    monkeypatch.setattr(eager, "WORTH_SHARING", worth_sharing)
    seen: list[int] = []
    backend._network.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    backend(np.zeros((2, 1, 32, 32), np.float32))
    assert seen == [threads]


def test_the_number_of_threads_does_not_change_the_answer(
    backend: Eager, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = np.random.default_rng(0).random((2, 1, 64, 64), dtype=np.float32)
    monkeypatch.setattr(eager, "WORTH_SHARING", 1e9)
    alone = backend(planes)
    monkeypatch.setattr(eager, "WORTH_SHARING", 0.0)
    np.testing.assert_allclose(backend(planes), alone, atol=1e-6)


def test_only_gray_is_scaled_as_the_card_says(backend: Eager, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []

    def network(planes: torch.Tensor) -> torch.Tensor:
        seen.append(planes)
        return planes

    monkeypatch.setattr(backend, "_network", network)
    monkeypatch.setattr(backend, "_mean", 0.5)
    monkeypatch.setattr(backend, "_std", 0.25)
    planes = np.random.default_rng(0).random((2, 4, 8, 8), dtype=np.float32)
    given = planes.copy()
    backend(planes)
    np.testing.assert_array_equal(planes, given)
    np.testing.assert_allclose(seen[0][:, 0].numpy(), (given[:, 0] - 0.5) / 0.25, rtol=1e-6)
    np.testing.assert_array_equal(seen[0][:, 1:].numpy(), given[:, 1:])


def test_a_picture_seen_before_is_not_encoded_again(
    tmp_path: Path, make_photo_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_photo_model(tmp_path)
    backend, plain = (Eager(folder, read_card(folder)) for _ in range(2))
    monkeypatch.setattr(plain, "_encode", None)
    looked: list[int] = []
    network = cast(PhotoUNet, backend._network)
    early = network.encoder.early

    def counted(gray: torch.Tensor) -> Any:
        looked.append(1)
        return early(gray)

    monkeypatch.setattr(network.encoder, "early", counted)
    random = np.random.default_rng(0)
    gray = random.random((1, 1, 64, 96), dtype=np.float32)
    for hints in (
        None,
        random.random((1, 3, 64, 96), dtype=np.float32),
        np.zeros((1, 3, 64, 96), np.float32),
    ):
        planes = gray if hints is None else np.concatenate([gray, hints], axis=1)
        np.testing.assert_allclose(backend(planes), plain(planes), atol=1e-5)
    assert len(looked) == 1
    backend(1 - gray)
    assert len(looked) == 2


def test_a_backend_takes_no_more_threads_than_it_is_to(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_threads(2)
    backend = Eager(tiny_models / "horses", read_card(tiny_models / "horses"), most_threads=1)
    monkeypatch.setattr(eager, "WORTH_SHARING", 0.0)
    seen: list[int] = []
    backend._network.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    backend(np.zeros((1, 1, 32, 32), np.float32))
    assert (seen, torch.get_num_threads()) == ([1], 2)


def test_folding_leaves_the_answer_and_no_batchnorm_behind_a_convolution() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(5)
    ).eval()
    for name, buffer in network.named_buffers():
        if name.endswith(("mean", "var")):
            buffer.uniform_(0.5, 2.0)
    gray = torch.randn(2, 1, 9, 9)
    expected = network(gray)
    eager.fold(network)
    assert [type(module).__name__ for module in network] == [
        "Conv2d",
        "Identity",
        "ReLU",
        "MaxPool2d",
        "BatchNorm2d",
    ]
    torch.testing.assert_close(network(gray), expected)


def test_only_wide_convolutions_are_computed_otherwise() -> None:
    wide, narrow, apart = nn.Conv2d(64, 64, 1), nn.Conv2d(64, 48, 1), nn.Conv2d(64, 64, 3, groups=64)
    network = nn.Sequential(wide, apart, narrow)
    eager.compute_wide_in(torch.bfloat16, network)
    assert [type(module) for module in network] == [eager.WideConvolution, nn.Conv2d, nn.Conv2d]
    x = torch.randn(1, 64, 8, 8)
    assert network[0](x).dtype is torch.float32
    expected = torch.nn.functional.conv2d(x.bfloat16(), wide.weight.bfloat16(), wide.bias)
    torch.testing.assert_close(network[0](x), expected.float())
