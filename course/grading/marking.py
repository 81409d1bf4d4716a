"""Mark one submission: its answers run behind the wall, and what they say is compared here."""

import hashlib
import re
from dataclasses import dataclass, field

import numpy as np

from course.exercises.checking import NOT_ATTEMPTED, NOT_YET, PASSED
from course.exercises.comparing import faults, touched
from course.exercises.exercise import of_chapter
from course.exercises.personal import case_for
from course.exercises.words import case_line
from course.grading import cases, notebooks, replies
from course.grading.gradebook import Mark
from course.grading.sandbox import Limits, open_worker

MISSING, UNREADABLE = "missing", "unreadable"
MOST_ROUNDED = 1_000_000  # values; more are far from any right answer


@dataclass(frozen=True)
class Task:
    """All that marking one submission needs; it can be sent to another machine.

    Args:
        student: who.
        chapter: the chapter's number.
        content: the notebook's bytes.
        released: the `notebooks.Template` of the chapter.
        packed: the hidden cases, as `cases.hidden_cases` packs them.
        points: a dict of question -> points for what a person marks.
        limits: `sandbox.Limits`.
        trust: run without a sandbox.
        hidden: folders that no answer may see.
    """

    student: str
    chapter: int
    content: bytes
    released: notebooks.Template
    packed: bytes
    points: dict
    limits: Limits = field(default_factory=Limits)
    trust: bool = False
    hidden: tuple = ()


@dataclass(frozen=True)
class Marked:
    """What came of a task: `Mark`s, texts (question, text, points) to be marked by a person, and
    sentences about the notebook."""

    marks: tuple
    written: tuple = ()
    flags: tuple = ()


def mark(task, watch=None):
    """Mark one submission.

    Args:
        task: a `Task`.
        watch: a function of (exercise, case number, `public.Case`, `Reply`, lines that say what is
            wrong), called for each case; None watches nothing.

    Returns:
        a `Marked`.

    Raises:
        WorkerError: if nothing can be run here; no submission is to blame.
    """
    exercises = of_chapter(task.chapter)
    try:
        notebook = notebooks.read(task.content, task.released)
    except notebooks.Unreadable as error:
        return Marked(tuple(_mark(task, e, UNREADABLE, (str(error),)) for e in exercises))
    hidden = cases.unpack(task.packed)
    with open_worker(task.limits, task.trust, task.hidden) as worker:
        worker.load(notebook.cells)
        marks = tuple(
            _exercise(task, notebook, worker, exercise, hidden, watch) for exercise in exercises
        )
    texts = [(f"question {n}", text) for n, text in notebook.written.items()]
    texts += [(f"homework {n}", text) for n, text in notebook.homework.items()]
    written = tuple((q, text, task.points[q]) for q, text in texts if q in task.points)
    return Marked(marks, written, notebook.flags)


def _exercise(task, notebook, worker, exercise, hidden, watch):
    """The `Mark` of one exercise: all of its points, if every case is right."""
    if exercise.id not in notebook.answers:
        return _mark(
            task, exercise, MISSING, ("The cell of this exercise is not in the notebook.",)
        )
    cell = notebook.answers[exercise.id]
    asked = [case_for(exercise, notebook.student)] if exercise.personal else hidden[exercise.id]
    seconds = 0.0
    for number, case in enumerate(asked):
        reply = worker.call(
            cell,
            exercise.id,
            case.arguments,
            name=_function_name(task.released, exercise.id),
            seconds=exercise.seconds,
        )
        seconds += reply.seconds
        wrong = _what_is_wrong(exercise, case, reply)
        if watch:
            watch(exercise, number, case, reply, wrong)
        if reply.kind == replies.STUB:
            return _mark(task, exercise, NOT_ATTEMPTED, seconds=seconds)
        if wrong:
            status = NOT_YET if reply.kind in (replies.VALUE, replies.ERROR) else reply.kind
            if number:
                wrong += (f"{number} of {len(asked)} cases are right.",)
            return _mark(
                task,
                exercise,
                status,
                tuple(line for line in wrong if not line.startswith("Case: ")),
                case_line=case_line(case),
                code=reply.code,
                hint=next((w.removeprefix("Hint: ") for w in wrong if w.startswith("Hint: ")), ""),
                digest=_digest(number, reply.value),
                seconds=seconds,
            )
    return _mark(task, exercise, PASSED, points=exercise.points, seconds=seconds)


def _what_is_wrong(exercise, case, reply):
    """Lines that say what is wrong with a reply; none if it is right."""
    if reply.kind != replies.VALUE:
        if reply.text.startswith(("Hint:", "Case:")):  # words of the course, which it imitates
            return (f"The answer says: {reply.text}",)
        return (reply.text or f"No value: {reply.kind}.",)
    name = touched(case.arguments, reply.after)
    if name:
        return (f"Your answer changes its argument {name}. Work on a copy: {name}.copy().",)
    try:
        with np.errstate(all="ignore"):
            return faults(exercise, case, reply.value, reveal=False)
    except Exception:  # a stranger's array that no comparison was made for
        return ("The value cannot be compared with what was asked.",)


def _mark(task, exercise, status, lines=(), *, points=0, **more):
    return Mark(
        task.student, task.chapter, exercise.id, points, exercise.points, status, lines, **more
    )


def _function_name(released, exercise_id):
    """What the released stub calls the function: the last one that its cell defines."""
    _, source = released.cells.get(f"exercise-{exercise_id}".replace(".", "-"), ("", ""))
    names = re.findall(r"^def (\w+)", source, re.MULTILINE)
    return names[-1] if names else ""


def _digest(number, value):
    """A short checksum of a wrong value, the same for values that differ in the last digits."""
    if value is None:
        return ""
    if value.dtype.kind == "f" and value.size <= MOST_ROUNDED:
        with np.errstate(all="ignore"):
            value = np.round(value.astype(float), 5) + 0.0
    form = f"{number}/{value.dtype.kind}/{value.shape}/".encode()
    return hashlib.sha256(form + np.ascontiguousarray(value).tobytes()).hexdigest()[:12]
