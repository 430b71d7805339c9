"""What a process answers to one request, asked in this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.jobs.worker.runner import answer
from app.lab.registry import find_demos

DEMOS = find_demos(["tests.jobs.demos"])


def ask(tmp_path: Path, demo: str, state: Any = None, **params: Any) -> dict[str, Any]:
    asked = {
        "demo": demo,
        "params": params,
        "seed": 1,
        "state": state,
        "folder": str(tmp_path / "folder"),
        "data": None,
        "model_id": "m",
    }
    return answer(DEMOS, asked)


def test_the_last_step_brings_outcome_and_versions(tmp_path: Path) -> None:
    given = ask(tmp_path, "counting", steps=1, points=2)
    assert given["outcome"]["result"] == {"x": given["state"]["x"]}
    assert set(given["versions"]) >= {"chromalab", "python", "numpy"}
    assert [point["x"] for point in given["points"]] == [0, 1]
    assert given["progress"] == 1.0
    json.dumps(given, allow_nan=False)


def test_a_folder_is_made_for_a_demo_that_needs_one(tmp_path: Path) -> None:
    ask(tmp_path, "counting", steps=1)
    assert not (tmp_path / "folder").exists()
    ask(tmp_path, "wild")
    assert (tmp_path / "folder").is_dir()


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("raises", {"failed": "The demo broke: ZeroDivisionError: division by zero."}),
        ("refuses", {"failed": "This run cannot go on."}),
        ("forgets", {"lost": "the checkpoint is gone"}),
        ("gives NaN in the state", {"failed": "A number that is not finite came out in the state.x."}),
    ],
)
def test_what_cannot_go_on_is_said(tmp_path: Path, deed: str, expected: dict[str, str]) -> None:
    assert ask(tmp_path, "wild", {"step": 1}, deed=deed) == expected


def test_memory_that_has_run_out_is_for_the_process_to_tell(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        ask(tmp_path, "wild", {"step": 1}, deed="asks for too much")
