"""Network shapes, exactly: with numbers or with symbols, forwards and solved backwards. Arithmetic only.

What the numbers mean, where PyTorch leaves it open:

- Shapes and counts are those of one sample; layers behave as in evaluation, on a batch of several samples.
- `connections` are counted for Conv, ConvTranspose and Linear layers; what recurrent layers, attention and
  Bilinear multiply is in `multiply_accumulates` besides. Embeddings, normalisation and PReLU have neither
  weights nor biases, only parameters.
- Concat, padding and the like make an output of their own and count neurons; Flatten, Unflatten, Reshape,
  Permute, Slice, Identity, dropouts, pixel and channel shuffles only move values and count none.
- A receptive field follows every axis of the input but the first. Where an axis is mixed or merged away
  (Linear over it, Flatten, attention, normalisation over positions), one window tells what all outputs see
  together, with stride 0. Padding by reflection and the like is treated as zeros would be. None means that it
  cannot be told in symbols, or that the windows' period is beyond the limit.
- Recurrent and attention layers read (length, features) whichever side `batch_first` puts the batch on.
"""

from app.shapes.analysis import analyse
from app.shapes.errors import NetworkError, RefusedError, ShapeError, SizeError
from app.shapes.report import Report

__all__ = ["NetworkError", "RefusedError", "Report", "ShapeError", "SizeError", "analyse"]
