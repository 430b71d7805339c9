"""Measures in tables: which have a column, and how figures and intervals are written."""

import pytest

from app.networks.card import Evaluation, Figure
from app.networks.measure_names import columns, measure, spread


def test_columns_are_in_one_order_and_only_of_what_is_there() -> None:
    row = {
        name: Figure(value=1)
        for name in ("median_ms", "zeal", "balanced_auc", "true_colorfulness", "pooled_psnr")
    }
    table = Evaluation(title="t", rows={"gray": {}, "photo": row, "other": {"auc": Figure(value=1)}})
    assert columns(table) == ["pooled_psnr", "auc", "balanced_auc", "median_ms", "zeal"]
    assert columns(Evaluation(title="t", rows={"gray": {}})) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("pooled_psnr_gain", 1.284, "+1.28"),
        ("balanced_auc_gain", -0.004, "-0.00"),
        ("colorfulness_share", 0.806, "81 %"),
        ("peak_memory_mib", 1234.4, "1,234"),
    ],
)
def test_values(name: str, value: float, text: str) -> None:
    assert measure(name).show(value) == text


def test_intervals() -> None:
    assert spread("pooled_psnr", Figure(value=2, low=1, high=3)) == "1.00 to 3.00"
    assert spread("colorfulness_share", Figure(value=0.8, low=0.7, high=0.9)) == "70 to 90 %"
    assert spread("median_ms", Figure(value=2)) == ""
