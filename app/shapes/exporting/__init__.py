"""Computed networks as PyTorch code, tables and drawings."""

from app.shapes.exporting.pytorch import pytorch_code, pytorch_file

__all__ = ["pytorch_code", "pytorch_file"]
