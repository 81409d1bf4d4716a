"""The page for the instructor: how the class did, what was hard, and what went wrong."""

import os
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import quote

from course.chapters import CHAPTERS
from course.exercises.exercise import of_chapter
from course.grading.charts import PARTS, bar, histogram
from course.grading.exports import grades
from course.grading.names import natural_order
from course.grading.page import name, number, page, text, write_page

RAN = ("passed", "not yet", "not attempted")
MOST = 200  # rows of a list of things that went wrong


def write_summary(path, book, *, lines=(), feedback=None):
    """Write the summary of a gradebook.

    Args:
        path: the file.
        book: a `Gradebook`.
        lines: what was recognised and what the run had to say, in sentences.
        feedback: a dict of student -> path of the feedback page, for links.
    """
    path = Path(path)
    links = {s: _link(to, path.parent) for s, to in (feedback or {}).items()}
    write_page(path, summary_page(book, lines=lines, links=links))


def summary_page(book, *, lines=(), links=None):
    """The summary as a page; `links` is a dict of student -> address."""
    entries, marks, table = book.entries(), book.marks(), grades(book)
    parts = ["<h1>Grading summary</h1>", _numbers(entries, marks, table)]
    chapters = sorted({m.chapter for m in marks})
    if len(chapters) > 1:
        items = "".join(f'<li><a href="#ch{c}">{text(_title(c))}</a></li>' for c in chapters)
        parts.append(f'<nav aria-label="Chapters"><ul>{items}</ul></nav>')
    for chapter in chapters:
        mine = [m for m in marks if m.chapter == chapter]
        sums = [t for (_, c), t in table.sums.items() if c == chapter]
        parts.append(_chapter(chapter, mine, sums, links or {}))
    parts.append(_failures(entries, marks, links or {}))
    parts.append(_flags(entries, links or {}))
    if lines:
        parts.append(_list("What was recognised", [text(line, 600) for line in lines]))
    parts.append(_students(table, links or {}))
    return page("Grading summary", "\n".join(filter(None, parts)), wide=True)


def wrong_answers(marks):
    """What wrong answers of one exercise have in common: (words, students), most frequent first.

    They are grouped by the hint that was given, else by the value, else by what was said. What
    could not be run is told elsewhere.
    """
    groups, words = defaultdict(set), {}
    for mark in marks:
        if mark.status == "not yet":
            said = mark.lines[0] if mark.lines else mark.status
            key = ("hint", mark.hint) if mark.hint else ("value", mark.digest) * bool(mark.digest)
            key = key or ("said", said)
            groups[key].add(mark.student)
            words.setdefault(key, f"Hint: {mark.hint}" if mark.hint else said)
    ranked = sorted(groups, key=lambda key: (-len(groups[key]), key))
    return [(words[key], sorted(groups[key])) for key in ranked]


def counts(marks):
    """How many answers of an exercise are right, not right, could not be run, not attempted."""
    found = Counter(m.status if m.status in RAN else "failed" for m in marks)
    return [found[status] for status in ("passed", "not yet", "failed", "not attempted")]


def hardest(marks):
    """The exercise with the smallest share of right answers: (id, share), or None without any."""
    by_exercise = defaultdict(list)
    for mark in marks:
        by_exercise[mark.exercise].append(mark.passed)
    shares = {e: sum(passed) / len(passed) for e, passed in by_exercise.items()}
    if not shares or min(shares.values()) == 1:
        return None
    found = min(shares, key=lambda e: (shares[e], natural_order(e)))
    return found, shares[found]


def _numbers(entries, marks, table):
    chapters = sorted({m.chapter for m in marks})
    rows = [
        ("Students", len(table.students)),
        ("Submissions graded", sum(e.graded and not e.problem for e in entries)),
        ("Could not be graded", sum(bool(e.problem) for e in entries)),
        ("Texts to be marked", sum(t.unmarked for t in table.sums.values())),
    ]
    if len(chapters) == 1 and table.sums:
        mean = sum(t.points for t in table.sums.values()) / len(table.sums)
        possible = max(t.possible for t in table.sums.values())
        rows.insert(2, ("Mean", f"{mean:.1f} of {number(possible)}"))
    cells = "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in rows)
    waiting = sum(not e.graded and not e.problem for e in entries)
    old = sum(e.outdated for e in entries)
    notes = [f"{waiting} not graded yet: run the same command again."] * bool(waiting)
    notes += [f"{old} with marks from earlier cases: grade them again."] * bool(old)
    extra = "".join(f'<p class="bad">Submissions: {note}</p>' for note in notes)
    return f'<dl class="numbers">{cells}</dl>{extra}'


def _chapter(chapter, marks, sums, links):
    known = {e.id: e.title for e in of_chapter(chapter)}
    by_exercise = defaultdict(list)
    for mark in marks:
        by_exercise[mark.exercise].append(mark)
    order = sorted(by_exercise, key=natural_order)
    words = ""
    if found := hardest(marks):
        title = f" ({known[found[0]]})" if found[0] in known else ""
        words = (
            f"<p>The hardest exercise was <strong>{text(found[0])}</strong>{text(title)}: "
            f"{_percent(found[1])} of those who handed in got it right.</p>"
        )
    key = "".join(f'<li><span class="{kind}"></span>{label}</li>' for kind, label in PARTS)
    rows = "".join(_exercise_row(e, known.get(e, ""), by_exercise[e]) for e in order)
    heads = "".join(f'<th scope="col" class="n">{label}</th>' for _, label in PARTS)
    return (
        f'<section><h2 id="ch{chapter}">{text(_title(chapter))}</h2>{words}'
        f"{histogram(sums)}<h3>Exercises</h3>"
        f'<ul class="key">{key}</ul><div class="scroll" tabindex="0" role="region" '
        f'aria-label="Exercises of chapter {chapter}"><table><thead><tr><th scope="col">Exercise'
        f'</th><th scope="col">Answers</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
        f"<h3>Most common wrong answers</h3>{_wrong(order, by_exercise, links)}</section>"
    )


def _exercise_row(exercise, title, marks):
    found = counts(marks)
    cells = "".join(f'<td class="n">{n}</td>' for n in found)
    head = f"{exercise} {title}".strip()
    return f'<tr><th scope="row">{text(head)}</th><td>{bar(head, found)}</td>{cells}</tr>'


def _wrong(order, by_exercise, links):
    rows = ""
    for exercise in order:
        for words, students in wrong_answers(by_exercise[exercise])[:3]:
            some = ", ".join(_linked(s, links) for s in students[:3])
            some += f" and {len(students) - 3} more" * (len(students) > 3)
            rows += (
                f'<tr><th scope="row">{text(exercise)}</th><td class="n">{len(students)}</td>'
                f"<td>{text(words, 300)}</td><td>{some}</td></tr>"
            )
    if not rows:
        return "<p>None.</p>"
    return _table(("Exercise", "Students", "What it was", "Who"), rows, "Wrong answers", number=1)


def _failures(entries, marks, links):
    items = [
        (e.student, "" if e.chapter is None else f"chapter {e.chapter}", e.problem)
        for e in entries
        if e.problem
    ]
    items += [
        (m.student, f"exercise {m.exercise}", " ".join(m.lines) or m.status)
        for m in marks
        if m.status not in RAN
    ]
    if not items:
        return "<section><h2>What could not be run</h2><p>Nothing.</p></section>"
    rows = "".join(
        f'<tr><th scope="row">{_linked(who, links)}</th><td>{text(where)}</td>'
        f"<td>{text(what, 400)}</td></tr>"
        for who, where, what in items[:MOST]
    )
    more = f"<p>… and {len(items) - MOST} more.</p>" * (len(items) > MOST)
    table = _table(("Student", "Where", "What happened"), rows, "What could not be run")
    return f"<section><h2>What could not be run</h2>{table}{more}</section>"


def _flags(entries, links):
    items = [
        f"{_linked(e.student, links)}, chapter {e.chapter}: {text(' '.join(e.flags), 500)}"
        for e in entries
        if e.flags
    ]
    return _list("Unusual notebooks", items) if items else ""


def _students(table, links):
    heads = ["Student", *(f"Chapter {c}" for c in table.chapters), "Remarks"]
    rows = ""
    for student in table.students:
        sums = [table.sums.get((student, c)) for c in table.chapters]
        cells = "".join(
            f'<td class="n">{f"{number(t.points)} / {number(t.possible)}" if t else "–"}</td>'
            for t in sums
        )
        remarks = text(" ".join(table.remarks[student]), 300)
        rows += f'<tr><th scope="row">{_linked(student, links)}</th>{cells}<td>{remarks}</td></tr>'
    made = _table(heads, rows, "All students", number=len(table.chapters))
    return f"<section><h2>Students</h2>{made}</section>"


def _table(heads, rows, label, number=0):
    """A table that scrolls by itself on a narrow screen; `number` columns after the first are."""
    cells = "".join(
        f'<th scope="col"{" class=n" * (0 < i <= number)}>{text(head)}</th>'
        for i, head in enumerate(heads)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(label)}"><table><thead>'
        f"<tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _list(head, items):
    more = f"<li>… and {len(items) - MOST} more.</li>" * (len(items) > MOST)
    body = "".join(f"<li>{item}</li>" for item in items[:MOST])
    return f"<section><h2>{text(head)}</h2><ul>{body}{more}</ul></section>"


def _linked(student, links):
    shown_name = name(student, 60)
    return f'<a href="{links[student]}">{shown_name}</a>' if student in links else shown_name


def _link(to, folder):
    return quote(Path(os.path.relpath(to, folder)).as_posix(), safe="/._-")


def _title(chapter):
    title = next((c.title for c in CHAPTERS if c.number == chapter), "")
    return f"Chapter {chapter}" + (f": {title}" if title else "")


def _percent(share):
    return f"{100 * share:.0f} %"
