"""Run the reference answers and the typical mistakes of a chapter, without running the chapter.

An answer may rely on the chapter's import cell and on nothing else, so this takes no training.
"""

import copy
from types import FunctionType

import numpy as np

from course.authoring import AuthoringError
from course.exercises import public
from course.exercises.exercise import find, hints, of_chapter


def reference(chapter, exercise_id):
    """The reference answer of an exercise, as a function.

    Args:
        chapter: an `authoring.Chapter`.
        exercise_id: such as "1.2".
    """
    return _functions(chapter, "exercise", exercise_id)[-1]


def mistakes(chapter, exercise_id):
    """The typical wrong answers of an exercise: a dict of hint -> function."""
    if find(exercise_id).personal:
        return hints(find(exercise_id).mistakes)
    if exercise_id not in chapter.of_kind("mistakes"):
        return {}
    try:
        return hints(_functions(chapter, "mistakes", exercise_id))
    except ValueError as error:
        raise AuthoringError(f"Exercise {exercise_id}: {error}") from error


def make_cases(chapter, exercise, seed):
    """Fresh cases of an exercise with what the reference and the mistakes make of them.

    Args:
        chapter: an `authoring.Chapter`.
        exercise: one of its `Exercise`s.
        seed: an int, or anything that `numpy.random.default_rng` takes.

    Returns:
        a list of `public.Case`.
    """
    answer = reference(chapter, exercise.id)
    wrong = mistakes(chapter, exercise.id)
    cases = []
    for arguments in exercise.cases(np.random.default_rng(seed)):
        expected = np.asarray(answer(**copy.deepcopy(arguments)))
        values = {}
        for hint, mistake in wrong.items():
            with np.errstate(all="ignore"):
                values[hint] = np.asarray(mistake(**copy.deepcopy(arguments)))
        cases.append(public.Case(arguments, expected, values))
    return cases


def public_cases(chapter):
    """The bytes of a chapter's case file, or None if it has no exercises that need one."""
    exercises = [e for e in of_chapter(chapter.number) if not e.personal]
    if not exercises:
        return None
    return public.pack({e.id: make_cases(chapter, e, public.SEED) for e in exercises})


def _functions(chapter, kind, exercise_id):
    """The functions that one cell defines, in order, run on top of the import cell."""
    namespace = {"__name__": f"{chapter.slug}_{kind}_{exercise_id}"}
    exec(compile(chapter.imports, f"<{chapter.slug} imports>", "exec"), namespace)
    before = set(namespace)
    where = f"<{chapter.slug} {kind} {exercise_id}>"
    exec(compile(chapter.source_of(kind, exercise_id), where, "exec"), namespace)
    found = [v for k, v in namespace.items() if k not in before and isinstance(v, FunctionType)]
    if not found:
        raise AuthoringError(f"{chapter.slug}: the {kind} cell of {exercise_id} has no function.")
    return found
