"""Counts the bytes that are really kept: by autograd through saved-tensor hooks, and by hand."""

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


class Held:
    """A tensor being kept; its memory counts until the last reference to this goes away."""

    def __init__(self, ledger: "Ledger", tensor: Tensor) -> None:
        self.tensor = tensor
        self._ledger = ledger
        self._storage = ledger.acquire(tensor)

    def __del__(self) -> None:
        self._ledger.release(self._storage)


class Ledger:
    """What is kept now and at most. A storage counts once however often it is kept, `free` ones never."""

    def __init__(self, *free: Tensor) -> None:
        self._free = {tensor.untyped_storage().data_ptr() for tensor in free}
        self._held: dict[int, tuple[int, int]] = {}  # storage address -> (bytes, how often it is kept)
        self.now = 0
        self.peak = 0

    def keep(self, tensor: Tensor) -> Held:
        """Keep a tensor by hand, as a loop carries it from step to step."""
        return Held(self, tensor.detach())

    def watching(self) -> saved_tensors_hooks:
        """A context in which everything that autograd saves is kept here."""
        return saved_tensors_hooks(self._pack, lambda held: held.tensor)

    def _pack(self, tensor: Tensor) -> Held:
        # Detached, or a saved output would hold its own graph and never be released.
        return Held(self, tensor.detach())

    def acquire(self, tensor: Tensor) -> int:
        """Count a tensor's storage; gives its address."""
        storage = tensor.untyped_storage()
        address = storage.data_ptr()
        if address in self._free:
            return address
        size, count = self._held.get(address, (storage.nbytes(), 0))
        if count == 0:
            self.now += size
            self.peak = max(self.peak, self.now)
        self._held[address] = size, count + 1
        return address

    def release(self, address: int) -> None:
        """Count a storage once less."""
        if address not in self._held:
            return
        size, count = self._held[address]
        if count == 1:
            del self._held[address]
            self.now -= size
        else:
            self._held[address] = size, count - 1
