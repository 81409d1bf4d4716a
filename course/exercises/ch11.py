"""Exercises of chapter 11: which weights move, codes that do not match, a bent row of pixels."""

import numpy as np

from course.exercises.exercise import Exercise


def _batches(rng):
    cases = [{"batches": "A A B"}, {"batches": "AB A"}, {"batches": "B B B B"}]
    for n in (5, 9):
        words = rng.choice(["A", "B", "AB"], size=n)
        words[:3] = rng.permutation(["A", "B", "AB"])
        cases.append({"batches": " ".join(words)})
    return cases


def _turned_codes(rng):
    cases = [
        {"z": np.array([[1.0, 0.0]]), "degrees": 90.0},
        {"z": np.array([[3.0, 4.0], [0.0, 1.0]]), "degrees": 30.0},
    ]
    for n in (3, 8):
        degrees = float(rng.uniform(20, 160))
        cases.append({"z": rng.normal(size=(n, 2)), "degrees": degrees})
    return cases


def _nudges(rng):
    cases = [{"nudges": np.array([0.0, 1.0, 0.0]), "size": 5}]
    for points, size in ((2, 6), (4, 13), (5, 9)):
        nudges = rng.uniform(-2, 2, size=points)
        nudges[0], nudges[-1] = -1.5, 1.5  # both ends point beyond the border
        cases.append({"nudges": nudges, "size": size})
    return cases


EXERCISES = (
    Exercise("11.1", "which weights move", 1, _batches),
    Exercise("11.2", "two encoders that do not match", 2, _turned_codes),
    Exercise("11.3", "bend a row of pixels", 2, _nudges),
)
