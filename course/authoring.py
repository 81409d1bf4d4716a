"""From the text in solutions/ to notebooks: the student's, the instructor's, and the public cases.

A chapter is a percent-format script. Its cells carry a few words of metadata:

    # %% exercise="1.2"
        a function; its answer stands between ### BEGIN SOLUTION and ### END SOLUTION
    # %% check="1.2"
        the cell that checks it
    # %% mistakes="1.2"
        typical wrong answers, each with its hint as docstring; they get into no notebook
    # %% [markdown] written="2.3" points=2
        a model answer in words; the student gets an empty cell
    # %% homework="1" points=5 title="a few words"
        like an exercise, but marked by hand
    # %% tags=["imports"]
        the one cell that answers may rely on
    # %% tags=["nbval-check-output"]
        an exact output, compared on every run
"""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.chapters import find_chapters
from course.environment import ROOT
from course.exercises.exercise import of_chapter

SOLUTIONS, NOTEBOOKS = "solutions", "notebooks"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
EXACT = "nbval-check-output"
EMPTY_ANSWER = "*Write your answer here.*"
KINDS = ("exercise", "check", "mistakes", "written", "homework")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class AuthoringError(ValueError):
    """A chapter's text cannot be made into a notebook. The message names the file and the cell."""


@dataclass
class Chapter:
    """A parsed chapter: its slug, and its cells as jupytext reads them."""

    slug: str
    cells: list

    @property
    def number(self):
        return int(self.slug[2:4])

    def of_kind(self, kind):
        """A dict of id -> cell for one of KINDS."""
        return {c.metadata[kind]: c for c in self.cells if kind in c.metadata}

    def source_of(self, kind, exercise_id):
        return self.of_kind(kind)[exercise_id].source

    @property
    def imports(self):
        """The source of the cells that answers may rely on."""
        cells = [c for c in self.cells if "imports" in c.metadata.get("tags", [])]
        return "\n".join(c.source for c in cells)


def chapter_slugs(names=(), root=ROOT):
    """The chapters that exist as text, or those of them that the names mean."""
    slugs = [path.stem for path in sorted(Path(root, SOLUTIONS).glob("ch*.py"))]
    numbers = {}
    for slug in slugs:
        if not re.fullmatch(r"ch\d\d_[a-z0-9_]+", slug):
            raise AuthoringError(
                f"Expected names like ch03_topic.py. Received: {SOLUTIONS}/{slug}.py. Rename it."
            )
        other = numbers.setdefault(slug[:4], slug)
        if other != slug:
            raise AuthoringError(
                f"{SOLUTIONS}/ has two chapters of one number: {other}.py and {slug}.py. "
                "Renumber or delete one."
            )
    if not slugs:
        raise AuthoringError(
            f"No chapter in {Path(root, SOLUTIONS)}: expected files chNN_topic.py."
        )
    return find_chapters(list(names), slugs)


def read_chapter(slug, root=ROOT):
    """Parse and verify the text of one chapter.

    Raises:
        AuthoringError: for the first thing that is wrong with it.
    """
    import jupytext

    path = Path(root, SOLUTIONS, f"{slug}.py")
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors on Windows write a mark first
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise AuthoringError(
            f"{SOLUTIONS}/{slug}.py, line {line}, is not UTF-8. Save the file as UTF-8."
        ) from error
    chapter = Chapter(slug, jupytext.reads(text, fmt="py:percent").cells)
    for cell in chapter.cells:
        cell.metadata.pop("lines_to_next_cell", None)  # blank lines in the script
    _verify(chapter)
    return chapter


def make_notebook(chapter, *, for_student):
    """The notebook of a chapter, not executed.

    Args:
        chapter: a `Chapter`.
        for_student: take the answers out.
    """
    exercises = {exercise.id: exercise for exercise in of_chapter(chapter.number)}
    cells = []
    for cell in chapter.cells:
        if "mistakes" in cell.metadata:
            continue
        kind = next((kind for kind in KINDS if kind in cell.metadata), None)
        source, metadata = cell.source, {}
        if kind:
            metadata["nbgrader"] = _nbgrader(kind, cell, exercises)
            if for_student:
                source = _without_answer(kind, cell, exercises)
        tags = list(cell.metadata.get("tags", [])) + [EXACT] * (kind == "check")
        if tags:
            metadata["tags"] = tags
        number = len(cells) + 1
        cell_id = (
            f"{kind}-{cell.metadata[kind]}".replace(".", "-") if kind else f"cell-{number:03d}"
        )
        new = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
        cells.append(new(source, id=cell_id, metadata=metadata))
    made_from = f"{SOLUTIONS}/{chapter.slug}.py"
    metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "course": {"generated_from": made_from, "by": "python -m course release"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def notebook_path(slug, *, for_student, root=ROOT):
    """Where a chapter's notebook lies."""
    return Path(root, NOTEBOOKS if for_student else SOLUTIONS, f"{slug}.ipynb")


def stub(source, exercise_id, title, label="Exercise"):
    """The source with each answer replaced by a line that raises and names its task."""
    lines, inside = [], False
    for line in source.splitlines():
        if line.strip() == BEGIN:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f'{indent}raise NotImplementedError("{label} {exercise_id}: {title}")')
        elif line.strip() == END:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def _without_answer(kind, cell, exercises):
    if kind == "exercise":
        number = cell.metadata["exercise"]
        return stub(cell.source, number, exercises[number].title)
    if kind == "homework":
        return stub(cell.source, cell.metadata["homework"], cell.metadata["title"], "Homework")
    return EMPTY_ANSWER if kind == "written" else cell.source


def _nbgrader(kind, cell, exercises):
    """nbgrader's cell metadata, schema 3: a site that runs nbgrader can use the notebooks."""
    number = cell.metadata[kind]
    by_hand = kind in ("written", "homework")
    metadata = {
        "grade": kind != "exercise",
        "grade_id": f"{kind}-{number}".replace(".", "-"),
        "locked": kind == "check",
        "schema_version": 3,
        "solution": kind != "check",
        "task": False,
    }
    if kind == "check":
        metadata["points"] = exercises[number].points
    if by_hand:
        metadata["points"] = cell.metadata["points"]
    return metadata


def _verify(chapter):
    def fail(cell, words):
        first = cell.source.splitlines()[0] if cell.source else "an empty cell"
        raise AuthoringError(f"{SOLUTIONS}/{chapter.slug}.py, cell that starts {first!r}: {words}")

    seen = set()
    for cell in chapter.cells:
        if not cell.source.strip():
            fail(cell, "it is empty; delete it.")
        kinds = [kind for kind in KINDS if kind in cell.metadata]
        if len(kinds) > 1:
            fail(cell, f"it is {' and '.join(kinds)} at once; split it.")
        unknown = set(cell.metadata) - {*KINDS, "tags", "points", "title"}
        if unknown:
            fail(cell, f"unknown words in its header: {', '.join(sorted(unknown))}.")
        markers = re.findall(f"{BEGIN}|{END}", cell.source)
        wanted = [BEGIN, END] * (len(markers) // 2)
        if markers != wanted or bool(markers) != (kinds in (["exercise"], ["homework"])):
            fail(cell, f"exercises and homework, and only they, hold {BEGIN} … {END} in pairs.")
        if not kinds:
            continue
        key = kinds[0], str(cell.metadata[kinds[0]])
        if key in seen:
            fail(cell, f"there are two cells {key[0]}={key[1]!r}.")
        seen.add(key)
        if kinds[0] in ("written", "homework") and not isinstance(cell.metadata.get("points"), int):
            fail(cell, "give it points=, an int.")
        if kinds[0] == "homework" and "title" not in cell.metadata:
            fail(cell, "give it a title=, for the stub.")
    known = {exercise.id for exercise in of_chapter(chapter.number)}
    for kind in ("exercise", "check"):
        here = set(chapter.of_kind(kind))
        if here != known:
            raise AuthoringError(
                f"{SOLUTIONS}/{chapter.slug}.py has {kind} cells for {sorted(here)}, but "
                f"course/exercises/ch{chapter.number:02d}.py describes {sorted(known)}."
            )
    if not set(chapter.of_kind("mistakes")) <= known:
        raise AuthoringError(f"{SOLUTIONS}/{chapter.slug}.py has mistakes of an unknown exercise.")
