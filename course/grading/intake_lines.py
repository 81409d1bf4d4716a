"""What an intake of submissions says to the instructor: what was recognised, and what is odd."""

from collections import Counter, defaultdict

from course.exercises.exercise import of_chapter
from course.grading.names import look_alike, shown

_TITLES = {
    "canvas": "a Canvas export",
    "moodle": "a Moodle export",
    "blackboard": "a Blackboard export",
    "brightspace": "a Brightspace export",
    "nbgrader": "nbgrader's exchange",
    "folder": "a folder for each student",
    "file": "loose notebooks with the student's name in the file name",
}


def why_newest(ages):
    """Why the last of several attempts counts.

    Args:
        ages: what they were sorted by: dated by name, that date, attempt, date of the file, place.
    """
    if ages[-1][:3] != ages[-2][:3]:
        return "the newest attempt by its name"
    if ages[-1][3] != ages[-2][3]:
        return f"the newest file ({ages[-1][3]:%Y-%m-%d %H:%M})"
    return "the last one, as nothing tells which is newer"


def recognised(whos, submissions, foreign, around=()):
    """What was recognised, in sentences.

    Args:
        whos: an `exported_names.Who` for each file, or None.
        submissions: what was made of them.
        foreign: a dict of chapter -> how many notebooks were left out as not asked for.
        around: the folders around everybody's, a path as names.
    """
    lines = []
    for kind, count in Counter(who.kind for who in whos if who).most_common():
        people = len({who.identity for who in whos if who and who.kind == kind})
        lines.append(
            f"Recognised {_TITLES[kind]}: {_many(count, 'file')} of {_many(people, 'student')}."
        )
    if not lines:
        lines.append("No notebook was found.")
    for chapter in sorted({s.chapter for s in submissions if s.chapter is not None}):
        mine = [s for s in submissions if s.chapter == chapter]
        told = Counter(s.told_by for s in mine if s.told_by)
        how = ", ".join(f"{words} ({count})" for words, count in told.most_common())
        bad = sum(bool(s.problem) for s in mine)
        late = sum(s.late for s in mine)
        lines.append(
            f"Chapter {chapter}: {_many(len(mine), 'submission')}"
            + f", known by {how}" * bool(how)
            + f"; {bad} cannot be read" * bool(bad)
            + f"; {late} late" * bool(late)
            + "."
        )
    without = sum(s.chapter is None for s in submissions)
    if without:
        lines.append(f"{_many(without, 'student')} without a notebook that can be graded.")
    for chapter, count in sorted(foreign.items()):
        lines.append(f"Left out: {_many(count, 'notebook')} of chapter {chapter}, not asked for.")
    if around:
        lines.append(f"{shown('/'.join(around), 80)}/ around all was passed over.")
    return lines


def nameless(found):
    """A sentence about files whose names tell no student."""
    if not found:
        return []
    some = ", ".join(shown(f.item.path, 60) for f in found[:5]) + ", …" * (len(found) > 5)
    return [
        f"Left out: {_many(len(found), 'file')} whose name tells no student ({some}). "
        "Put each into a folder that is called like its student. A name such as Work or v1 is "
        "taken for an attempt: rename it."
    ]


def not_read(paths):
    """A sentence about files of another kind that are nobody's.

    Args:
        paths: a list of paths as names.
    """
    if not paths:
        return []
    some = ", ".join(shown("/".join(p), 60) for p in paths[:5]) + ", …" * (len(paths) > 5)
    return [f"Not read, as they are no notebooks: {_many(len(paths), 'file')} ({some})."]


def passed_over(folders):
    """A sentence for each folder that holds what an earlier run wrote."""
    some = [shown("/".join(folder), 80) for folder in folders]
    return [f"Passed over: {path}/, as it holds a gradebook." for path in some[:5]] + (
        [f"Passed over: {len(some) - 5} more folders that hold a gradebook."] * (len(some) > 5)
    )


def twins(submissions):
    """Names that look alike, and files that are the same, in sentences."""
    lines, alike, same = [], defaultdict(set), defaultdict(set)
    for one in submissions:
        alike[look_alike(one.student)].add(one.student)
        if one.key:
            same[one.key].add(one.student)
    for names in alike.values():
        if len(names) > 1:
            some = ", ".join(f'"{shown(name, 60)}"' for name in sorted(names))
            lines.append(f"These names look alike, but are kept as different students: {some}.")
    for names in same.values():
        if len(names) > 1:
            some = ", ".join(shown(name, 40) for name in sorted(names)[:8])
            more = f" and {len(names) - 8} more" * (len(names) > 8)
            lines.append(f"The same file, byte for byte, was handed in by: {some}{more}.")
    return lines


def same_numbers(submissions):
    """Whose personal exercises had the same numbers, in sentences."""
    groups = defaultdict(list)
    for one in submissions:
        personal = one.chapter is not None and any(e.personal for e in of_chapter(one.chapter))
        if personal and not one.problem:
            groups[one.chapter, one.signed.casefold()].append(one)
    lines = []
    for (chapter, _), several in sorted(groups.items()):
        if len(several) > 1:
            said = shown(several[0].signed, 40)
            how = (
                f'STUDENT is "{said}" in the notebooks of' if said else "STUDENT was left empty by"
            )
            some = ", ".join(shown(one.student, 40) for one in several[:8])
            more = f" and {len(several) - 8} more" * (len(several) > 8)
            lines.append(f"Chapter {chapter}, all with the same numbers: {how} {some}{more}.")
    return lines


def _many(count, word):
    return f"{count} {word}{'s' * (count != 1)}"
