"""Run an answer on the public cases and say what came of it."""

import copy
import os
from dataclasses import dataclass

import numpy as np

from course.exercises import public
from course.exercises.calling import Wrong, as_array, call, explain, is_stub
from course.exercises.comparing import faults, touched
from course.exercises.exercise import find
from course.exercises.panel import result_panel
from course.exercises.personal import case_for
from course.exercises.time_limit import TimeIsUp, time_limit
from course.exercises.words import brief, case_line
from course.panels import show

PASSED, NOT_ATTEMPTED, NOT_YET = "passed", "not attempted", "not yet"


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
            f"Expected the function itself. Received: {brief(answer)}.",
            f'Write check("{exercise.id}", name) without calling it.',
        )
    for number, case in enumerate(cases):
        try:
            _judge_case(exercise, answer, case)
        except NotImplementedError as stub:
            if is_stub(stub, exercise.id):
                return result(NOT_ATTEMPTED, "Replace the line that raises, then run both cells.")
            line, code = explain(stub)
            return result(NOT_YET, line, case_line(case), code=code)
        except Wrong as wrong:
            passed = f"{number} of {len(cases)} cases are right so far." if number else ""
            return result(NOT_YET, *filter(None, (*wrong.lines, passed)), code=wrong.code)
    return result(PASSED, f"{len(cases)} of {len(cases)} cases.")


def _judge_case(exercise, answer, case):
    arguments = copy.deepcopy(case.arguments)
    value = _run(exercise, case, call, answer, arguments)
    # Looked at first: what cannot become an array is told after a changed argument, not before.
    _untouched(case, arguments)
    value = _run(exercise, case, as_array, value)
    wrong = faults(exercise, case, value)
    if wrong:
        raise Wrong(*wrong)


def _untouched(case, arguments):
    name = touched(case.arguments, arguments)
    if name:
        raise Wrong(
            f"Your answer changes its argument {name}; the caller still needs it.",
            f"Work on a copy: {name}.copy().",
        )


def _run(exercise, case, function, *arguments):
    """The function's value; what it raises becomes a Wrong, but for a NotImplementedError."""
    try:
        with time_limit(exercise.seconds), np.errstate(all="ignore"):
            return function(*arguments)
    except TimeIsUp:
        raise Wrong(
            f"No answer after {exercise.seconds:g} seconds: does a loop never end?",
            case_line(case),
        ) from None
    except (Wrong, NotImplementedError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # SystemExit too: an answer must not end the kernel
        line, code = explain(error)
        raise Wrong(line, case_line(case), code=code) from None
