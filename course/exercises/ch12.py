"""Exercises of chapter 12: measures of masks, receptive fields, a kernel that interpolates."""

import numpy as np

from course.exercises.exercise import Exercise


def _masks(rng):
    small = np.array([[True, True, False, False], [False, True, True, True]])
    cases = [{"truth": small[0], "guess": small[1]}]
    for shape in ((3, 3), (8, 8), (5, 9)):
        truth, guess = rng.uniform(size=(2, *shape)) < rng.uniform(0.2, 0.6, size=(2, 1, 1))
        truth.flat[:3], guess.flat[:3] = [True, True, True], [False, False, True]
        guess.flat[-1], truth.flat[-1] = True, False
        cases.append({"truth": truth, "guess": guess})
    return cases


def _tables(rng):
    cases = [{"table": np.array([[4, 2], [1, 3]])}]
    for k in (3, 6, 6):
        table = rng.integers(1, 40, size=(k, k)) + np.diag(rng.integers(20, 300, size=k))
        cases.append({"table": table})
    for table in (cases[-1]["table"], cases[-2]["table"]):
        absent = int(rng.integers(0, 6))
        table[absent], table[:, absent] = 0, 0
    cases[-1]["table"][:, (absent + 1) % 6] = 0  # a class that is there and never guessed
    return cases


def _stacks(rng):
    cases = [
        {"kernels": np.array([5, 3]), "strides": np.array([2, 1])},
        {"kernels": np.array([4, 3, 3, 3, 3]), "strides": np.array([2, 2, 2, 1, 1])},
    ]
    for depth in (1, 4, 6):
        kernels, strides = rng.integers(2, 8, size=depth), rng.integers(1, 4, size=depth)
        strides[0] = 2  # a stack without strides would not show who forgets them
        cases.append({"kernels": kernels, "strides": strides})
    return cases


def _ways(rng):
    cases = [{"directions": np.array(["down", "down", "up"]), "strides": np.array([2, 2, 2])}]
    for depth in (3, 5, 6):
        directions = np.where(rng.uniform(size=depth) < 0.6, "down", "up")
        directions[:2] = ["down", "up"]
        strides = rng.integers(1, 5, size=depth)
        strides[:2] = [3, 2]
        cases.append({"directions": directions, "strides": strides})
    return cases


def _factors(rng):
    return [{"factor": factor} for factor in (2, 4, 2 * int(rng.integers(3, 17)))]


EXERCISES = (
    Exercise("12.1", "intersection over union", 1, _masks),
    Exercise("12.2", "from a table of counts", 2, _tables),
    Exercise("12.3", "receptive field", 2, _stacks),
    Exercise("12.4", "output stride", 1, _ways),
    Exercise("12.5", "the weights in one dimension", 2, _factors),
)
