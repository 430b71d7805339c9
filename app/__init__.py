"""Chromalab: colorizing, exact network shapes and an optimizer lab, by REST and in the browser."""

__version__ = "0.1.0"
