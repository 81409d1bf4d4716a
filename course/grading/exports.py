"""The grades as tables: our own layout, and what Canvas and Moodle import.

Learning systems know a student by a number or a login, which stand in columns of their own and
never look like a formula. So a name that had to be guarded costs nothing when a table is imported.

- Canvas: Grades > Import. `ID` is Canvas's own number of the student, known from its export; else
  `SIS Login ID` is what the folder was called. A column is an assignment by its title, or surely by
  its number: "Title (4711)".
- Moodle: the assignment > Upload grading worksheet. `Identifier` is the participant's number, known
  from its export; the word before it is the one of an English site. Or Grades > Import > CSV file,
  with `Username` as what the folder was called.

Upload these two as they are: a spreadsheet that saves them may change a long number.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from course.chapters import CHAPTERS
from course.data.cache import write_whole
from course.grading.cells import name_cell, number_cell, to_csv
from course.grading.names import natural_order

LAYOUTS = ("own", "canvas", "moodle")
# A row whose first cell holds these words sets the points of all assignments in Canvas.
_RESERVED = re.compile("points possible", re.IGNORECASE)


class ExportError(OSError):
    """A table cannot be written. The message says what to do."""


@dataclass
class Sum:
    """What a student has in one chapter.

    Args:
        points: earned so far.
        possible: in all, unmarked texts included.
        unmarked: how many texts nobody has marked yet.
    """

    points: float = 0.0
    possible: float = 0.0
    unmarked: int = 0


@dataclass
class Grades:
    """All that is known, in the form of a table.

    Args:
        students: names, in order.
        chapters: chapter numbers, in order.
        columns: a dict of chapter -> names of exercises and questions, in order.
        cells: a dict of (student, chapter, column) -> points, or None where a person has to mark.
        sums: a dict of (student, chapter) -> `Sum`.
        remarks: a dict of student -> sentences.
        numbers: a dict of (student, system, chapter) -> the number that the system gave.
        systems: a dict of student -> "canvas", "moodle", …, or "".
    """

    students: list = field(default_factory=list)
    chapters: list = field(default_factory=list)
    columns: dict = field(default_factory=dict)
    cells: dict = field(default_factory=dict)
    sums: dict = field(default_factory=dict)
    remarks: dict = field(default_factory=dict)
    numbers: dict = field(default_factory=dict)
    systems: dict = field(default_factory=dict)


def grades(book):
    """The `Grades` of a gradebook."""
    made = Grades()
    columns, entries = {}, book.entries()
    for entry in entries:
        made.systems.setdefault(entry.student, entry.system)
        made.remarks.setdefault(entry.student, [])
        where = "" if entry.chapter is None else f"Chapter {entry.chapter}: "
        if entry.problem:
            made.remarks[entry.student].append(f"{where}{entry.problem}")
        elif not entry.graded:
            made.remarks[entry.student].append(f"{where}not graded yet.")
        if entry.late:
            made.remarks[entry.student].append(f"{where}late.")
        if entry.number:
            made.numbers[entry.student, entry.system, entry.chapter] = entry.number

    def add(student, chapter, column, points, possible):
        columns.setdefault(chapter, set()).add(column)
        made.cells[student, chapter, column] = points
        total = made.sums.setdefault((student, chapter), Sum())
        total.points += points or 0
        total.possible += possible
        total.unmarked += points is None

    for mark in book.marks():
        add(mark.student, mark.chapter, f"exercise {mark.exercise}", mark.points, mark.possible)
    for text in book.written():
        add(text.student, text.chapter, text.question, text.points, text.possible)
        if text.stale:
            words = f"{text.question} was changed after it had been marked"
            if text.empty:
                words += f": nothing is written now, so {number_cell(text.mark)} became 0"
            made.remarks[text.student].append(f"{words}.")
    made.students = sorted({e.student for e in entries}, key=lambda s: (s.casefold(), s))
    made.chapters = sorted(columns)
    order = {"exercise": 0, "question": 1, "homework": 2}
    made.columns = {
        chapter: sorted(names, key=lambda n: (order.get(n.split()[0], 3), natural_order(n)))
        for chapter, names in columns.items()
    }
    return made


def write_grades(folder, book, *, layouts=("own",), excel=False, titles=None):
    """Write the grades of a gradebook as CSV.

    Args:
        folder: where to write.
        book: a `Gradebook`.
        layouts: some of LAYOUTS.
        excel: begin our own layout with the mark by which Excel knows UTF-8.
        titles: a dict of chapter -> title of its assignment in Canvas.

    Returns:
        the paths that were written.

    Raises:
        ExportError: if a file cannot be written.
        ValueError: for an unknown layout.
    """
    unknown = set(layouts) - set(LAYOUTS)
    if unknown:
        raise ValueError(f"A layout is one of {', '.join(LAYOUTS)}. Received: {min(unknown)!r}.")
    table, folder = grades(book), Path(folder)
    files = {}
    if "own" in layouts:
        files["grades.csv"] = to_csv(own_rows(table), excel=excel)
    if "canvas" in layouts:
        files["grades-canvas.csv"] = to_csv(canvas_rows(table, titles or {}))
    if "moodle" in layouts:
        for chapter in table.chapters:
            files[f"grades-moodle-ch{chapter:02d}.csv"] = to_csv(moodle_rows(table, chapter))
    for name, content in files.items():
        try:
            write_whole(folder / name, content)
        except OSError as error:
            raise ExportError(
                f"{folder / name} cannot be written ({error.strerror}). "
                "Is it open in a spreadsheet?"
            ) from error
    return [folder / name for name in files]


def written_layouts(folder):
    """Those of LAYOUTS of which a folder holds tables."""
    names = {"own": "grades.csv", "canvas": "grades-canvas.csv", "moodle": "grades-moodle-ch*.csv"}
    return [layout for layout in LAYOUTS if any(Path(folder).glob(names[layout]))]


def own_rows(table):
    """A row for each student: sums, every exercise, and what else there is to say."""
    head = ["student", "points", "possible"]
    for chapter in table.chapters:
        head += [f"chapter {chapter}", f"chapter {chapter} possible", *table.columns[chapter]]
    rows = [[*head, "remarks"]]
    for student in table.students:
        sums = {c: table.sums.get((student, c)) for c in table.chapters}
        there = [total for total in sums.values() if total]
        row = [name_cell(student)]
        row += [number_cell(sum(t.points for t in there) if there else None)]
        row += [number_cell(sum(t.possible for t in there) if there else None)]
        for chapter, total in sums.items():
            row += [number_cell(total and total.points), number_cell(total and total.possible)]
            row += [
                number_cell(table.cells.get((student, chapter, column)))
                for column in table.columns[chapter]
            ]
        remarks = table.remarks[student] + [
            f"Chapter {chapter}: {total.unmarked} text{'s' * (total.unmarked > 1)} not marked yet."
            for chapter, total in sums.items()
            if total and total.unmarked
        ]
        rows.append([*row, name_cell(" ".join(remarks))])
    return rows


def canvas_rows(table, titles):
    """What Canvas imports. A student without marks gets an empty cell, which changes nothing."""
    known = {c.number: f"Chapter {c.number}: {c.title}" for c in CHAPTERS}
    names = [titles.get(c) or known.get(c) or f"Chapter {c}" for c in table.chapters]
    possible = [
        max((t.possible for (_, c), t in table.sums.items() if c == chapter), default=0)
        for chapter in table.chapters
    ]
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(name_cell, names)]]
    rows.append(["    Points Possible", "", "", "", "", *map(number_cell, possible)])
    for student in table.students:
        number = _number(table, student, "canvas")
        login = "" if table.systems[student] else student
        sums = [table.sums.get((student, c)) for c in table.chapters]
        shown_name = _RESERVED.sub("Points-Possible", student)
        rows.append(
            [name_cell(shown_name), number, "", name_cell(login), ""]
            + [number_cell(total and total.points) for total in sums]
        )
    return rows


def moodle_rows(table, chapter):
    """The grading worksheet of one assignment. An empty grade changes nothing."""
    rows = [
        ["Identifier", "Full name", "Username", "Grade", "Maximum grade", "Last modified (grade)"]
    ]
    for student in table.students:
        total = table.sums.get((student, chapter))
        if total is None:
            continue
        number = table.numbers.get((student, "moodle", chapter), "")
        login = "" if table.systems[student] else student
        rows.append(
            [
                f"Participant {number}" if number else "",
                name_cell(student),
                name_cell(login),
                number_cell(total.points),
                number_cell(total.possible),
                "-",
            ]
        )
    return rows


def _number(table, student, system):
    """The number that a system gave a student, where it is a number and always the same."""
    found = {n for (s, kind, _), n in table.numbers.items() if (s, kind) == (student, system)}
    return found.pop() if len(found) == 1 and all(n.isdecimal() for n in found) else ""
