"""What an exercise is, and where to find one by its number.

An exercise holds everything but the answer. The answer stands in the solution of its chapter, and
so do the typical mistakes: whoever can recognise a mistake knows the answer. `release` runs both on
the public cases and keeps only the values.

A personal exercise is another kind: it draws its numbers for each student, see `personal`.
"""

import importlib
import importlib.util
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes.

    Args:
        id: "chapter.number", such as "1.2".
        title: a few words.
        points: an int, at least 1.
        cases: a function of a `numpy.random.Generator` that returns a list of cases. A case is a
            dict of argument name -> number, string or array; the first one can be checked by hand.
        rtol: relative tolerance for floating-point answers.
        atol: absolute tolerance for floating-point answers.
        seconds: how long the answer may take for one case.
        answer: for a personal exercise, the function that gives the expected value. Its `cases`
            return one case, drawn anew for each student.
        mistakes: for a personal exercise, functions that make a typical mistake; the docstring is
            the hint.
        accepts: for a personal exercise with more than one right answer: a function of the value
            and the arguments that returns None, or a line that says what is wrong.
    """

    id: str
    title: str
    points: int
    cases: Callable[[np.random.Generator], list[dict]]
    rtol: float = 1e-4
    atol: float = 1e-6
    seconds: float = 5.0
    answer: Callable | None = None
    mistakes: tuple[Callable, ...] = ()
    accepts: Callable | None = None

    def __post_init__(self):
        if not re.fullmatch(r"[1-9]\d*\.[1-9]\d*", self.id):
            raise ValueError(f'An exercise id is "chapter.number". Received: {self.id!r}.')
        if not isinstance(self.points, int) or self.points < 1:
            raise ValueError(f"points must be an int, at least 1. Received: {self.points!r}.")

    @property
    def personal(self):
        """Whether each student gets numbers of their own."""
        return self.answer is not None or self.accepts is not None

    @property
    def chapter(self):
        """The number of its chapter."""
        return int(self.id.split(".")[0])


def hints(mistakes):
    """A dict of hint -> function, for functions that make a typical mistake.

    Raises:
        ValueError: if one has no docstring.
    """
    for function in mistakes:
        if not function.__doc__:
            raise ValueError(f"The mistake {function.__name__} needs its hint as docstring.")
    return {" ".join(inspect.cleandoc(f.__doc__).split()): f for f in mistakes}


def of_chapter(number):
    """The exercises of a chapter, in order; an empty tuple if it has none.

    Args:
        number: the chapter's number.
    """
    name = f"course.exercises.ch{number:02d}"
    if importlib.util.find_spec(name) is None:
        return ()
    return importlib.import_module(name).EXERCISES


def find(exercise_id):
    """The exercise with this id.

    Raises:
        ValueError: if there is none.
    """
    found = re.fullmatch(r"(\d+)\.\d+", str(exercise_id))
    exercises = of_chapter(int(found[1])) if found else ()
    for exercise in exercises:
        if exercise.id == exercise_id:
            return exercise
    known = ", ".join(exercise.id for exercise in exercises)
    raise ValueError(
        f"There is no exercise {exercise_id!r}."
        + (
            f" Chapter {found[1]} has: {known}."
            if known
            else ' Write it as in check("1.2", answer).'
        )
    )
