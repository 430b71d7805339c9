"""Torch modules, palettes and the files their weights live in; importing the package imports no torch."""
