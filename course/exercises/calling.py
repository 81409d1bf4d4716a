"""Call a student's function and take what it gives, whatever that is."""

import inspect
import linecache
import traceback
from pathlib import Path

import numpy as np

from course.exercises.words import brief, printable

LONGEST = 10_000_000  # of a list; NumPy would turn it into an array for minutes, past any alarm
_COURSE = str(Path(__file__).resolve().parents[1])


class Wrong(Exception):
    """What is wrong with an answer, as lines for the student, and the student's own code."""

    def __init__(self, *lines, code=""):
        super().__init__(*lines)
        self.lines, self.code = lines, code


def call(answer, arguments):
    """The answer's value: by the names of the stub, or by place if the student renamed them.

    Args:
        answer: a function.
        arguments: a dict of name -> value.

    Raises:
        Wrong: if it takes other arguments; and whatever the answer raises.
    """
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C have none
        return answer(*arguments.values())
    for places, names in (((), arguments), (tuple(arguments.values()), {})):
        try:
            signature.bind(*places, **names)
        except TypeError:
            continue
        return answer(*places, **names)
    raise Wrong(
        f"Your function takes {printable(str, signature)}, expected ({', '.join(arguments)}).",
        "Leave the line that starts with def as it was.",
    )


def as_array(value):
    """What an answer returned, as an array of numbers or strings.

    Raises:
        Wrong: if it is something else.
    """
    if value is None:
        raise Wrong("Your answer returned None: is a `return` missing?")
    if isinstance(value, range | list | tuple) and len(value) > LONGEST:
        raise Wrong(f"Your answer returned {len(value):,} values: far too many.")
    try:
        array = np.asarray(value)
    except Exception:
        array = None
    if array is None or array.dtype.kind not in "biufUS":
        raise Wrong(
            "Return a number, a string, an array or a list of these. "
            f"Received: {type(value).__name__} {brief(value)}."
        )
    return array


def is_stub(error, exercise_id):
    """Whether this NotImplementedError is the one of the exercise's stub."""
    return printable(str, error).startswith(f"Exercise {exercise_id}:")


def explain(error):
    """A line that names the error, and a short traceback of the student's own lines."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not str(Path(frame.filename).resolve()).startswith(_COURSE)
    ]
    code = "\n".join(
        f"line {frame.lineno} in {frame.name}: "
        f"{frame.line or linecache.getline(frame.filename, frame.lineno).strip()}"
        for frame in frames[:1] + frames[1:][-2:]
    )
    said = printable(str, error)[:300]
    return f"Your answer raised {type(error).__name__}" + (f": {said}" if said else ""), code
