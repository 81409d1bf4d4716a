"""How a gradebook takes in submissions: who is who since the last time, what is new, what is gone.

These work on the gradebook's connection, within a transaction that the gradebook began.
"""

from collections import defaultdict

from course.grading.names import shown

_INSERT = """
INSERT INTO submission VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    key = excluded.key, source = excluded.source, problem = excluded.problem,
    handed_in = excluded.handed_in, system = excluded.system, number = excluded.number,
    late = excluded.late
WHERE excluded.problem IS NULL OR submission.problem IS NOT NULL
"""
# A student without a chapter goes when one comes.
_TIDY = """
DELETE FROM submission AS s WHERE chapter = -1 AND EXISTS (
    SELECT 1 FROM submission o WHERE o.chapter >= 0
    AND (o.student = s.student OR (s.number != '' AND (o.system, o.number) = (s.system, s.number)))
)
"""


def take_in(db, submissions):
    """Write submissions down as the current ones.

    Args:
        db: a connection.
        submissions: `Submission`s.

    Returns:
        sentences about what changed and what was not taken.
    """
    known = defaultdict(set)
    for student, *number in db.execute(
        "SELECT student, system, number, chapter FROM submission WHERE number != ''"
    ):
        known[tuple(number)].add(student)
    for s in submissions:
        if known[s.system, s.number, _chapter(s)] - {s.student}:
            _follow(db, s)
    before = {
        (student, chapter): key
        for student, chapter, key in db.execute(
            "SELECT student, chapter, key FROM submission WHERE problem IS NULL"
        )
    }
    lines = []
    for s in submissions:
        row = (
            s.student, _chapter(s), s.key, s.source, s.problem, str(s.when or ""),
            s.system, s.number, bool(s.late),
        )  # fmt: skip
        if not db.execute(_INSERT, row).rowcount:
            lines.append(
                f"{shown(s.student, 60)}, chapter {s.chapter}: {shown(s.source, 80)} "
                f"cannot be graded. {s.problem} The earlier submission keeps its marks."
            )
    db.execute(_TIDY)
    return lines + _changes(before, submissions)


def _follow(db, submission):
    """Give what a student has for a chapter the name by which the student comes now.

    A system's number tells that it is the same student: Jane Doe becomes Jane Doe (17) when there
    is another Jane Doe. One who has had the name until now gets a number behind it.
    """
    s, chapter = submission, _chapter(submission)
    found = db.execute(
        "SELECT student FROM submission WHERE (system, number, chapter) = (?, ?, ?)",
        (s.system, s.number, chapter),
    ).fetchall()
    if not found or (s.student,) in found:
        return
    there = db.execute(
        "SELECT number FROM submission WHERE (student, chapter) = (?, ?)", (s.student, chapter)
    ).fetchone()
    if there and there[0]:
        _rename(db, s.student, f"{s.student} ({there[0]})", chapter)
    _rename(db, found[0][0], s.student, chapter)


def _chapter(submission):
    return -1 if submission.chapter is None else submission.chapter


def _rename(db, old, new, chapter):
    for table in ("submission", "grading", "manual"):
        db.execute(
            f"UPDATE OR REPLACE {table} SET student = ? WHERE (student, chapter) = (?, ?)",
            (new, old, chapter),
        )


def _changes(before, submissions):
    """Sentences about other notebooks than last time, and about students who are not there now.

    Args:
        before: a dict of (student, chapter) -> key of what could be graded.
        submissions: `Submission`s.
    """
    now = {(s.student, s.chapter): s for s in submissions}
    other, gone = defaultdict(list), defaultdict(list)
    for (student, chapter), key in sorted(before.items()):
        s = now.get((student, chapter))
        if s is None:
            gone[chapter].append(student)
        elif not s.problem and s.key != key:
            other[chapter].append(student)
    lines = []
    for chapter in sorted({s.chapter for s in submissions if s.chapter is not None}):
        if names := other[chapter]:
            lines.append(
                f"{len(names)} student{'s' * (len(names) > 1)} handed in another notebook for "
                f"chapter {chapter} than last time: {_some(names)}."
            )
        if names := gone[chapter]:
            lines.append(
                f"In the gradebook, but not in this export, chapter {chapter}: {_some(names)}. "
                f"They keep their marks."
            )
    return lines


def _some(names, most=8):
    some = ", ".join(shown(name, 40) for name in names[:most])
    return some + f" and {len(names) - most} more" * (len(names) > most)
