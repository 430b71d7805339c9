"""A line in which clients take turns: who brings a hundred pictures is served between others, not before."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Items that wait: one of every client in turn, each client's own in the order they came."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Item]] = {}  # the first one's turn is next
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        """In the order in which they would be taken if nobody else came."""
        lines = [iter(line) for line in self._lines.values()]
        while lines:
            again = []
            for line in lines:
                for item in line:
                    yield item
                    again.append(line)
                    break
            lines = again

    def add(self, client: str, item: Item) -> None:
        """Put an item at the end of its client's line."""
        self._lines.setdefault(client, deque()).append(item)
        self._count += 1

    def first(self) -> Item:
        """Whose turn it is; stays the first until taken or removed, whoever comes."""
        return next(iter(self._lines.values()))[0]

    def take(self) -> Item:
        """Remove the first; its client's next turn comes after everybody else's."""
        client, line = next(iter(self._lines.items()))
        del self._lines[client]
        item = line.popleft()
        if line:
            self._lines[client] = line
        self._count -= 1
        return item

    def remove(self, client: str, item: Item) -> bool:
        """Remove an item of a client, wherever in its line; False if it is not there."""
        line = self._lines.get(client, deque())
        if item not in line:
            return False
        line.remove(item)
        self._count -= 1
        if not line:
            del self._lines[client]
        return True

    def keep(self, wanted: Callable[[Item], bool]) -> None:
        """Remove every item that is not wanted any more."""
        lines = {client: deque(filter(wanted, line)) for client, line in self._lines.items()}
        self._lines = {client: line for client, line in lines.items() if line}
        self._count = sum(map(len, self._lines.values()))

    def greediest(self, than: str) -> str | None:
        """The client with most items, if it would still have most were `than` given one of its places."""
        if not self._lines:
            return None
        client = max(self._lines, key=lambda each: len(self._lines[each]))
        own = len(self._lines.get(than, ()))
        return client if len(self._lines[client]) > own + 1 else None

    def last_of(self, client: str) -> Item:
        """Remove the newest item of a client."""
        item = self._lines[client][-1]
        self.remove(client, item)
        return item
