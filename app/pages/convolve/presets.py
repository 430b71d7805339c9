"""Kernels and small images to begin with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A grid with a name, as `app.pages.convolve.grids` reads it."""

    title: str
    grid: str


KERNELS = {
    "identity": Preset("Identity", "0,0,0;0,1,0;0,0,0"),
    "sharpen": Preset("Sharpen (the write-up's J)", "0,-1,0;-1,5,-1;0,-1,0"),
    "blur": Preset("Blur, the mean of 9", "1/9,1/9,1/9;1/9,1/9,1/9;1/9,1/9,1/9"),
    "gaussian": Preset("Blur, Gaussian", "1/16,1/8,1/16;1/8,1/4,1/8;1/16,1/8,1/16"),
    "motion": Preset("Blur along a diagonal", "1/5,0,0,0,0;0,1/5,0,0,0;0,0,1/5,0,0;0,0,0,1/5,0;0,0,0,0,1/5"),
    "edge": Preset("Edges", "-1,-1,-1;-1,8,-1;-1,-1,-1"),
    "laplacian": Preset("Laplacian", "0,1,0;1,-4,1;0,1,0"),
    "sobel-x": Preset("Sobel, across", "-1,0,1;-2,0,2;-1,0,1"),
    "sobel-y": Preset("Sobel, down", "-1,-2,-1;0,0,0;1,2,1"),
    "emboss": Preset("Emboss", "-2,-1,0;-1,1,1;0,1,2"),
    "shift": Preset("Shift by one", "0,0,0;0,0,1;0,0,0"),
}
IMAGES = {
    "write-up": Preset("The write-up's I", "0,0,0,0,0;0,0,1,1,1;1,1,1,1,0;0,1,1,1,0;0,0,1,0,0"),
    "dot": Preset("A dot", "0,0,0,0,0;0,0,0,0,0;0,0,1,0,0;0,0,0,0,0;0,0,0,0,0"),
    "edge": Preset("An edge", ";".join(["0,0,0,9,9,9"] * 6)),
    "ramp": Preset("A ramp", ";".join(["0,1,2,3,4,5"] * 6)),
    "checkers": Preset("Checkers", ";".join(["0,1,0,1,0,1", "1,0,1,0,1,0"] * 3)),
    "ring": Preset("A ring", ";".join(["1,1,1,1,1", *["1,0,0,0,1"] * 3, "1,1,1,1,1"])),
}
USUAL_KERNEL, USUAL_IMAGE = "sharpen", "write-up"
USUAL = {"mode": "convolution", "padding": "1", "stride": "1", "dilation": "1"}
"""The write-up's question."""


def preset_of(grid: str, presets: dict[str, Preset]) -> str:
    """The name of the preset that this grid is; empty for one of the reader's own."""
    return next((name for name, preset in presets.items() if preset.grid == grid), "")
