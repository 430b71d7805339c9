"""The dashboard asks for what the service tells, and shows all of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.imaging.pictures import encode_picture

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/chromalab.json").read_text(encoding="utf-8"))
TARGETS = [(panel, target) for panel in DASHBOARD["panels"] for target in panel["targets"]]
WORDS = frozenset(["sum", "by", "rate", "histogram_quantile", "or", "vector"])


def selectors(expression: str) -> list[tuple[str, str]]:
    """Every metric an expression names, and its braces' inside."""
    return re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression)


@pytest.fixture
def told(client: TestClient) -> dict[str, set[str]]:
    """Every sample's name and labels after a picture was coloured."""
    import numpy as np

    picture = encode_picture(np.zeros((8, 8, 3), np.uint8), format="png")
    assert client.post("/api/v1/colorize", files={"image": picture}).status_code == 200
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_query_names_metrics_and_labels_that_there_are(told: dict[str, set[str]]) -> None:
    target_labels = {"job", "instance"}  # Prometheus adds them
    for panel, target in TARGETS:
        expression = target["expr"]
        named = selectors(expression)
        assert named, panel["title"]
        for name, inside in named:
            assert name in told, (panel["title"], name)
            labels = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", inside))
            assert labels <= told[name] | target_labels, (panel["title"], name, labels)
        known = set.union(*(told[name] for name, _ in named)) | target_labels
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            assert {label.strip() for label in grouped.split(",")} <= known, panel["title"]
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
            assert re.search(rf"by \([^)]*\b{label}\b[^)]*\)", expression), (panel["title"], label)
        bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)', "", expression)
        words = set(re.findall(r"[a-zA-Z_]\w*", bare)) - {name for name, _ in named}
        assert words <= WORDS, (panel["title"], words)
        assert bare.count("(") == bare.count(")"), panel["title"]


def test_everything_of_ours_is_shown(told: dict[str, set[str]]) -> None:
    shown = " ".join(target["expr"] for _, target in TARGETS)
    ours = {
        re.sub(r"_(bucket|sum|count|created)$", "", name) for name in told if name.startswith("chromalab_")
    }
    missing = {name for name in ours if name.removesuffix("_total") not in shown}
    assert not missing


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
