"""What marking a chapter needs beside a submission, made once for all students."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from course.authoring import notebook_path
from course.exercises.exercise import of_chapter
from course.grading import cases, marking, notebooks
from course.grading.sandbox import Limits

RULES = 1  # raise it when the same answers and cases would get other marks


@dataclass(frozen=True)
class Kit:
    """What marking a chapter needs, the same for all students.

    Args:
        chapter: its number.
        packed: the hidden cases.
        released: the `notebooks.Template` of the students' notebook.
        points: a dict of question -> points for what a person marks.
        key: a checksum of all that a mark depends on besides the submission.
    """

    chapter: int
    packed: bytes
    released: notebooks.Template
    points: dict
    key: str

    def task(self, submission, trust, hidden):
        """The `marking.Task` of one submission.

        Args:
            submission: a `submissions.Submission`.
            trust: run its answers without a sandbox.
            hidden: paths that no answer may see.
        """
        return marking.Task(
            submission.student,
            self.chapter,
            submission.content,
            self.released,
            self.packed,
            self.points,
            Limits(),
            trust,
            tuple(str(Path(p).resolve()) for p in hidden),
        )


def make_kits(chapters, seed_path, say):
    """A `Kit` for each chapter.

    Args:
        chapters: a dict of number -> slug.
        seed_path: of the file with the secret seed; it is made if it is not there.
        say: takes one line of text.

    Returns:
        a dict of number -> `Kit`.
    """
    kits, seed = {}, cases.read_or_make_seed(seed_path)
    for number, slug in sorted(chapters.items()):
        say(f"Hidden cases of chapter {number} …")
        packed = cases.hidden_cases(slug, seed)
        content = notebook_path(slug, for_student=True).read_bytes()
        points = {}
        for cell in json.loads(content)["cells"]:
            words = cell["metadata"].get("nbgrader", {})
            kind, _, name = words.get("grade_id", "").partition("-")
            if kind in ("written", "homework"):
                word = "question" if kind == "written" else kind
                points[f"{word} {name.replace('-', '.')}"] = words["points"]
        released = notebooks.template(content)
        kits[number] = Kit(number, packed, released, points, _grading_key(number, packed, released))
    return kits


def _grading_key(number, packed, released):
    """A checksum of all that a mark depends on besides the submission."""
    digest = hashlib.sha256(f"rules {RULES}".encode())
    digest.update(packed)
    digest.update(json.dumps(released.cells, sort_keys=True).encode())
    for exercise in of_chapter(number):
        settings = exercise.id, exercise.points, exercise.rtol, exercise.atol, exercise.seconds
        digest.update(repr(settings).encode())
    return digest.hexdigest()
