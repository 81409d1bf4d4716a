"""Chapter 12 computed another way: pixels one by one, sets of pixels, and straight lines."""

import numpy as np


def slow_iou(truth, guess):
    pixels = list(zip(truth.ravel().tolist(), guess.ravel().tolist(), strict=True))
    return sum(a and b for a, b in pixels) / sum(a or b for a, b in pixels)


def slow_mean_iou(table):
    """From single pixels again, through sets of their numbers."""
    truth, guess = np.nonzero(np.ones(table.shape, int))
    truth, guess = (a.repeat(table.ravel()).tolist() for a in (truth, guess))
    ious = []
    for kind in range(len(table)):
        mine = {i for i, k in enumerate(truth) if k == kind}
        called = {i for i, k in enumerate(guess) if k == kind}
        if mine | called:
            ious.append(len(mine & called) / len(mine | called))
    return sum(ious) / len(ious)


def traced_field(kernels, strides):
    """Go from one output back to the pixels, window by window, and count them from end to end."""
    seen = {0}
    for kernel, stride in reversed(list(zip(kernels.tolist(), strides.tolist(), strict=True))):
        seen = {place * stride + i for place in seen for i in range(kernel)}
    return max(seen) - min(seen) + 1


def stride_of_sizes(directions, strides):
    """Send a long row through the layers and see how many outputs are left of it."""
    length = n = 2**4 * 3**6 * 5**6 * 7**6
    for direction, stride in zip(directions.tolist(), strides.tolist(), strict=True):
        length = length * stride if direction == "up" else length // stride
    return n / length


def tent(factor):
    """The value at each new pixel of the straight lines through 0, 1, 0."""
    places = (np.arange(-factor, 2 * factor) + 0.5) / factor - 0.5  # in old pixels
    weights = np.interp(places, [-1, 0, 1], [0, 1, 0])
    return weights[factor // 2 : factor // 2 + 2 * factor]


ORACLES = {
    "12.1": slow_iou,
    "12.2": slow_mean_iou,
    "12.3": traced_field,
    "12.4": stride_of_sizes,
    "12.5": tent,
}
