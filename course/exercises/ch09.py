"""Exercises of chapter 9: draw a code, price a cloud, count what is active, mend a loss."""

import numpy as np

from course.exercises.exercise import Exercise

SHAPES = (3, 2), (1, 5), (4, 4)
LEVELS = 0.005, 0.05, 0.8  # silent, between the variance and its root, active


def _clouds(rng):
    one = np.ones((1, 1))
    cases = [{"z_mean": one, "z_log_var": 2 * np.log(3) * one, "epsilon": 2 * one}]
    for shape in SHAPES:
        mean, log_var, epsilon = rng.normal(size=(3, *shape))
        cases.append({"z_mean": mean, "z_log_var": log_var, "epsilon": epsilon})
    return cases


def _prices(rng):
    cases = [
        {"mu": np.array([1.0, 1.0]), "sigma": np.array([1.0, 1.0])},
        {"mu": np.zeros(2), "sigma": np.ones(2)},
    ]
    for k in (1, 3, 8):
        cases.append({"mu": rng.normal(size=k), "sigma": rng.uniform(0.05, 2.5, size=k)})
    return cases


def _codes(rng):
    cases = [{"z_mean": np.array([[0.0, 1.0], [0.0, 3.0]])}]
    for n, k in ((40, 7), (25, 11)):
        spread = _spread(rng, k)
        noise = rng.normal(size=(n, k))
        noise = (noise - noise.mean(axis=0)) / noise.std(axis=0)
        cases.append({"z_mean": noise * spread + rng.normal(0, 2, size=k)})
    return cases


def _spread(rng, k):
    """Deviations of k variables. What the typical mistakes count is never what is active."""
    while True:
        spread = rng.permutation([*LEVELS, *rng.choice(LEVELS, k - len(LEVELS))])
        silent, between, active = ((spread == level).sum() for level in LEVELS)
        if active not in (silent, silent + between):
            return spread


def _batches(rng):
    cases = [{"z_mean": np.array([[1.0, 1.0], [0.0, 0.0]]), "z_log_var": np.zeros((2, 2))}]
    for shape in SHAPES:
        mean, log_var = rng.normal(size=(2, *shape))
        cases.append({"z_mean": mean, "z_log_var": log_var})
    return cases


EXERCISES = (
    Exercise("9.1", "draw a code", 1, _clouds),
    Exercise("9.2", "the price of a cloud", 2, _prices),
    Exercise("9.4", "count the active variables", 1, _codes),
    Exercise("9.5", "mend it", 2, _batches),
)
