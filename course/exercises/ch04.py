"""Exercises of chapter 4: unpooling, upsampling kernels, costs, overlaps, sizes of a decoder."""

import numpy as np

from course.exercises.exercise import Exercise


def _pooled(rng):
    cases = [{"values": np.array([[6.0, 8.0]]), "places": np.array([[3, 0]])}]
    for shape in [(2, 2), (3, 4)]:
        # Row by row and column by column must differ, so places 1 and 2 are always there.
        places = rng.integers(0, 4, size=shape)
        places.flat[:2] = rng.permutation([1, 2])
        cases.append({"values": rng.integers(1, 100, size=shape) / 4, "places": places})
    return cases


def _factors(rng):
    return [{"factor": factor} for factor in (1, 2, int(rng.integers(3, 9)))]


def _doublings(rng):
    small = {"n": 1, "kernel": 2, "channels_in": 1, "channels_out": 1}
    cases = [{"method": method, **small} for method in (1, 2)]
    for method in (1, 2):
        n, kernel = int(rng.integers(2, 33)), int(rng.integers(2, 6))
        channels_in, channels_out = (int(c) for c in rng.integers(1, 65, size=2))
        settings = {"channels_in": channels_in, "channels_out": channels_out}
        cases.append({"method": method, "n": n, "kernel": kernel, **settings})
    return cases


def _windows(rng):
    pairs = [(3, 2), (4, 2), (5, 3), (2, 3)]
    pairs += [(int(k), int(s)) for k, s in rng.integers(1, [10, 6], size=(2, 2))]
    return [{"kernel": kernel, "stride": stride} for kernel, stride in pairs]


def _decoders(rng):
    """Decoders that one change of padding mends, and only one."""
    cases = [
        _decoder(7, [3, 3], [2, 2], ["same", "valid"], 28),
        _decoder(4, [3, 3, 3], [2, 2, 2], ["same", "same", "same"], 34),
    ]
    while len(cases) < 5:
        depth, start = int(rng.integers(2, 4)), int(rng.integers(2, 9))
        kernels, strides = rng.integers(2, 6, size=depth), rng.integers(1, 4, size=depth)
        right = rng.integers(0, 2, size=depth).astype(bool)
        wrong = right.copy()
        wrong[rng.integers(depth)] ^= True
        goal = _rows(start, kernels, strides, right)
        changes = [_rows(start, kernels, strides, wrong ^ one) for one in np.eye(depth, dtype=bool)]
        if changes.count(goal) == 1 and _rows(start, kernels, strides, wrong) != goal:
            names = np.where(wrong, "same", "valid")
            cases.append(_decoder(start, kernels, strides, names, goal))
    return cases


def _decoder(start, kernels, strides, paddings, goal):
    return {
        "start": start,
        "kernels": np.array(kernels),
        "strides": np.array(strides),
        "paddings": np.array(paddings),
        "goal": goal,
    }


def _rows(start, kernels, strides, same):
    rows = start
    for k, s, is_same in zip(kernels.tolist(), strides.tolist(), same, strict=True):
        rows = s * rows if is_same else s * (rows - 1) + max(k, s)
    return rows


EXERCISES = (
    Exercise("4.1", "unpool by hand", 2, _pooled),
    Exercise("4.2", "nearest as a transposed convolution", 1, _factors),
    Exercise("4.3", "what a method costs", 2, _doublings),
    Exercise("4.4", "predict the tile of overlaps", 2, _windows),
    Exercise("4.5", "mend the decoder", 2, _decoders),
)
