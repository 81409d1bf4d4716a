"""Chapter 6 computed another way: counted by Keras, summed by loops, differentiated by nudges."""

import math

import numpy as np


def counted_by_keras(widths):
    from course.layers import DenseTranspose
    from course.quiet import keras

    widths = [int(width) for width in widths]
    way = [keras.layers.Dense(width) for width in widths[1:]]
    back = [DenseTranspose(dense) for dense in reversed(way)]
    return keras.Sequential([keras.Input((widths[0],)), *way, *back]).count_params()


def slow_divergence(p, p_hat):
    terms = [a * (math.log(a) - math.log(b)) for a, b in ((p, p_hat), (1 - p, 1 - p_hat)) if a]
    return math.fsum(terms)


def slow_l1(h):
    return math.fsum(max(v, -v) for row in h.tolist() for v in row) / len(h)


def slow_kl(h, p):
    rates = [math.fsum(column) / len(h) for column in zip(*h.tolist(), strict=True)]
    return math.fsum(slow_divergence(p, rate) for rate in rates)


def nudged_softplus(x, kernel, bias):
    def layer(point):
        return np.logaddexp(0, np.asarray(point) @ kernel + bias)

    step, total = 1e-5, 0.0
    for point in x:
        for nudge in np.eye(x.shape[1]) * step:
            total += np.sum(((layer(point + nudge) - layer(point - nudge)) / (2 * step)) ** 2)
    return total / len(x)


ORACLES = {
    "6.1": counted_by_keras,
    "6.2": slow_divergence,
    "6.3": slow_l1,
    "6.4": slow_kl,
    "6.5": nudged_softplus,
}
