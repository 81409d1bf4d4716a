"""Chapter 5 computed another way: pixel by pixel, by finite differences, and by a ratio."""

import fractions
import itertools
import math

import numpy as np


def taped(images, chance):
    """The row that contains the point chance * places of a ruler, painted pixel by pixel."""
    n, h, w = images.shape
    pictures = [[[float(v) for v in row] for row in image] for image in images]
    for i in range(n):
        at = fractions.Fraction(float(chance[i])) * (h - 1)
        top = max(row for row in range(h - 1) if row <= at)
        for row, column in itertools.product((top, top + 1), range(w)):
            pictures[i][row][column] = 1.0
    return pictures


def slope(a, x, loss):
    """A central difference of the loss itself."""

    def value(a, x):
        s = 1 / (1 + math.exp(-a))
        return (s - x) ** 2 if loss == "mse" else -(x * math.log(s) + (1 - x) * math.log(1 - s))

    def one(a, x, e=1e-4):
        return (value(a + e, x) - value(a - e, x)) / (2 * e)

    if np.ndim(a) == 0:
        return one(a, x)
    return [one(*pair) for pair in zip(a.tolist(), x.tolist(), strict=True)]


def distance_from_black(x, x_hat):
    pairs = list(zip(x.ravel().tolist(), x_hat.ravel().tolist(), strict=True))
    return math.fsum((a - b) ** 2 for a, b in pairs) / math.fsum(a * a for a, _ in pairs)


ORACLES = {"5.1": distance_from_black, "5.2": slope, "5.3": taped}
