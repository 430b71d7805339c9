"""The course's 24 colours (CSC413/CSC321, University of Toronto): k-means of CIFAR-10's training horses."""

import numpy as np
from numpy.typing import NDArray

HORSES_24: tuple[tuple[float, float, float], ...] = (
    (0.86930311, 0.81305234, 0.71108155),
    (0.14682195, 0.1276408, 0.10789754),
    (0.74059804, 0.7315649, 0.71242495),
    (0.33614565, 0.19794017, 0.12443363),
    (0.35065321, 0.41031184, 0.2094457),
    (0.05045383, 0.04471698, 0.04326088),
    (0.33069155, 0.34364123, 0.34490842),
    (0.46451456, 0.30515979, 0.20880018),
    (0.84665183, 0.86015782, 0.86670136),
    (0.71229746, 0.57750268, 0.43700046),
    (0.20425761, 0.20861383, 0.18363893),
    (0.64843642, 0.63973098, 0.6066429),
    (0.61465806, 0.7517849, 0.869081),
    (0.78195392, 0.71750972, 0.54024951),
    (0.64187777, 0.41190209, 0.24971417),
    (0.29113057, 0.2785401, 0.23897394),
    (0.60765975, 0.66728633, 0.39512727),
    (0.56355225, 0.55381514, 0.52020265),
    (0.47125559, 0.53869941, 0.28704372),
    (0.95974434, 0.96406708, 0.95962239),
    (0.36746875, 0.54855534, 0.71033585),
    (0.56446971, 0.49395814, 0.39086152),
    (0.44548042, 0.40265798, 0.33703848),
    (0.44792875, 0.46377391, 0.45603445),
)
"""RGB 0..1 in the course's order; distortion 0.0728 on the training horses."""


def nearest_color(rgb: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Index of the palette colour nearest in Euclidean RGB; (..., 3) and (K, 3) in 0..1 to (...)."""
    flat = rgb.reshape(-1, 3)
    # |x - c|^2 = |x|^2 - 2 x.c + |c|^2, and |x|^2 does not change which c is nearest.
    scores = flat @ (-2 * palette.T) + (palette**2).sum(axis=1)
    nearest: NDArray[np.uint8] = scores.argmin(axis=1).astype(np.uint8).reshape(rgb.shape[:-1])
    return nearest
