"""Exercises of chapter 1: counting parameters, two losses by hand, losses of single images."""

import numpy as np

from course.exercises.exercise import Exercise

KINDS = ("pixels", "linear", "bytes", "classes", "below zero")


def _sizes(rng):
    small = [{"inputs": 4, "latent": 2}, {"inputs": 784, "latent": 32}]
    drawn = rng.integers(2, 400, size=(3, 2))
    return small + [{"inputs": int(a), "latent": int(b)} for a, b in drawn]


def _pairs(rng):
    """Targets and outputs: three pixels that can be done by hand, then images."""
    cases = [{"x": np.array([0.0, 1.0, 0.5]), "x_hat": np.array([0.5, 0.5, 0.5])}]
    for shape in [(7,), (2, 3), (3, 6, 6)]:
        x, x_hat = rng.uniform(size=shape), rng.uniform(0.01, 0.99, size=shape)
        cases.append({"x": x.round(2), "x_hat": x_hat.round(3)})
    return cases


def _stacks(rng):
    x = np.zeros((3, 2, 2))
    x_hat = x.copy()
    x_hat[0, 0, 0], x_hat[1, 0, 0], x_hat[2] = 0.9, -0.6, 0.5
    cases = [{"x": x, "x_hat": x_hat, "k": 2}]
    for n, k in [(10, 1), (30, 5), (12, 12)]:
        x = rng.uniform(size=(n, 6, 6)).round(2)
        noise = rng.normal(0, rng.uniform(0.05, 0.5, size=(n, 1, 1)), size=x.shape)
        # A brightness offset: summing signed errors would rank the images another way.
        offset = rng.normal(0, 0.1, size=(n, 1, 1))
        cases.append({"x": x, "x_hat": (x + noise + offset).round(3), "k": k})
    return cases


def _outputs(rng):
    one_hot = np.eye(3)[[0, 2]]
    softmax = np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
    fixed = [
        {"target": np.array([[0.0, 1.0, 0.5]]), "output": np.array([[0.1, 0.8, 0.5]])},
        {"target": np.array([[0.0, 1.0, 0.5]]), "output": np.array([[-0.2, 1.3, 0.5]])},
        {"target": one_hot, "output": softmax},
        {"target": np.array([[-1.5, 0.3]]), "output": np.array([[0.2, 0.8]])},
    ]
    return fixed + [_pair(rng, kind) for kind in rng.permutation(KINDS)]


def _pair(rng, kind):
    """Targets and outputs of one kind; every kind comes in every shape."""
    shape = n, k = rng.integers(1, 3), rng.integers(2, 5)
    target, output = rng.uniform(size=(2, *shape)).round(2)
    if kind == "linear":
        output[0, 0] = rng.choice([-0.3, 1.4])
    if kind == "bytes":
        target = np.round(255 * target)
        target[0, 0] = 255.0
    if kind in ("classes", "below zero"):
        target = np.eye(k)[rng.integers(0, k, n)]
        output = np.full(shape, 0.5 / k)
        output[:, rng.integers(k)] += 0.5
    if kind == "below zero":  # the sums are still 1
        output[0, 0], output[0, 1] = -0.25, output[0, 1] + output[0, 0] + 0.25
    return {"target": target, "output": output}


EXERCISES = (
    Exercise("1.1", "count the trained numbers", 1, _sizes),
    Exercise("1.2", "mean squared error", 1, _pairs),
    Exercise("1.3", "binary cross-entropy", 2, _pairs),
    Exercise("1.4", "which loss for which output", 2, _outputs),
    Exercise("1.5", "the worst images", 2, _stacks),
)
