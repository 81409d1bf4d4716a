"""Exercises of chapter 7: 1-D convolution, stratified draws, frozen layers, leaks."""

import numpy as np

from course.exercises.exercise import Exercise


def _signals(rng):
    cases = [{"x": np.array([0.0, 0, 1, 1, 1, 0]), "kernel": np.array([-1.0, 1]), "stride": 1}]
    for n, k, stride in [(9, 3, 2), (12, 4, 3), (15, 5, 1), (11, 2, 4)]:
        x, kernel = rng.integers(-4, 5, n), rng.integers(-3, 4, k)
        kernel[0], kernel[-1] = 2, -1  # not the same backwards
        cases.append({"x": x.astype(float), "kernel": kernel.astype(float), "stride": stride})
    return cases


def _draws(rng):
    cases = [
        {
            "labels": np.array([1, 0, 1, 1, 0, 1]),
            "order": np.array([3, 2, 0, 1, 5, 4]),
            "per_class": 2,
        }
    ]
    for classes, n, per_class in [(2, 20, 3), (4, 60, 5), (5, 80, 1)]:
        few = np.repeat(np.arange(classes), per_class)  # class 0 is far more common
        labels = rng.permutation(np.concatenate([few, rng.integers(0, classes, n) // 2]))
        order = rng.permutation(len(labels))
        cases.append({"labels": labels, "order": order, "per_class": per_class})
    return cases


def _records(rng):
    cases = [
        {
            "bee": np.array([7, 7, 3, 3, 5]),
            "in_test": np.array([False, True, False, False, True]),
        }
    ]
    for bees, n, share in [(6, 20, 0.3), (40, 60, 0.5), (30, 30, 0.2)]:
        bee = rng.integers(100, 100 + bees, n)
        cases.append({"bee": bee, "in_test": rng.uniform(size=n) < share})
    bee = rng.permutation(np.repeat(np.arange(20, 26), 4))
    return [*cases, {"bee": bee, "in_test": bee >= 24}]  # split by bee: no leak


def _networks(rng):
    cases = [
        {"channels": np.array([1, 2]), "widths": np.array([3]), "classes": 2, "frozen": 0},
        {"channels": np.array([2, 32, 64]), "widths": np.array([7, 5]), "classes": 4, "frozen": 2},
    ]
    for depth, frozen in [(3, 1), (3, 0), (4, 3)]:
        cases.append(
            {
                "channels": rng.integers(2, 40, depth + 1),
                "widths": rng.integers(1, 8, depth),
                "classes": int(rng.integers(2, 11)),
                "frozen": frozen,
            }
        )
    return cases


EXERCISES = (
    Exercise("7.1", "convolve in one dimension", 2, _signals),
    Exercise("7.2", "draw as many of each class", 2, _draws),
    Exercise("7.3", "freeze and unfreeze", 2, _networks),
    Exercise("7.4", "find the leak", 2, _records),
)
