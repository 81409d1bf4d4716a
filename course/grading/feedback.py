"""The page that a student gets: each exercise with its points, the failing case and the hint."""

import re
from pathlib import Path

from course.chapters import CHAPTERS
from course.exercises.exercise import of_chapter
from course.grading.names import file_names, shown
from course.grading.page import POLICY, block, name, page, points, text, write_page

# status -> (mark, words, class). The words carry the meaning, the colour repeats it.
LOOK = {
    "passed": ("✓", "right", "passed"),
    "not attempted": ("○", "not attempted", "open-edge"),
    "not yet": ("✗", "not yet", "wrong"),
    "missing": ("○", "not in the notebook", "open-edge"),
}
_RAN_NOT = ("✗", "could not be run", "wrong")
# A second lock: the value that a hidden case expects belongs on no page, whoever wrote the line.
_EXPECTED = re.compile(r"^Expected: .*?(?=Received: |$)", re.DOTALL)


def write_feedback(folder, book):
    """Write a page for each student of a gradebook, and remove earlier pages of others.

    Args:
        folder: where to write; it is made.
        book: a `Gradebook`.

    Returns:
        a dict of student -> path.
    """
    entries, marks, written = (
        by_student(rows) for rows in (book.entries(), book.marks(), book.written())
    )
    paths = {}
    for student, file_name in file_names(entries).items():
        paths[student] = Path(folder, f"{file_name}.html")
        markup = feedback_page(
            student, entries[student], marks.get(student, []), written.get(student, [])
        )
        write_page(paths[student], markup)
    _remove_others(Path(folder), paths.values())
    return paths


def _remove_others(folder, kept):
    """Remove the pages that an earlier run wrote for names which nobody has any more."""
    kept = {path.stat().st_ino for path in kept}  # some file systems give names back otherwise
    for path in folder.glob("*.html"):
        if path.is_symlink() or not path.is_file() or path.stat().st_ino in kept:
            continue
        with open(path, "rb") as file:
            begin = file.read(2000)
        if POLICY.encode() in begin and b"<title>Feedback for " in begin:
            path.unlink()


def by_student(rows):
    """A dict of student -> rows."""
    made = {}
    for row in rows:
        made.setdefault(row.student, []).append(row)
    return made


def feedback_page(student, entries, marks, written):
    """The page of one student.

    Args:
        student: the name.
        entries: the student's `Entry`s.
        marks: the student's `Mark`s.
        written: the student's `Written`s.
    """
    parts = [f"<h1>Feedback for {name(student)}</h1>", _sum(marks, written)]
    for entry in sorted(entries, key=lambda e: -1 if e.chapter is None else e.chapter):
        parts.append(
            _chapter(
                entry,
                [m for m in marks if m.chapter == entry.chapter],
                [w for w in written if w.chapter == entry.chapter],
            )
        )
    return page(f"Feedback for {shown(student, 80)}", "\n".join(parts))


def _sum(marks, written):
    earned = sum(m.points for m in marks) + sum(w.points or 0 for w in written)
    possible = sum(m.possible for m in marks) + sum(w.possible for w in written)
    waiting = sum(w.points is None for w in written)
    words = f"<strong>{points(earned, possible)}</strong>"
    if waiting:
        words += f" so far; {waiting} text{'s are' if waiting > 1 else ' is'} not marked yet"
    return f'<p class="sum">{words}.</p>' if possible else ""


def _chapter(entry, marks, written):
    titles = {c.number: c.title for c in CHAPTERS}
    if entry.chapter is None:
        head = "What you handed in"
    else:
        head = f"Chapter {entry.chapter}"
        head += f": {titles[entry.chapter]}" if entry.chapter in titles else ""
    parts = [f"<section><h2>{text(head)}</h2>"]
    source = f'<p class="facts">From <bdi dir="ltr">{text(entry.source, 160)}</bdi>'
    source += f", {text(entry.when)}" if entry.when else ""
    parts.append(f"{source}{', late' if entry.late else ''}.</p>")
    if entry.problem:
        parts.append(
            '<div class="failure"><span class="bad">This could not be graded.</span> '
            f"{text(entry.problem)}</div>"
        )
    elif not entry.graded:
        parts.append("<p>Not graded yet.</p>")
    if entry.flags:
        flags = "".join(f"<li>{text(flag, 400)}</li>" for flag in entry.flags)
        parts.append(f'<div class="note">About the notebook:<ul>{flags}</ul></div>')
    known = {e.id: e.title for e in of_chapter(entry.chapter)} if entry.chapter else {}
    parts += [_result(mark, known.get(mark.exercise, "")) for mark in marks]
    parts += [_text(one) for one in written]
    return "\n".join([*parts, "</section>"])


def _result(mark, title):
    sign, words, kind = LOOK.get(mark.status, _RAN_NOT)
    lines = [_EXPECTED.sub("", line).strip() for line in mark.lines]
    body = "".join(f"<p>{block(line, 2000)}</p>" for line in lines if line)
    if mark.case_line:
        body += f'<p class="case">{block(mark.case_line, 2000)}</p>'
    if mark.code:
        body += f"<pre>{block(mark.code, 4000)}</pre>"
    head = f"Exercise {mark.exercise}" + (f": {title}" if title else "")
    return (
        f'<article class="result {kind}"><h3><span><span aria-hidden="true">{sign}</span> '
        f'{text(head)}</span><span class="points">{points(mark.points, mark.possible)}, {words}'
        f"</span></h3>{body}</article>"
    )


def _text(one):
    head = one.question[:1].upper() + one.question[1:]
    if one.empty and not one.points:
        sign, kind, words = "○", "open-edge", f"{points(0, one.possible)}, nothing was written"
    elif one.points is None:
        possible = points(0, one.possible).removeprefix("0 of ")
        sign, kind, words = "○", "open-edge", f"{possible}, not marked yet"
    else:
        sign, kind, words = "✎", "passed", points(one.mark, one.possible)
        kind = "passed" if one.mark >= one.possible else "wrong" if not one.mark else "open-edge"
        words += ", marked on an earlier text" * one.stale
    body = f"<p>{block(one.comment, 10_000)}</p>" if one.comment else ""
    if not one.empty:
        body += (
            f"<details><summary>What you wrote</summary>"
            f'<div class="own">{block(one.text)}</div></details>'
        )
    return (
        f'<article class="result {kind}"><h3><span><span aria-hidden="true">{sign}</span> '
        f'{text(head)}</span><span class="points">{words}</span></h3>{body}</article>'
    )
