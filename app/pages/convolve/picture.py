"""A kernel on a picture: gray in, filtered gray out, as PNG."""

from io import BytesIO

import numpy as np
from PIL import Image

from app.imaging.pictures import decode_picture
from app.pages.convolve.grids import Grid, flipped
from app.shapes.convolve import correlate

LARGEST_SIDE = 640
"""Pictures are reduced to this many pixels on their longer side."""
VALUES = {
    "clip": "cut off at black and white",
    "absolute": "without their signs",
    "centred": "around middle gray",
}
"""What becomes of numbers that are no gray between 0 and 255."""


def usual_values(kernel: Grid) -> str:
    """Kernels whose numbers sum to 0 answer on both sides of it: their signs are left out."""
    return "absolute" if sum(cell for row in kernel for cell in row) == 0 else "clip"


def reduced(data: bytes, *, max_pixels: int) -> Image.Image:
    """The picture in 8-bit gray, upright, as large as it is shown; raises PictureError."""
    gray = decode_picture(data, max_pixels=max_pixels).gray
    if gray.dtype == np.uint16:
        gray = (gray >> 8).astype(np.uint8)
    picture = Image.fromarray(gray)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    return picture


def filtered(picture: Image.Image, kernel: Grid, mode: str, values: str) -> Image.Image:
    """The picture under a kernel, as large as it was, zeros around it."""
    turned = flipped(kernel) if mode == "convolution" else kernel
    weights = np.array([[float(cell) for cell in row] for row in turned])
    pads = [((size - 1) // 2, size - 1 - (size - 1) // 2) for size in weights.shape]
    samples = np.pad(np.asarray(picture, dtype=np.float64), pads)
    sums = correlate(samples, weights, (picture.height, picture.width))
    if values == "absolute":
        sums = np.abs(sums)
    elif values == "centred":
        sums = sums + 128
    return Image.fromarray(np.clip(np.rint(sums), 0, 255).astype(np.uint8))


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
