"""Exercises of chapter 6: parameters of a tied network, and three penalties."""

import numpy as np

from course.exercises.exercise import Exercise


def _widths(rng):
    cases = [{"widths": [4, 3, 2]}, {"widths": [784, 32]}]
    for depth in (2, 3, 4):
        cases.append({"widths": [int(w) for w in rng.integers(1, 60, size=depth)]})
    return cases


def _rates(rng):
    cases = [
        {"p": 0.5, "p_hat": 0.25},
        {"p": 0.3, "p_hat": 0.3},
        {"p": 0.0, "p_hat": 0.4},
        {"p": 1.0, "p_hat": 0.4},
    ]
    drawn = rng.uniform(0.01, 0.99, size=(4, 2))
    return cases + [{"p": float(p), "p_hat": float(p_hat)} for p, p_hat in drawn]


def _codes(rng):
    shapes = (5, 3), (2, 7), (1, 4)
    tables = [np.array([[1.0, -2.0], [0.0, 3.0]])] + [rng.normal(size=shape) for shape in shapes]
    return [{"h": h} for h in tables]


def _activations(rng):
    cases = [{"h": np.array([[0.1, 0.2], [0.4, 0.4]]), "p": 0.5}]
    for shape in ((5, 3), (2, 7), (6, 1)):
        cases.append({"h": rng.uniform(0.02, 0.98, size=shape), "p": float(rng.uniform(0.02, 0.4))})
    return cases


def _layers(rng):
    cases = [{"x": np.array([[0.0]]), "kernel": np.array([[2.0]]), "bias": np.array([0.0])}]
    for n, d, k in ((3, 4, 2), (5, 3, 3), (2, 2, 6)):
        cases.append(
            {
                "x": rng.uniform(-1, 1, size=(n, d)),
                "kernel": rng.normal(size=(d, k)),
                "bias": rng.normal(size=k),
            }
        )
    return cases


EXERCISES = (
    Exercise("6.1", "count what a tied network trains", 1, _widths),
    Exercise("6.2", "the divergence of two rates", 2, _rates),
    Exercise("6.3", "the L1 penalty", 1, _codes),
    Exercise("6.4", "the KL penalty", 2, _activations),
    Exercise("6.5", "contract a softplus layer", 3, _layers),
)
