"""The header's places, in order. A page that belongs there adds its line here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A link in the header; quiet ones stand apart on the right."""

    title: str
    href: str
    quiet: bool = False

    def is_current(self, path: str) -> bool:
        """Whether the page at `path` is this place or lies below it."""
        return path == self.href or (self.href != "/" and path.startswith(self.href + "/"))


NAV = (
    Place("Colorize", "/"),
    Place("Models", "/models", quiet=True),
)
