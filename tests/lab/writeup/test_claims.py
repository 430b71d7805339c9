"""The write-up, checked: every figure and error of the mission appears, with the verdict it deserves."""

import re
from collections import Counter

import pytest
from latex2mathml.converter import convert

from app.lab import demo
from app.lab.text import spans
from app.lab.writeup import CLAIMS, Checked, checked
from app.networks.card import Card, Epoch, NetworkSpec
from app.shapes import analyse
from app.shapes.convolve import convolve
from app.shapes.presets import load_preset
from app.shapes.solving import solve

ERRORS = {
    "selection-matrix": "impossible",
    "every-batch": "needs a condition",
    "counterexample-gradient": "off by a factor",
    "counterexample-step": "off by a factor",
    "memory-forward-pass": "needs a condition",
    "decay-equivalence": "needs a condition",
    "padding-flat-even": "impossible",
    "rounding-up": "needs a condition",
}
"""The slips that the mission names, and no others."""


@pytest.fixture(scope="module")
def found() -> dict[str, Checked]:
    return {one.claim.key: one for one in checked()}


def test_exactly_the_named_errors_are_found(found: dict[str, Checked]) -> None:
    wrong = {key: one.finding.verdict for key, one in found.items() if one.finding.verdict != "confirmed"}
    unmeasured = {key for key, verdict in wrong.items() if verdict == "not measured here"}
    assert unmeasured == {"pool-upsample-curves", "conv-transpose-curves"}
    assert {key: verdict for key, verdict in wrong.items() if key not in unmeasured} == ERRORS


def test_claims_stand_in_the_write_ups_order_under_names_of_their_own() -> None:
    sections = [tuple(map(int, claim.section.split("."))) for claim in CLAIMS]
    assert sections == sorted(sections)
    assert max(Counter(claim.key for claim in CLAIMS).values()) == 1
    covered = {claim.section for claim in CLAIMS}
    assert covered >= {"1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4.3", "5.2", "5.3", "5.4"}


def test_what_is_added_to_the_write_up_blames_it_for_nothing(found: dict[str, Checked]) -> None:
    added = [one for one in found.values() if not one.claim.printed]
    assert added and all(one.finding.verdict == "confirmed" for one in added)


def test_the_exact_numbers_are_said(found: dict[str, Checked]) -> None:
    said = found["counterexample-step"].finding.computed
    for number in ("80/91", "40/49", "133956/405769", "5/7", "4/7"):
        assert number in said
    said = found["counterexample-conclusion"].finding.computed
    assert "91/410" in said and "28/41" in said and "26/41" in said and "exactly zero" in said
    assert (
        "31" in found["padding-flat-even"].finding.computed
        and "33" in found["padding-flat-even"].finding.computed
    )


def test_tables_carry_what_was_printed_beside_what_was_computed(found: dict[str, Checked]) -> None:
    table = found["cnn-table"].finding.table
    assert table is not None
    assert table.rows[0] == ("32x32x32", 32768, 864, 32768, 864)
    assert table.rows[-1] == ("total", 61632, 21024, 61632, 21024)
    other = found["fcnn-table"].finding.table
    assert other is not None and other.rows[-1] == ("total", 4992, 10063872, 4992, 10063872)


def test_every_text_and_formula_can_be_shown(found: dict[str, Checked]) -> None:
    for one in found.values():
        for text in (one.claim.printed, one.claim.why, one.finding.computed):
            for span in spans(text):
                if span.kind == "formula":
                    assert "<math" in convert(span.text)
                else:
                    assert not re.search(r"\\[a-z]|\*\*", span.text), span.text
        assert one.claim.why.endswith(".") and one.claim.why.count(". ") == 0, "one sentence why"
        assert "does not" not in one.finding.computed


def test_every_link_leads_somewhere() -> None:
    for claim in CLAIMS:
        link = claim.link
        match link.kind:
            case "demo":
                demo(link.name).read(link.body)
            case "shapes":
                analyse(load_preset(link.name))
            case "solve":
                solve(link.body)
            case "convolve":
                convolve(link.body)
            case "models":
                assert not link.body


def card(model: str, accuracy: float, loss: float) -> Card:
    history = [
        Epoch(epoch=1, train_loss=2, val_loss=2, val_accuracy=0.3),
        Epoch(epoch=2, train_loss=1, val_loss=loss, val_accuracy=accuracy),
    ]
    return Card(
        id=model,
        title="A net",
        task="palette",
        network=NetworkSpec(type=model),
        parameters=1,
        input_size=32,
        palette=[(0.0, 0.0, 0.0)],
        trained_on="x",
        licence="x",
        sha256="0" * 64,
        history=history,
    )


@pytest.mark.parametrize(
    ("model", "accuracy", "loss", "verdict"),
    [
        ("pool-upsample", 0.42, 1.55, "confirmed"),
        ("pool-upsample", 0.40, 1.55, "needs a condition"),
        ("conv-transpose", 0.56, 1.12, "confirmed"),
        ("conv-transpose", 0.56, 1.20, "needs a condition"),
    ],
)
def test_training_figures_are_compared_with_the_models_at_hand(
    model: str, accuracy: float, loss: float, verdict: str
) -> None:
    claim = next(claim for claim in CLAIMS if claim.key == f"{model}-curves")
    finding = claim.compute({model: card(model, accuracy, loss)})
    assert finding.verdict == verdict and f"{100 * accuracy:.1f} %" in finding.computed
