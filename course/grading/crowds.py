"""Folders around students, and folders that were taken for a student but hold those of a class."""

import re
from collections import defaultdict

from course.grading.exported_names import NO_STUDENT, by_system, who_is
from course.grading.names import shown


def around(files, others, *, packed):
    """The folders, one in the other, that only hold everybody's; a path as names.

    Whoever packs a folder gets the folder itself into the zip, and whoever unpacks one too. It is
    no student if it holds nothing but folders, at least two of them of students. In a zip the
    students may be told by the names of loose notebooks as well.

    Args:
        files: a list of (path as names, chapter or None) of the notebooks.
        others: paths as names of other files, and of folders, which end with "".
        packed: whether all of it lies in a zip.
    """
    children, with_files = defaultdict(set), {parts[:-1] for parts, _ in files}
    paths = [parts for parts, _ in files] + [p for p in others if not p[-1]]
    for parts in paths:
        for depth in range(len(parts) - 1):
            children[parts[:depth]].add(parts[depth])
    here = passed = ()
    while len(children[here]) == 1 and here not in with_files:
        (only,) = children[here]
        here = (*here, only)
        if by_system((only, ""), 0):
            break
        if _several(files, others, here):
            export = any(by_system((name,), 0) for name in children[here])
            plain = here in with_files or _all_attempts(children[here])
            if plain and not export and not (packed and _loose(files, here)):
                break
            passed = here
    return passed


def crowd(paths, whos, chapters):
    """The students in a folder that was taken for one, if it looks like a whole export or class.

    Args:
        paths: of its notebooks, as names, as they were given to `who_is`.
        whos: what that made of them.
        chapters: the chapter of each, or None.

    Returns:
        names, in order; none if it may be one student's.
    """
    exported, folders = set(), defaultdict(set)
    for parts, who, chapter in zip(paths, whos, chapters, strict=True):
        if who.kind != "folder":
            continue
        below = parts[who.place + 1 :]
        exported |= {w.name for i in range(len(below)) if (w := by_system(below, i))}
        inner = who_is(below)
        if inner and inner.kind == "folder" and not NO_STUDENT.fullmatch(inner.name):
            folders[chapter].add(inner.name)
    folders.pop(None, None)
    largest = max(folders.values(), key=len, default=())
    if len(exported) > 1:
        return sorted(exported)
    return sorted(largest) if len(largest) > 2 else []


def crowd_line(student, names):
    """A sentence about such a folder."""
    some = ", ".join(shown(name, 40) for name in names[:3])
    some += f" and {len(names) - 3} more" * (len(names) > 3)
    return (
        f"{shown(student, 60)} holds the work of {len(names)} students ({some}). "
        "Grade it by itself."
    )


def _several(files, others, folder):
    """Whether at least two names of students lie in a folder."""
    names = set()
    for parts, notebook in [(p, True) for p, _ in files] + [(p, False) for p in others]:
        if parts[: len(folder)] == folder and len(parts) > len(folder):
            who = who_is(parts[len(folder) :])
            if who and (notebook or who.kind != "file"):
                names.add(who.identity)
    return len(names) > 1


def _all_attempts(names):
    return all(NO_STUDENT.fullmatch(re.sub(r"\.zip$", "", n, flags=re.I)) for n in names)


def _loose(files, folder):
    """Whether notebooks of one chapter below a folder carry the names of several students."""
    names = defaultdict(set)
    for parts, chapter in files:
        if parts[: len(folder)] == folder and (who := who_is(parts[-1:])):
            names[chapter].add(who.name)
    return any(len(several) > 1 for several in names.values())
