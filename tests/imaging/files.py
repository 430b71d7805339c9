"""Files of pictures, written by others than what reads them."""

from io import BytesIO
from typing import Any

import png
import tifffile
from numpy.typing import NDArray
from PIL import Image


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """A file written by Pillow."""
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png_of(samples: NDArray[Any], interlace: bool = False, **options: Any) -> bytes:
    """A PNG written by pypng, (height, width) or (height, width, channels)."""
    height, width = samples.shape[:2]
    out = BytesIO()
    writer = png.Writer(width, height, interlace=interlace, **options)
    rows = samples.reshape(height, -1).tolist()
    if interlace:
        writer.write_array(out, [value for row in rows for value in row])
    else:
        writer.write(out, rows)
    return out.getvalue()


def tiff_of(samples: NDArray[Any], **options: Any) -> bytes:
    """A TIFF written by tifffile."""
    out = BytesIO()
    tifffile.imwrite(out, samples, **options)
    return out.getvalue()
