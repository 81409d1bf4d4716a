"""The public cases of a chapter: inputs, expected values, and what typical mistakes give.

They lie in `chNN.npz` beside this file, made by `release` and small. The inputs are stored too,
because NumPy does not promise that a seed gives the same numbers in its next version.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
SEED = 0  # of the public cases; the grader's seed is another and secret


@dataclass
class Case:
    """One question: the arguments, the expected value, and hint -> the value that earns it."""

    arguments: dict
    expected: np.ndarray
    mistakes: dict = field(default_factory=dict)


def path_of(chapter):
    """The file of a chapter's public cases."""
    return FOLDER / f"ch{chapter:02d}.npz"


def pack(cases_by_id):
    """The bytes of a case file. The same cases always give the same bytes.

    Args:
        cases_by_id: a dict of exercise id -> list of `Case`.
    """
    arrays = {}
    for exercise_id, cases in cases_by_id.items():
        for number, case in enumerate(cases):
            where = f"{exercise_id}/{number}"
            for name, value in case.arguments.items():
                arrays[f"{where}/argument/{name}"] = np.asarray(value)
            arrays[f"{where}/expected"] = case.expected
            for i, (hint, value) in enumerate(case.mistakes.items()):
                arrays[f"{where}/hint/{i}"] = np.asarray(hint)
                arrays[f"{where}/mistake/{i}"] = value
    for key, value in arrays.items():
        if value.dtype.hasobject:
            raise TypeError(f"{key} holds Python objects; numbers, strings and arrays can be kept.")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def load(exercise_id):
    """The public cases of one exercise, in order.

    Raises:
        FileNotFoundError: if the chapter has no case file, or none for this exercise.
    """
    path = path_of(int(exercise_id.split(".")[0]))
    cases = unpack(path, only=exercise_id).get(exercise_id) if path.exists() else None
    if not cases:
        raise FileNotFoundError(
            f"The public cases of exercise {exercise_id} are missing from {path.name}. "
            "Copy the course folder anew, or make them with: python -m course release"
        )
    return cases


def unpack(file, only=None):
    """What `pack` made, read back: a dict of exercise id -> list of `Case`.

    Args:
        file: a path, or the bytes.
        only: the one exercise wanted; None means all.
    """
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    with np.load(file, allow_pickle=False) as stored:
        keys = [k for k in stored.files if only is None or k.startswith(f"{only}/")]
        arrays = {k: stored[k] for k in keys}
    found = {}
    for key in arrays:
        if key.endswith("/expected"):
            exercise_id, number, _ = key.split("/")
            found.setdefault(exercise_id, {})[int(number)] = _case(arrays, key[: -len("/expected")])
    return {name: [cases[i] for i in sorted(cases)] for name, cases in found.items()}


def _case(stored, where):
    arguments, mistakes = {}, {}
    for key, value in stored.items():
        if key.startswith(f"{where}/argument/"):
            # A number or a string comes back as what it was, not as a 0-d array.
            arguments[key.rsplit("/", 1)[1]] = value.item() if value.ndim == 0 else value
        elif key.startswith(f"{where}/hint/"):
            mistakes[value.item()] = stored[key.replace("/hint/", "/mistake/")]
    return Case(arguments, stored[f"{where}/expected"], mistakes)
