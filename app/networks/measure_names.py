"""What measures are called and how their values are written, wherever people read them."""

from dataclasses import dataclass

from app.networks.card import Evaluation, Figure


@dataclass(frozen=True)
class Measure:
    """How one measure is shown."""

    title: str
    decimals: int = 2
    percent: bool = False
    higher_is_better: bool = True
    compared: bool = True
    """Whether it has a column where models stand side by side; what tells of the pictures alone has none."""
    tabled: bool = True
    """Whether it has a column in the table of one evaluation."""
    signed: bool = False
    """Whether a plus is written before what is not negative."""

    def show(self, value: float | str) -> str:
        """The value as text; words pass through."""
        if isinstance(value, str):
            return value
        number = 100 * value if self.percent else value
        sign = "+" if self.signed else ""
        return f"{number:{sign},.{self.decimals}f}{' %' if self.percent else ''}"


KNOWN = {
    "accuracy": Measure("Accuracy", percent=True),
    "cross_entropy": Measure("Cross-entropy", 4, higher_is_better=False),
    "accuracy_mean": Measure("Mean accuracy", percent=True),
    "accuracy_min": Measure("Least accuracy", percent=True, compared=False, tabled=False),
    "accuracy_max": Measure("Greatest accuracy", percent=True, compared=False, tabled=False),
    "cross_entropy_mean": Measure(
        "Mean cross-entropy", 4, higher_is_better=False, compared=False, tabled=False
    ),
    "cross_entropy_min": Measure(
        "Least cross-entropy", 4, higher_is_better=False, compared=False, tabled=False
    ),
    "cross_entropy_max": Measure(
        "Greatest cross-entropy", 4, higher_is_better=False, compared=False, tabled=False
    ),
    "loss": Measure("Loss", 4, higher_is_better=False),
    "pooled_psnr": Measure("Pooled PSNR (dB)"),
    "pooled_psnr_gain": Measure("gain (dB)", compared=False, signed=True),
    "mean_psnr": Measure("Mean PSNR (dB)", compared=False),
    "mean_psnr_gain": Measure("Mean PSNR, gain (dB)", compared=False, tabled=False, signed=True),
    "auc": Measure("AuC (%)"),
    "auc_gain": Measure("AuC, gain", compared=False, tabled=False, signed=True),
    "balanced_auc": Measure("Balanced AuC (%)"),
    "balanced_auc_gain": Measure("gain (points)", compared=False, signed=True),
    "colorfulness": Measure("Colourfulness"),
    "colorfulness_share": Measure("of the truth's", 0, percent=True, compared=False),
    "absolute_colorfulness": Measure("Colourfulness, absolute", compared=False, tabled=False),
    "true_colorfulness": Measure("The truth's colourfulness", compared=False, tabled=False),
    "true_absolute_colorfulness": Measure(
        "The truth's colourfulness, absolute", compared=False, tabled=False
    ),
    "delta_colorfulness": Measure("ΔCF", higher_is_better=False),
    "ab_difference": Measure("Mean ab difference", higher_is_better=False),
    "parameters": Measure("Parameters", 0, higher_is_better=False, compared=False),
    "network_ms": Measure("Network (ms)", 1, higher_is_better=False, compared=False),
    "median_ms": Measure("ms a picture", 1, higher_is_better=False, compared=False),
    "peak_memory_mib": Measure("Peak memory (MiB)", 0, higher_is_better=False, compared=False),
    "hints": Measure("Hints", 0, compared=False, tabled=False),
    "pixels": Measure("Pixels", 0, compared=False, tabled=False),
    "pictures": Measure("Pictures", 0, compared=False, tabled=False),
}
"""Measures by their name in a card; others are shown under their own name."""


def measure(name: str) -> Measure:
    """How the measure of this name is shown."""
    return KNOWN.get(name) or Measure(name.replace("_", " ").capitalize(), 4)


def columns(evaluation: Evaluation) -> list[str]:
    """Measures that have a column in an evaluation's table, those in KNOWN first and in its order."""
    present = {name for row in evaluation.rows.values() for name in row if measure(name).tabled}
    return [name for name in KNOWN if name in present] + sorted(present - KNOWN.keys())


def spread(name: str, figure: Figure) -> str:
    """The figure's 95 % interval in words, empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    known = measure(name)
    return f"{known.show(figure.low).removesuffix(' %')} to {known.show(figure.high)}"
