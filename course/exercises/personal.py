"""Questions with numbers of one's own: each student gets a different one, drawn from a name.

The expected value is computed on the spot, so such an exercise holds its answer. That gives nothing
away where the arithmetic is a tested function of the course that the chapter shows.
"""

import copy
import hashlib
import html
import unicodedata

import numpy as np

from course.exercises.exercise import find, hints
from course.exercises.public import Case
from course.panels import Panel, show


def my_question(exercise_id, student):
    """Show the numbers that an exercise draws for a student.

    Args:
        exercise_id: such as "3.1".
        student: a name or a number; "" gives the numbers of whoever has not said a name.

    Raises:
        ValueError: if there is no such exercise, or its numbers are the same for everybody.
        TypeError: if `student` is neither a string nor an int.
    """
    exercise = find(exercise_id)
    if not exercise.personal:
        raise ValueError(f"Exercise {exercise_id} asks everybody the same. Just write the answer.")
    arguments = case_for(exercise, student).arguments
    name = _name(student) or "nobody yet: write your name into STUDENT"
    head = f"Exercise {exercise.id}, the numbers of {name}"
    show(_question_panel(head, arguments))


def case_for(exercise, student):
    """The one case of a personal exercise for a student, with its expected value.

    Args:
        exercise: a personal `Exercise`.
        student: a name or a number. Case and blanks at the ends do not matter.

    Returns:
        a `public.Case`; `expected` is empty if more than one answer is right.
    """
    key = f"{exercise.id}/{_name(student).casefold()}".encode()
    seed = int.from_bytes(hashlib.sha256(key).digest()[:8], "big")
    (arguments,) = exercise.cases(np.random.default_rng(seed))
    if exercise.answer is None:
        return Case(arguments, np.zeros(0))

    def value(function):
        return np.asarray(function(**copy.deepcopy(arguments)))

    wrong = {hint: value(mistake) for hint, mistake in hints(exercise.mistakes).items()}
    return Case(arguments, value(exercise.answer), wrong)


def _name(student):
    if isinstance(student, bool) or not isinstance(student, str | int | np.integer):
        raise TypeError(f"student is your name or number, such as 4711. Received: {student!r}.")
    return " ".join(unicodedata.normalize("NFKC", str(student)).split())


def _question_panel(head, arguments):
    lines, cells = [head], ""
    for name, value in arguments.items():
        if np.ndim(value) == 2:
            rows = [[str(number) for number in row] for row in value.tolist()]
            width = max(len(number) for row in rows for number in row)
            lines += [f"{name} ="] + ["  " + " ".join(n.rjust(width) for n in r) for r in rows]
            cells += _grid(name, rows)
        else:
            lines.append(f"{name} = {value}")
            cells += f"<div>{html.escape(lines[-1])}</div>"
    markup = (
        f'<div style="margin:.2em 0"><strong>{html.escape(head)}</strong>'
        f'<div style="display:flex;flex-wrap:wrap;gap:.5em 2em">{cells}</div></div>'
    )
    return Panel("\n".join(lines), markup)


def _grid(name, rows):
    cell = "border:1px solid #888;padding:.1em .5em;text-align:right"
    body = "".join(
        "<tr>" + "".join(f'<td style="{cell}">{html.escape(n)}</td>' for n in row) + "</tr>"
        for row in rows
    )
    return (
        f"<div><div>{html.escape(name)}</div>"
        f'<table style="border-collapse:collapse;margin:0">{body}</table></div>'
    )
