"""Run an answer on the public cases and say what came of it."""

import copy
import inspect
import linecache
import os
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course.exercises import public
from course.exercises.exercise import find
from course.exercises.panel import result_panel
from course.exercises.personal import case_for
from course.exercises.time_limit import TimeIsUp, time_limit
from course.panels import show

PASSED, NOT_ATTEMPTED, NOT_YET = "passed", "not attempted", "not yet"
LONGEST = 10_000_000  # of a list; NumPy would turn it into an array for minutes, past any alarm
_COURSE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Result:
    """What `evaluate` found: a status, lines that say why, and a short traceback as `code`."""

    id: str
    title: str
    points: int
    status: str
    lines: tuple = ()
    code: str = ""

    @property
    def passed(self):
        return self.status == PASSED


class _Wrong(Exception):
    """The first thing that is wrong with an answer, as lines for the student."""

    def __init__(self, *lines, code=""):
        super().__init__(*lines)
        self.lines, self.code = lines, code


def check(exercise_id, answer, student=None):
    """Check an answer on the public cases and show the result, at once.

    Args:
        exercise_id: such as "1.2".
        answer: the function that you wrote.
        student: your name or number, for an exercise that draws its numbers from it.

    Raises:
        ValueError: if there is no such exercise, or it wants to know the student.
        AssertionError: if the answer is not right and nbgrader is what runs the notebook.
    """
    exercise, cases = find(exercise_id), None
    if exercise.personal:
        if student is None:
            raise ValueError(
                f"Exercise {exercise_id} has numbers of your own. "
                f'Write check("{exercise_id}", name, student=STUDENT).'
            )
        cases = [case_for(exercise, student)]
    result = evaluate(exercise, answer, cases)
    show(result_panel(result))
    if os.environ.get("NBGRADER_EXECUTION") and not result.passed:
        # nbgrader gives a cell its points unless it fails.
        raise AssertionError(f"Exercise {result.id}: {result.status}")


def attempt(title, answer, *args):
    """Call a homework function; show "not attempted" and return None while it is a stub.

    Args:
        title: what the panel calls it, such as "Homework 1".
        answer: the function.
        args: its arguments.
    """
    try:
        return answer(*args)
    except NotImplementedError as error:
        show(result_panel(Result(title, "", 0, NOT_ATTEMPTED, (str(error),))))
        return None


def evaluate(exercise, answer, cases=None):
    """Run an answer on cases until the first one that fails.

    Args:
        exercise: an `Exercise`.
        answer: a function.
        cases: a list of `public.Case`. None means the public ones, or those of a student who has
            not said a name.

    Returns:
        a `Result`.
    """
    if cases is None:
        cases = [case_for(exercise, "")] if exercise.personal else public.load(exercise.id)

    def result(status, *lines, code=""):
        return Result(exercise.id, exercise.title, exercise.points, status, lines, code)

    if not callable(answer):
        return result(
            NOT_YET,
            f"Expected the function itself. Received: {_brief(answer)}.",
            f'Write check("{exercise.id}", name) without calling it.',
        )
    for number, case in enumerate(cases):
        try:
            _judge_case(exercise, answer, case)
        except NotImplementedError as stub:
            if _is_stub(stub, exercise):
                return result(NOT_ATTEMPTED, "Replace the line that raises, then run both cells.")
            line, code = _explain(stub)
            return result(NOT_YET, line, case_line(case), code=code)
        except _Wrong as wrong:
            passed = f"{number} of {len(cases)} cases are right so far." if number else ""
            return result(NOT_YET, *filter(None, (*wrong.lines, passed)), code=wrong.code)
    return result(PASSED, f"{len(cases)} of {len(cases)} cases.")


def _judge_case(exercise, answer, case):
    arguments = copy.deepcopy(case.arguments)
    value = _run(exercise, case, _call, answer, arguments)
    # Looked at first: what cannot become an array is told after a changed argument, not before.
    _untouched(case, arguments)
    value = _run(exercise, case, _as_array, value)
    wrong = faults(exercise, case, value)
    if wrong:
        raise _Wrong(*wrong)


def _untouched(case, arguments):
    name = touched(case.arguments, arguments)
    if name:
        raise _Wrong(
            f"Your answer changes its argument {name}; the caller still needs it.",
            f"Work on a copy: {name}.copy().",
        )


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
    wanted = "" if exercise.personal or not reveal else f"Expected: {_brief(expected)}. "
    words = (case_line(case), f"{wanted}Received: {_brief(value)}.")
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


def _run(exercise, case, function, *arguments):
    """The function's value; what it raises becomes a _Wrong, but for a NotImplementedError."""
    try:
        with time_limit(exercise.seconds), np.errstate(all="ignore"):
            return function(*arguments)
    except TimeIsUp:
        raise _Wrong(
            f"No answer after {exercise.seconds:g} seconds: does a loop never end?",
            case_line(case),
        ) from None
    except (_Wrong, NotImplementedError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # SystemExit too: an answer must not end the kernel
        line, code = _explain(error)
        raise _Wrong(line, case_line(case), code=code) from None


def _call(answer, arguments):
    """The answer's value: by the names of the stub, or by place if the student renamed them."""
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
    raise _Wrong(
        f"Your function takes {_printable(str, signature)}, expected ({', '.join(arguments)}).",
        "Leave the line that starts with def as it was.",
    )


def _is_stub(error, exercise):
    return _printable(str, error).startswith(f"Exercise {exercise.id}:")


def _explain(error):
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
    said = _printable(str, error)[:300]
    return f"Your answer raised {type(error).__name__}" + (f": {said}" if said else ""), code


def _as_array(value):
    if value is None:
        raise _Wrong("Your answer returned None: is a `return` missing?")
    if isinstance(value, range | list | tuple) and len(value) > LONGEST:
        raise _Wrong(f"Your answer returned {len(value):,} values: far too many.")
    try:
        array = np.asarray(value)
    except Exception:
        array = None
    if array is None or array.dtype.kind not in "biufUS":
        raise _Wrong(
            "Return a number, a string, an array or a list of these. "
            f"Received: {type(value).__name__} {_brief(value)}."
        )
    return array


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


def case_line(case):
    """The arguments of a case in a line."""
    return f"Case: {_asked(case)}."


def _asked(case):
    return ", ".join(f"{name} = {_brief(value)}" for name, value in case.arguments.items())


def _brief(value):
    """A value in one short line."""
    if isinstance(value, np.ndarray) and not value.shape and value.dtype.kind in "fUS":
        value = value.item()
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=5, separator=", ").replace("\n", "")
        text = " ".join(text.split())
    else:
        text = f"{value:.6g}" if isinstance(value, float) else _printable(repr, value)
    return text if len(text) <= 120 else text[:117] + "..."


def _printable(form, value):
    """What str or repr makes of a student's object, whatever its own methods do."""
    try:
        return form(value).encode("utf-8", "replace").decode()
    except Exception:
        return f"<{type(value).__name__} that cannot be printed>"
