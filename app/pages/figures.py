"""Figures as Plotly JSON, written out as plain dictionaries: no Plotly is imported to serve a page.

A trace's `meta.series` is its place in the palette of css/tokens.css, where the script finds its colour.
"""

from collections.abc import Sequence
from typing import Any, Literal

from app.networks.card import Card, Epoch

Figure = dict[str, Any]
Curve = Literal["loss", "accuracy"]

SERIES = ("#b5370f", "#23659f", "#2b7449", "#82509f", "#8a6100", "#4d5964")
"""The palette of css/tokens.css in light, for readers of the JSON elsewhere."""


def training_curves(cards: Sequence[Card], curve: Curve) -> Figure:
    """Loss (train dashed, validation solid) or validation accuracy of every card against its epochs."""
    traces: list[Figure] = []
    for place, card in enumerate(cards):
        if not card.history:
            continue
        if curve == "loss":
            traces.append(_trace(card, place, [epoch.val_loss for epoch in card.history]))
            traces.append(_trace(card, place, [epoch.train_loss for epoch in card.history], train=True))
        elif any(epoch.val_accuracy is not None for epoch in card.history):
            traces.append(_trace(card, place, [_percent(epoch) for epoch in card.history]))
    axis = "Cross-entropy (nats)" if curve == "loss" else "Accuracy, validation (%)"
    return {"data": traces, "layout": _layout("Epoch", axis) | {"showlegend": len(cards) > 1}}


def _trace(card: Card, place: int, values: list[float | None], *, train: bool = False) -> Figure:
    series = place % len(SERIES)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{card.title}, training" if train else card.title,
        "legendgroup": card.id,
        "showlegend": not train,
        "x": [epoch.epoch for epoch in card.history],
        "y": values,
        "line": {"color": SERIES[series], "width": 2, "dash": "dot" if train else "solid"},
        "hovertemplate": "%{y:.4g}",
        "meta": {"series": series + 1},
    }


def _layout(x: str, y: str) -> Figure:
    return {
        "xaxis": {"title": {"text": x, "standoff": 10}, "zeroline": False},
        "yaxis": {"title": {"text": y, "standoff": 10}, "zeroline": False},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "x unified",
        "margin": {"l": 64, "r": 16, "t": 16, "b": 56},
    }


def _percent(epoch: Epoch) -> float | None:
    return None if epoch.val_accuracy is None else 100 * epoch.val_accuracy
