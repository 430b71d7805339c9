"""Demonstrations of optimization and networks, each ending in a certificate; knows no web, queue or database.

`demos()` and `demo(name)` find them; `run_demo` takes one to its end in this process.
"""

from app.lab.demo import Demo, DemoError, InvalidParams, Run, Step
from app.lab.registry import demo, demos
from app.lab.running import Finished, run_demo
from app.lab.shown import Check, Outcome, Picture, Point, Series, Table

__all__ = [
    "Check",
    "Demo",
    "DemoError",
    "Finished",
    "InvalidParams",
    "Outcome",
    "Picture",
    "Point",
    "Run",
    "Series",
    "Step",
    "Table",
    "demo",
    "demos",
    "run_demo",
]
