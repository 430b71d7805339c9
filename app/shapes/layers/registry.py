"""The layer types known, by name."""

from app.shapes.layers.base import LayerType

LAYERS: dict[str, LayerType] = {}


def register(layer: LayerType) -> LayerType:
    """Make a layer type known; each family module does so when imported."""
    if layer.name in LAYERS:
        raise ValueError(f"layer type {layer.name} is registered twice")
    LAYERS[layer.name] = layer
    return layer
