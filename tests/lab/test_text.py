import pytest

from app.lab.text import Span, blocks, spans


def test_paragraphs_formulas_and_lists() -> None:
    text = "One $a$ and\nmore.\n\n$$b = c\n+ d$$\n\n- first - still\n  first\n- second $e$\n"
    found = blocks(text)
    assert [block.kind for block in found] == ["paragraph", "formula", "list"]
    assert found[0].lines == ((Span("words", "One "), Span("formula", "a"), Span("words", " and more.")),)
    assert found[1].lines == ((Span("formula", "b = c + d"),),)
    assert found[2].lines[0] == (Span("words", "first - still first"),)
    assert found[2].lines[1] == (Span("words", "second "), Span("formula", "e"))


def test_stress() -> None:
    assert spans("**So** $a**b$ is") == (
        Span("stress", "So"),
        Span("words", " "),
        Span("formula", "a**b"),
        Span("words", " is"),
    )


@pytest.mark.parametrize("line", ["an open $formula", "an open **stress", "$a$ and $b"])
def test_what_is_left_open_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        spans(line)
