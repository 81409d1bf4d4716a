"""Chapter 1 computed another way: loops and sums over plain Python numbers, and Keras itself."""

import math


def slow_mse(x, x_hat):
    pairs = list(zip(x.ravel().tolist(), x_hat.ravel().tolist(), strict=True))
    return math.fsum((b - a) ** 2 for a, b in pairs) / len(pairs)


def slow_bce(x, x_hat):
    pairs = list(zip(x.ravel().tolist(), x_hat.ravel().tolist(), strict=True))
    return -math.fsum(a * math.log(b) + (1 - a) * math.log1p(-b) for a, b in pairs) / len(pairs)


def slow_worst(x, x_hat, k):
    losses = [slow_mse(a, b) for a, b in zip(x, x_hat, strict=True)]
    return sorted(range(len(losses)), key=lambda i: -losses[i])[:k]


def counted_by_keras(inputs, latent):
    from course.quiet import keras

    layer = keras.layers.Dense
    return keras.Sequential([keras.Input((inputs,)), layer(latent), layer(inputs)]).count_params()


def slow_losses(target, output):
    def rows(a):
        return [row for part in a for row in part.tolist()]

    values = [v for a in (target, output) for v in a.ravel().tolist()]
    names = ["mse"]
    if all(0 <= v <= 1 for v in values):
        names.append("binary_crossentropy")
    sums = [math.fsum(row) for a in (target, output) for row in a.tolist()]
    if all(v >= 0 for v in values) and all(abs(s - 1) < 1e-3 for s in sums):
        names.append("categorical_crossentropy")
    return names


ORACLES = {
    "1.1": counted_by_keras,
    "1.2": slow_mse,
    "1.3": slow_bce,
    "1.4": slow_losses,
    "1.5": slow_worst,
}
