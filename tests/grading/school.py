"""A class made by mutation of the reference answers: for each student the right marks are known."""

import json
import re
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from course import answers
from course.authoring import make_notebook, notebook_path, read_chapter
from course.exercises.exercise import of_chapter

FAULTS = {  # besides the typical mistakes of each exercise
    "raises": "    raise ValueError('not my day')",
    "nothing": "    pass",
    "text": "    return 'forty-two'",
    "one NaN": "    return float('nan')",
    "far too many": "    return np.zeros((7, 5, 3))",
    "ends": "    import os; os._exit(3)",
}


@dataclass
class Pupil:
    """A made-up submission: its bytes, and exercise id -> (kind of answer, points it is worth)."""

    name: str
    slug: str
    content: bytes
    worth: dict = field(default_factory=dict)


@cache
def _chapter(slug):
    chapter = read_chapter(slug)
    reference = {c.id: c.source for c in make_notebook(chapter, for_student=False).cells}
    return chapter, reference


@cache
def kinds(slug, exercise_id):
    """kind -> the source of an answer's cell; "right" and "stub" among them."""
    chapter, reference = _chapter(slug)
    right = reference[f"exercise-{exercise_id}".replace(".", "-")]
    head, name = re.findall(r"^(def (\w+)\((?:[^()]|\n)*\):)", right, re.MULTILINE)[-1]
    found = {"right": right, "stub": None}
    found |= {fault: f"{head}\n{body}\n" for fault, body in FAULTS.items()}
    if exercise_id in chapter.of_kind("mistakes"):
        source = chapter.source_of("mistakes", exercise_id)
        for mistake in answers.mistakes(chapter, exercise_id).values():
            wrapped = f"def {name}(*a, **k):\n    return {mistake.__name__}(*a, **k)\n"
            found[f"mistake {mistake.__name__}"] = f"{source}\n\n\n{wrapped}"
    return found


def pupil(name, slug, chosen):
    """A student whose answers are of the kinds chosen: a dict of exercise id -> kind."""
    document = json.loads(notebook_path(slug, for_student=True).read_bytes())
    by_id = {}
    for cell in document["cells"]:
        cell["outputs"] = [] if cell["cell_type"] == "code" else None
        if cell["outputs"] is None:
            del cell["outputs"]
        by_id[cell["metadata"].get("nbgrader", {}).get("grade_id")] = cell
    worth = {}
    for exercise in of_chapter(int(slug[2:4])):
        kind = chosen[exercise.id]
        source = kinds(slug, exercise.id)[kind]
        if source is not None:
            by_id[f"exercise-{exercise.id}".replace(".", "-")]["source"] = source
        worth[exercise.id] = kind, exercise.points if kind == "right" else 0
    return Pupil(name, slug, json.dumps(document).encode(), worth)


def school(number, slugs, seed=0, ends=True):
    """So many pupils, each with a chapter and a mixture of answers.

    Args:
        number: of pupils.
        slugs: chapters, in turn.
        seed: of the mixture.
        ends: some answers end Python, which costs the grader a new worker.
    """
    rng, made = np.random.default_rng(seed), []
    for i in range(number):
        slug = slugs[i % len(slugs)]
        chosen = {}
        for exercise in of_chapter(int(slug[2:4])):
            wrong = [k for k in kinds(slug, exercise.id) if ends or k != "ends"]
            wrong.remove("right")
            chosen[exercise.id] = "right" if rng.random() < 0.6 else str(rng.choice(wrong))
        made.append(pupil(f"Pupil {i:03d}", slug, chosen))
    return made
