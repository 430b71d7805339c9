"""The header's places, in order. A page that belongs there adds its line here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A link in the header; quiet ones stand apart on the right."""

    title: str
    href: str
    quiet: bool = False
    also: tuple[str, ...] = ()
    """Pages that belong here though their addresses lie elsewhere."""

    def is_current(self, path: str) -> bool:
        """Whether the page at `path` is this place or lies below it."""
        below = self.href != "/" and path.startswith(self.href + "/")
        elsewhere = any(path == other or path.startswith(other + "/") for other in self.also)
        return path == self.href or elsewhere or below


NAV = (
    Place("Colorize", "/", also=("/colorize", "/batch")),
    Place("Shapes", "/shapes", also=("/convolve",)),
    Place("Lab", "/lab"),
    Place("Models", "/models", quiet=True),
    Place("Write-up", "/write-up", quiet=True),
)
