"""Compare what an answer gave with what was expected, and say what is wrong with it."""

import copy

import numpy as np

from course.exercises.words import brief, case_line


def touched(before, after):
    """The name of the first argument that a call has changed, or None.

    Args:
        before: a dict of name -> number, string or array.
        after: the same after the call; a name may be missing.
    """
    for name, value in before.items():
        if name not in after or not _identical(value, after[name]):
            return name
    return None


def faults(exercise, case, value, *, reveal=True):
    """What is wrong with the value that an answer gave, as lines; none if it is right.

    Args:
        exercise: an `Exercise`.
        case: the `public.Case` that was asked.
        value: what came back, an array.
        reveal: say the expected value. A personal exercise never says it: whoever works out one
            question by hand must not read the answer off the first wrong try.
    """
    if exercise.accepts:
        words = exercise.accepts(value, **copy.deepcopy(case.arguments))
        return (words, case_line(case)) if words else ()
    expected = case.expected
    wanted = "" if exercise.personal or not reveal else f"Expected: {brief(expected)}. "
    words = (case_line(case), f"{wanted}Received: {brief(value)}.")
    hint = _hint(exercise, case, value)
    if value.shape != expected.shape:
        return (
            hint or f"The shape is {value.shape}, expected {expected.shape}.",
            case_line(case),
        )
    numbers = expected.dtype.kind in "biuf"
    if value.dtype.kind == "f" and numbers and not np.isnan(expected.astype(float)).any():
        bad = int(np.size(value) - np.isfinite(value).sum())
        if bad:
            return (
                hint
                or f"{bad} of {value.size} values are NaN or infinite: a division by zero or a "
                "logarithm of zero?",
                *words,
            )
    if not close(exercise, value, expected):
        return (hint or _difference(exercise, value, expected), *words)
    return ()


def close(exercise, value, expected):
    """Whether an answer's array agrees with the expected one: exactly, or within the tolerance."""
    value, expected = np.asarray(value), np.asarray(expected)
    if value.shape != expected.shape:
        return False
    numeric = value.dtype.kind in "biuf", expected.dtype.kind in "biuf"
    if not all(numeric):
        return not any(numeric) and bool(np.array_equal(value, expected))
    if expected.dtype.kind != "f":
        return bool(np.array_equal(value, expected))
    return bool(
        np.allclose(value.astype(float), expected, exercise.rtol, exercise.atol, equal_nan=True)
    )


def _hint(exercise, case, value):
    for hint, mistaken in case.mistakes.items():
        if close(exercise, value, mistaken) and not close(exercise, mistaken, case.expected):
            return f"Hint: {hint}"
    return None


def _difference(exercise, value, expected):
    if not value.shape:
        return "The value is not the expected one."
    same = (
        np.isclose(value.astype(float), expected, exercise.rtol, exercise.atol)
        if value.dtype.kind in "biuf" and expected.dtype.kind in "biuf"
        else value == expected
    )
    where = np.argwhere(~np.asarray(same))
    first = tuple(int(i) for i in where[0]) if len(where) else ()
    return (
        f"{len(where)} of {value.size} values differ, the first at index {list(first)}."
        if len(where)
        else "The values have another type than expected."
    )


def _identical(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
