"""Every layer type by name; importing this package fills the registry."""

from app.shapes.layers import (  # noqa: F401  each registers its types
    activation,
    adaptive,
    attention,
    conv,
    fold,
    linear,
    merge,
    norm,
    padding,
    pool,
    rearrange,
    recurrent,
    resize,
    transposed,
    windowed,
)
from app.shapes.layers.arguments import REQUIRED, Argument
from app.shapes.layers.base import Call, Effect, LayerType, Shape, product, show
from app.shapes.layers.registry import LAYERS

__all__ = ["LAYERS", "REQUIRED", "Argument", "Call", "Effect", "LayerType", "Shape", "product", "show"]
