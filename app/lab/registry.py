"""Finds the demos: every module in `app/lab/demos` that holds one, and of other packages when told."""

import inspect
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from app.lab import demos as folder
from app.lab.demo import Demo


@cache
def demos() -> dict[str, Demo[Any]]:
    """All demos of `app/lab/demos` by name, ordered by their modules' `ORDER`, then by name."""
    return find_demos()


def find_demos(more: Iterable[str] = ()) -> dict[str, Demo[Any]]:
    """Those of `app/lab/demos` and of more packages, by name. Raises ImportError."""
    found: list[tuple[int, str, Demo[Any]]] = []
    for package in (folder, *map(import_module, more)):
        for info in pkgutil.iter_modules(package.__path__):
            module = import_module(f"{package.__name__}.{info.name}")
            order = getattr(module, "ORDER", 100)
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if kind.__module__ != module.__name__ or not issubclass(kind, Demo):
                    continue
                if not inspect.isabstract(kind):
                    found.append((order, kind.name, kind()))
    names = [name for _, name, _ in found]
    if len(set(names)) < len(names):
        raise RuntimeError(f"two demos share a name: {', '.join(sorted(names))}")
    return {name: demo for _, name, demo in sorted(found, key=lambda entry: entry[:2])}


def demo(name: str) -> Demo[Any]:
    """The demo of this name; raises KeyError with the names there are."""
    found = demos()
    if name not in found:
        raise KeyError(f"no demo {name!r}; there are {', '.join(found)}")
    return found[name]
