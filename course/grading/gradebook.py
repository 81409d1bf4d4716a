"""The gradebook: one SQLite file, written by the parent alone, whole whatever happens.

A grading is all marks of one submission, made by one version of the cases. It is stored in one
transaction, so after a crash it is there or not, and a second run does only what is missing.
"""

import contextlib
import json
import time

from course.grading.gradebook_file import GradebookError, open_file, transaction
from course.grading.names import natural_order, one_line_end, shown, whole
from course.grading.records import Entry, Mark, Written, text_digest
from course.grading.taking_in import take_in

__all__ = [
    "Entry", "Gradebook", "GradebookError", "Mark", "Written", "open_gradebook",
    "text_digest",
]  # fmt: skip

# The grading that counts: of the current submission, by the cases in use; until that is made, the
# last one that was made by others.
_CURRENT = """
SELECT id FROM (
    SELECT g.id, row_number() OVER (
        PARTITION BY g.student, g.chapter ORDER BY g.cases IS u.cases DESC, g.id DESC
    ) AS place
    FROM grading g JOIN submission s
    ON (g.student, g.chapter, g.key) = (s.student, s.chapter, s.key)
    LEFT JOIN in_use u ON u.chapter = g.chapter
    WHERE s.problem IS NULL
) WHERE place = 1
"""


@contextlib.contextmanager
def open_gradebook(path, *, write=True):
    """Open a gradebook, or make it; nobody else can write to it in the meantime.

    Args:
        path: the file.
        write: False only reads, beside a run that writes; the file must exist.

    Raises:
        GradebookError: if another process writes to it, or it is no gradebook of this version.
    """
    with open_file(path, write=write) as connection:
        yield Gradebook(connection)


class Gradebook:
    """Marks and where they come from. Get one from `open_gradebook`."""

    def __init__(self, connection):
        self._db = connection

    def take_in(self, submissions):
        """Make these the current submissions of their students; others stay as they are.

        A submission that cannot be graded does not take the place of an earlier one that can. A
        student whom a learning system knows by the same number keeps all under a new name.

        Returns:
            sentences about those that were not taken, that are others than last time, or missing.
        """
        with transaction(self._db):
            return take_in(self._db, submissions)

    def use(self, cases):
        """Say which version of the cases counts from now on.

        Args:
            cases: a dict of chapter -> grading key.
        """
        with transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO in_use VALUES (?, ?)", cases.items())

    def ungraded(self, submissions, cases):
        """Those of the submissions that can be graded and have no marks from these cases yet.

        Args:
            submissions: `Submission`s.
            cases: a dict of chapter -> grading key.
        """
        return [
            s
            for s in submissions
            if not s.problem and s.chapter in cases and not self.is_graded(s, cases[s.chapter])
        ]

    def is_graded(self, submission, cases):
        """Whether this very submission has its marks from this version of the cases.

        Args:
            submission: anything with student, chapter and key.
            cases: the grading key: a checksum of the cases and of the course's version.
        """
        found = self._db.execute(
            "SELECT 1 FROM grading WHERE (student, chapter, key, cases) = (?, ?, ?, ?)",
            (submission.student, submission.chapter, submission.key, cases),
        )
        return found.fetchone() is not None

    def store(self, submission, cases, marks, *, written=(), flags=()):
        """Write down all marks of one submission, at once; a second time changes nothing.

        Args:
            submission: what was graded.
            cases: the grading key.
            marks: `Mark`s, one for each exercise.
            written: (question, text, possible) for each text that a person marks.
            flags: sentences about the notebook.

        Returns:
            whether it was written.

        Raises:
            ValueError: if the marks are not of this student and chapter, or not one an exercise.
        """
        marks = list(marks)
        for mark in marks:
            if (mark.student, mark.chapter) != (submission.student, submission.chapter):
                raise ValueError(
                    f"Expected marks of {shown(submission.student, 60)}, chapter "
                    f"{submission.chapter}. Received one of {shown(mark.student, 60)}, chapter "
                    f"{mark.chapter}."
                )
            if not 0 <= mark.points <= mark.possible:
                raise ValueError(f"Received {mark.points} of {mark.possible} points.")
        if len({mark.exercise for mark in marks}) < len(marks):
            raise ValueError("Received two marks for one exercise.")
        identity = submission.student, submission.chapter, submission.key, cases
        with transaction(self._db):
            made = self._db.execute(
                "INSERT OR IGNORE INTO grading (student, chapter, key, cases, flags, finished) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *identity,
                    json.dumps([whole(flag) for flag in flags]),
                    time.strftime("%Y-%m-%d %H:%M:%S"),
                ),
            )
            if not made.rowcount:
                return False
            self._db.executemany(
                "INSERT INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        made.lastrowid, m.exercise, m.points, m.possible, whole(m.status),
                        json.dumps([whole(line) for line in m.lines]), whole(m.case_line),
                        whole(m.code), whole(m.hint), m.digest, m.seconds,
                    )
                    for m in marks
                ],
            )  # fmt: skip
            self._db.executemany(
                "INSERT INTO text VALUES (?, ?, ?, ?)",
                [
                    (made.lastrowid, question, whole(text), points)
                    for question, text, points in written
                ],
            )
        return True

    def entries(self):
        """All current submissions, as `Entry`s, in order."""
        rows = self._db.execute(
            "SELECT s.student, s.chapter, s.key, s.source, s.problem, s.handed_in, s.system, "
            "s.number, s.late, g.flags, g.cases IS NOT u.cases FROM submission s "
            "LEFT JOIN in_use u ON u.chapter = s.chapter LEFT JOIN grading g "
            f"ON g.student = s.student AND g.chapter = s.chapter AND g.id IN ({_CURRENT}) "
            "ORDER BY s.student, s.chapter"
        )
        return [
            Entry(
                *row[:1], None if row[1] < 0 else row[1], *row[2:8], bool(row[8]),
                row[9] is not None, tuple(json.loads(row[9] or "[]")),
                row[9] is not None and bool(row[10]),
            )
            for row in rows
        ]  # fmt: skip

    def marks(self):
        """The marks that count, as `Mark`s, in order."""
        rows = self._db.execute(
            "SELECT g.student, g.chapter, m.exercise, m.points, m.possible, m.status, m.lines, "
            "m.case_line, m.code, m.hint, m.digest, m.seconds FROM mark m JOIN grading g "
            f"ON m.grading = g.id WHERE g.id IN ({_CURRENT}) ORDER BY g.student, g.chapter"
        )
        marks = [Mark(*row[:6], tuple(json.loads(row[6])), *row[7:]) for row in rows]
        return sorted(marks, key=lambda m: (m.student, m.chapter, natural_order(m.exercise)))

    def written(self):
        """What a person marks, as `Written`s: by question, homework last; then student."""
        rows = self._db.execute(
            "SELECT g.student, g.chapter, t.question, t.content, t.possible, m.mark, m.comment, "
            "m.seen FROM text t JOIN grading g ON t.grading = g.id LEFT JOIN manual m "
            "ON (m.student, m.chapter, m.question) = (g.student, g.chapter, t.question) "
            f"WHERE g.id IN ({_CURRENT})"
        )
        texts = [Written(*row[:6], row[6] or "", row[7] or "") for row in rows]
        last = {t.question: t.question.startswith("homework") for t in texts}
        return sorted(
            texts, key=lambda t: (t.chapter, last[t.question], natural_order(t.question), t.student)
        )

    def merge(self, given):
        """Write down marks that a person gave: (Written, mark, comment), all or none of them.

        Comments are kept as they are, but for blanks around them and the ends of their lines.

        Returns:
            how many were new or changed.
        """
        before = self._db.total_changes
        with transaction(self._db):
            for text, mark, comment in given:
                if not 0 <= mark <= text.possible:
                    raise ValueError(f"Received {mark} of {text.possible} points.")
                self._db.execute(
                    "INSERT INTO manual VALUES (?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET mark = excluded.mark, comment = excluded.comment, "
                    "seen = excluded.seen, given = excluded.given WHERE (mark, comment, seen) "
                    "IS NOT (excluded.mark, excluded.comment, excluded.seen)",
                    (
                        text.student, text.chapter, text.question, mark,
                        whole(one_line_end(comment)).strip(), text.digest,
                        time.strftime("%Y-%m-%d %H:%M:%S"),
                    ),
                )  # fmt: skip
        return self._db.total_changes - before
