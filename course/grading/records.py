"""What a gradebook holds: marks, texts that a person marks, and who handed in what."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """What one exercise earned.

    Args:
        student: who.
        chapter: the chapter's number.
        exercise: such as "1.2".
        points: earned, 0 <= points <= possible.
        possible: the points of the exercise.
        status: "passed", "not attempted", "not yet" or what kept it from running, such as
            "timeout" or "crashed".
        lines: sentences for the student.
        case_line: the case that failed, in a line.
        code: the student's own lines of the traceback.
        hint: the hint of the mistake that was recognised, for the summary.
        digest: a short checksum of the wrong value, for the summary.
        seconds: how long it took.
    """

    student: str
    chapter: int
    exercise: str
    points: float
    possible: float
    status: str
    lines: tuple[str, ...] = ()
    case_line: str = ""
    code: str = ""
    hint: str = ""
    digest: str = ""
    seconds: float = 0.0

    @property
    def passed(self):
        return self.status == "passed"


@dataclass(frozen=True)
class Written:
    """A text that a person marks: a written answer or a homework.

    Args:
        question: such as "question 1.6" or "homework 8a".
        text: what the student wrote; "" for nothing.
        possible: the points.
        mark: what a person gave, or None.
        comment: what a person said.
        marked_text: a checksum of the text that the person saw.
    """

    student: str
    chapter: int
    question: str
    text: str
    possible: float
    mark: float | None = None
    comment: str = ""
    marked_text: str = ""

    @property
    def digest(self):
        """A short checksum of the text."""
        return text_digest(self.text)

    @property
    def stale(self):
        """Whether the mark was given to an earlier text."""
        return self.mark is not None and self.marked_text != self.digest

    @property
    def empty(self):
        """Whether nothing is written."""
        return not self.text.strip()

    @property
    def points(self):
        """What it earns; None where a person has to mark.

        A mark for an earlier text counts until the new one is marked, but not for an empty one.
        """
        if self.empty and (self.mark is None or self.stale):
            return 0.0
        return self.mark


@dataclass(frozen=True)
class Entry:
    """One student's current submission for a chapter, as the gradebook knows it."""

    student: str
    chapter: int | None
    key: str
    source: str
    problem: str | None
    when: str
    system: str
    number: str
    late: bool
    graded: bool = False
    flags: tuple[str, ...] = ()
    outdated: bool = False  # its marks come from cases that are no longer in use


def text_digest(text):
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
