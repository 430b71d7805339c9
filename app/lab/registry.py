"""Finds the demos: every module in `app/lab/demos` that holds one."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from app.lab import demos as folder
from app.lab.demo import Demo


@cache
def demos() -> dict[str, Demo[Any]]:
    """All demos by name, ordered by their modules' `ORDER`, then by name."""
    found: list[tuple[int, str, Demo[Any]]] = []
    for info in pkgutil.iter_modules(folder.__path__):
        module = import_module(f"{folder.__name__}.{info.name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Demo) and kind.__module__ == module.__name__ and not inspect.isabstract(kind):
                found.append((getattr(module, "ORDER", 100), kind.name, kind()))
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
