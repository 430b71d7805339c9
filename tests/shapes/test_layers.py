"""Every layer type against PyTorch on the CPU: output shapes, parameters, buffers, and what is refused."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from app.shapes import ShapeError, analyse
from app.shapes.layers import LAYERS
from tests.shapes.cases import FAMILIES, Case, cases
from tests.shapes.oracle import Verdict, ask

LONG = 760
"""Cases of each family in the long suite: more than 20 000 in all."""

ELSEWHERE = {
    "Parameter",
    "StochasticDepth",
    "ShiftedWindowAttention",
    "ShiftedWindowAttentionV2",
    "RelativePositionalMultiHeadAttention",
}
"""Types that only torchvision's networks use; they are compared in test_presets.py."""

compared: Counter[str] = Counter()


def mine(case: Case) -> Verdict:
    """This library's answer in the oracle's terms."""
    names = [f"x{i}" for i in range(len(case.shapes))]
    body = {
        "input": dict(zip(names, case.shapes, strict=True)),
        "layers": [{"type": case.type, "inputs": names, **case.arguments}],
    }
    try:
        layer = analyse(body).layers[0]
    except ShapeError as error:
        assert "layer 0" in error.detail and error.pointer.startswith("/layers/0"), (
            error.detail,
            error.pointer,
        )
        return Verdict(None, reason=error.detail)
    numbers = (*layer.output_shape, layer.parameters, layer.buffers)
    assert all(isinstance(number, int) for number in numbers)
    *output, parameters, buffers = (int(str(number)) for number in numbers)
    return Verdict(tuple(output), parameters, buffers)


def compare(case: Case) -> None:
    """Both must accept with the same numbers, or both refuse."""
    answer, truth = mine(case), ask(case.type, case.arguments, case.shapes)
    compared[case.type] += 1
    same = (answer.output, answer.parameters, answer.buffers) == (
        truth.output,
        truth.parameters,
        truth.buffers,
    )
    assert same, f"{case}\n here: {answer}\ntorch: {truth}"


@pytest.mark.parametrize("family", FAMILIES)
def test_agrees_with_pytorch(family: str) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases(family))
    def run(case: Case) -> None:
        compare(case)

    run()


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    """Counts of the long suite, printed at its end."""
    compared.clear()
    yield compared


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_agrees_with_pytorch_at_length(family: str, tally: Counter[str]) -> None:
    phases = [Phase.generate, Phase.shrink]

    @settings(
        max_examples=LONG,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(cases(family))
    def run(case: Case) -> None:
        compare(case)

    run()


@pytest.mark.long
def test_the_long_suite_compared_20_000_cases(
    tally: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\ncompared with PyTorch: {tally.total()} cases of {len(tally)} layer types, 0 disagreements")
    assert tally.total() >= 20_000
    assert set(LAYERS) - ELSEWHERE == set(tally)
