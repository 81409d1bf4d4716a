"""Chapter 2 computed another way: pairs of characters, counted."""

import math

import numpy as np


def slow_table(before, after):
    pairs = [
        (int(a), int(b)) for a, b in zip(before, after, strict=True) if a.isdigit() and b.isdigit()
    ]
    return np.array([[pairs.count((i, j)) for j in range(10)] for i in range(10)])


ORACLES = {
    "2.1": lambda before, after: (
        int(slow_table(before, after).sum()) - int(np.trace(slow_table(before, after)))
    ),
    "2.2": slow_table,
    "2.3": lambda latent_dim, levels: math.log(levels**latent_dim, 2),
}
