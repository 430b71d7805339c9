"""The whole answer to a shapes request as JSON: the report, PyTorch code, and formulas if wanted."""

from app.shapes.exporting.formulas import layer_formulas
from app.shapes.exporting.pytorch import pytorch_code
from app.shapes.report import Report
from app.shapes.sizes import bounded_work

RESULT_TERMS = 300_000
"""Terms of expressions in one answer, a few megabytes of text; a longer answer is refused by SizeError."""


def result_json(report: Report, *, formulas: bool = False) -> dict[str, object]:
    """The JSON of the REST contract; with `formulas`, every layer's equations in LaTeX with its numbers put
    in.
    """
    with bounded_work(RESULT_TERMS):
        body = report.to_json()
        body["pytorch"] = pytorch_code(report)
        if formulas:
            body["formulas"] = [layer_formulas(layer) for layer in report.layers]
    return body
