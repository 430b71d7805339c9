"""Figures as Plotly JSON, checked by Plotly itself."""

import json
import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

from app.networks.card import Card, read_card
from app.pages.figures import SERIES, Curve, training_curves
from app.resources import static_dir


@pytest.fixture(scope="module")
def cards(course_models: Path) -> list[Card]:
    return [read_card(course_models / name) for name in ("pool-upsample", "conv-transpose", "photo")]


@pytest.mark.parametrize("curve", ["loss", "accuracy"])
def test_plotly_accepts_the_figure(cards: list[Card], curve: Curve) -> None:
    figure = training_curves(cards, curve)
    read = go.Figure(figure).to_plotly_json()
    assert [trace["name"] for trace in read["data"]] == [trace["name"] for trace in figure["data"]]
    json.dumps(figure, allow_nan=False)


def test_every_number_of_the_history_is_drawn(cards: list[Card]) -> None:
    loss = {trace["name"]: trace for trace in training_curves(cards, "loss")["data"]}
    accuracy = {trace["name"]: trace for trace in training_curves(cards, "accuracy")["data"]}
    for card in cards[:2]:
        assert loss[card.title]["x"] == [epoch.epoch for epoch in card.history]
        assert loss[card.title]["y"] == [epoch.val_loss for epoch in card.history]
        assert loss[f"{card.title}, training"]["y"] == [epoch.train_loss for epoch in card.history]
        assert accuracy[card.title]["y"] == pytest.approx([60 - 30 / epoch for epoch in range(1, 26)])
    assert len(loss) == 4, "a model without a history has no line"


def test_lines_of_one_model_share_a_colour_and_models_do_not(cards: list[Card]) -> None:
    series = [
        (trace["legendgroup"], trace["meta"]["series"]) for trace in training_curves(cards, "loss")["data"]
    ]
    assert len(set(series)) == len({group for group, _ in series}) == len({number for _, number in series})


def test_the_palette_is_that_of_the_tokens() -> None:
    tokens = (static_dir() / "css/tokens.css").read_text()
    assert tuple(re.findall(r"--series-\d: (#\w+);", tokens)[: len(SERIES)]) == SERIES
