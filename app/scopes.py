"""What an API key may be good for, and which of it each request asks for."""

import re
from collections.abc import Mapping
from typing import Literal

Scope = Literal["batches", "colorize", "jobs:read", "jobs:write", "metrics", "shapes"]

SCOPES: Mapping[Scope, str] = {
    "colorize": "Colour single pictures, and ask for likely colours.",
    "batches": "Hand in batches of pictures; see, cancel, resume and delete them.",
    "shapes": "Compute shapes, solve for layers, convolve.",
    "jobs:read": "See the lab's jobs: list, state, events, results.",
    "jobs:write": "The same, and start, cancel, resume and delete them.",
    "metrics": "Read `/metrics`.",
}
"""Every scope and what it allows. Pages count as what they are about; the rest is open to any key."""
ALL: frozenset[Scope] = frozenset(SCOPES)
LAB_SCOPES: frozenset[Scope] = frozenset({"jobs:read", "jobs:write"})
"""Whoever has one of these sees the lab's jobs; who has only `batches` sees only batches."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_END = r"(?![\w-])"
"""Where a part of a path ends. Not `$`: the router takes a path with a line break behind it for the path."""
_BATCHES = re.compile(rf"(/api/v1/colorize/batch|/batch){_END}")
_COLORIZE = re.compile(rf"(/api/v1)?/colorize{_END}")
_SHAPES = re.compile(rf"(/api/v1)?/(shapes|convolve){_END}")
_JOBS = re.compile(rf"/api/v1/jobs{_END}")
_ONE_JOB = re.compile(r"/api/v1/jobs/")
_LAB = re.compile(rf"/lab{_END}")
_LAB_JOBS = re.compile(rf"/lab/(jobs|compare){_END}")
_METRICS = re.compile(rf"/metrics{_END}")


def needed(method: str, path: str) -> frozenset[Scope]:
    """Scopes of which a request's key must have one; none where any key will do."""
    reading = method in _READING
    if _BATCHES.match(path):
        return frozenset({"batches"})
    if _COLORIZE.match(path):
        return frozenset({"colorize"})
    if _SHAPES.match(path):
        return frozenset({"shapes"})
    if _JOBS.match(path):
        lab = LAB_SCOPES if reading else LAB_SCOPES - {"jobs:read"}
        # A batch is a job, too, and is followed, cancelled and taken away as one.
        return lab | {"batches"} if reading or _ONE_JOB.match(path) else lab
    if _LAB_JOBS.match(path) and reading:
        return LAB_SCOPES
    if _LAB.match(path) and not reading:
        return frozenset({"jobs:write"})
    if _METRICS.match(path):
        return frozenset({"metrics"})
    return frozenset()
