"""Exercises of chapter 10: both label tables, two gradients, the statistic of a batch."""

import numpy as np

from course.exercises.exercise import Exercise


def _batches(rng):
    cases = [
        {"n_generated": 2, "n_real": 3, "phase": 1},
        {"n_generated": 2, "n_real": 3, "phase": 2},
        {"n_generated": 4, "n_real": 0, "phase": 2},
    ]
    for phase in (1, 2, 1, 2):
        generated, real = (int(n) for n in rng.integers(1, 20, size=2))
        cases.append({"n_generated": generated, "n_real": real, "phase": phase})
    return cases


def _answers(rng):
    cases = [{"d": np.array([0.5])}, {"d": np.array([0.01, 0.99])}]
    return cases + [{"d": rng.uniform(0.001, 0.999, size=n)} for n in (1, 4, 9)]


def _tables(rng):
    cases = [{"m": np.array([[[0.0, 0.0]], [[0.5, 0.5]]])}]
    shapes = (1, 2, 3), (4, 1, 1), (5, 3, 2), (7, 2, 4)
    return cases + [{"m": rng.normal(0, 0.7, size=shape)} for shape in shapes]


EXERCISES = (
    Exercise("10.1", "fill in both label tables", 2, _batches),
    Exercise("10.2", "two gradients", 2, _answers),
    Exercise("10.4", "the statistic of a batch", 3, _tables),
)
