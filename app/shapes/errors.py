"""What can be wrong with a network, a size or a question; every message is written for the person who
asked.
"""


class ShapeError(ValueError):
    """Something in the request cannot be: `detail` says what and why, `pointer` (RFC 6901) where."""

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer

    def below(self, prefix: str) -> "ShapeError":
        """The same error seen from further out: its pointer gets `prefix` in front."""
        self.pointer = prefix + self.pointer
        return self


class SizeError(ShapeError):
    """A size that is no integer and no expression of the grammar, or one too large to work with."""


class RefusedError(ShapeError):
    """A layer that PyTorch would refuse, or that this library does not know."""


class NetworkError(ShapeError):
    """A network that does not hang together: unknown names, cycles, duplicates, too many layers."""


def escaped(key: str) -> str:
    """A key as a part of a pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
