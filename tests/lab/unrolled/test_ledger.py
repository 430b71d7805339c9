"""The ledger counts what autograd keeps, each storage once, and forgets what is released."""

import gc

import torch

from app.lab.unrolled.ledger import Ledger


def double(*shape: int) -> torch.Tensor:
    return torch.ones(*shape, dtype=torch.float64)


def test_a_saved_tensor_counts_while_its_graph_lives() -> None:
    ledger = Ledger()
    x = double(10).requires_grad_()
    with ledger.watching():
        y = (x.exp() * 2).sum()  # exp saves its output, 80 bytes; the product and the sum save nothing
    assert (ledger.now, ledger.peak) == (80, 80)
    y.backward()  # type: ignore[no-untyped-call]
    del y
    gc.collect()
    assert (ledger.now, ledger.peak) == (0, 80)
    assert x.grad is not None and torch.allclose(x.grad, 2 * x.exp())


def test_a_storage_counts_once_and_free_ones_never() -> None:
    data, x = double(4, 4), double(4).requires_grad_()
    ledger = Ledger(data)
    with ledger.watching():
        y = data @ x
        z = (y * y).sum()  # saves y twice, in one storage
    assert ledger.now == 32
    del y, z
    gc.collect()
    assert ledger.now == 0


def test_tensors_kept_by_hand_count_until_they_are_dropped() -> None:
    ledger = Ledger()
    held = ledger.keep(double(3))
    view = ledger.keep(held.tensor[1:])
    assert ledger.now == 24
    del held
    assert ledger.now == 24
    del view
    assert (ledger.now, ledger.peak) == (0, 24)
