"""WCAG 2.2 AA contrast, computed from the design tokens in both schemes."""

import re

import pytest

from app.resources import static_dir

TOKENS = (static_dir() / "css/tokens.css").read_text()
LIGHT, DARK = TOKENS.split("@media (prefers-color-scheme: dark)")

TEXT = [
    *((ink, ground) for ink in ("ink", "quiet") for ground in ("paper", "surface", "mat")),
    *(("accent", ground) for ground in ("paper", "surface")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("ink", "accent-soft"),
    ("paper", "ink"),
]
GRAPHICS = [
    *((part, ground) for part in ("edge", "accent") for ground in ("paper", "surface", "mat")),
    *((f"series-{number}", "surface") for number in range(1, 7)),
]


def colors(scheme: str) -> dict[str, str]:
    light = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", LIGHT))
    dark = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", DARK))
    assert light.keys() == dark.keys(), "a colour is missing in one scheme"
    return light if scheme == "light" else dark


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(scheme: str, ink: str, ground: str) -> None:
    palette = colors(scheme)
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("part", "ground"), GRAPHICS)
def test_controls_and_lines_stand_out(scheme: str, part: str, ground: str) -> None:
    palette = colors(scheme)
    assert contrast(palette[part], palette[ground]) >= 3


def test_colours_are_named_once() -> None:
    """Outside tokens.css only the split over a photograph has colours: it must show on any picture."""
    for path in (static_dir() / "css").rglob("*.css"):
        if path.name != "tokens.css":
            found = set(re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\([^)]*\)", path.read_text()))
            allowed = {"#ffffff", "#1c1a17"} if path.name == "compare.css" else set()
            assert {color for color in found if not color.startswith("rgb(")} <= allowed, path.name


def test_theme_colour_is_the_paper() -> None:
    from app.pages.render import environment

    source, _, _ = environment().loader.get_source(environment(), "layout.html")  # type: ignore[union-attr]
    assert colors("light")["paper"] in source and colors("dark")["paper"] in source
