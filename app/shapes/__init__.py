"""Network shapes, exactly: with numbers or with symbols, forwards and solved backwards. Arithmetic only, no
torch.
"""

from app.shapes.analysis import analyse
from app.shapes.errors import NetworkError, RefusedError, ShapeError, SizeError
from app.shapes.report import Report

__all__ = ["NetworkError", "RefusedError", "Report", "ShapeError", "SizeError", "analyse"]
