"""What a student's notebook says, read as data: nothing of it is executed, imported or parsed.

Its bytes are strangers' bytes. Whatever they are, `read` returns a `StudentNotebook` or raises
`Unreadable` with a sentence for the student.
"""

import json
import re
from dataclasses import dataclass, field

from course.authoring import EMPTY_ANSWER, KINDS
from course.grading.names import shown
from course.grading.student_name import student_of

LARGEST = 20_000_000  # bytes of a notebook, pictures included
MOST_CELLS, MOST_SOURCE = 5_000, 5_000_000  # cells, and characters of all cells together
MOST_FLAGS = 30
_GRADE_ID = re.compile(rf"({'|'.join(KINDS)})-(\d{{1,3}}(?:-\d{{1,3}})?[a-z]?)", re.ASCII)
_MADE_FROM = re.compile(r"(?:solutions/)?ch(\d\d)_[a-z0-9_]+\.py", re.ASCII)
_IN_NAME = re.compile(
    r"(?:^|[^a-z0-9])(?:ch|chapter)[ _.-]?(\d{1,2})(?!\d)", re.IGNORECASE | re.ASCII
)


class Unreadable(ValueError):
    """The bytes are no notebook. The message is a sentence for whoever handed them in."""


@dataclass(frozen=True)
class StudentNotebook:
    """What counts of a notebook.

    Args:
        cells: the sources of its code cells, in order.
        answers: a dict of exercise id -> index into `cells`.
        written: a dict of question id -> text; "" where nothing was written.
        homework: a dict of homework id -> source; "" where the stub was left as it was.
        student: what STUDENT says: a str or an int, "" if nothing can be read.
        flags: sentences about what is unusual.
    """

    cells: tuple[str, ...]
    answers: dict[str, int]
    written: dict[str, str]
    homework: dict[str, str]
    student: str | int = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """The cells that the released notebook of a chapter has, in order: grade id -> (type, source).

    Without one, a notebook is read as it is, and nothing can be missing from it.
    """

    cells: dict[str, tuple[str, str]] = field(default_factory=dict)


def template(content):
    """The `Template` that the bytes of a released notebook give."""
    cells = _cells(_document(content))
    return Template({c.grade_id: (c.kind, c.source) for c in cells if c.grade_id})


def read(content, released=None):
    """Read a student's notebook.

    Args:
        content: its bytes.
        released: the `Template` of its chapter, to say what is missing or moved.

    Raises:
        Unreadable: if it is none.
    """
    document = _document(content)
    cells, flags = _cells(document), []
    flags += _kernel_flags(document)
    chosen = _choose(cells, (released or Template()).cells, flags)
    code = [cell for cell in cells if cell.kind == "code"]
    index = {cell.place: number for number, cell in enumerate(code)}
    answers, written, homework = {}, {}, {}
    for grade_id, cell in chosen.items():
        kind, number = _GRADE_ID.fullmatch(grade_id).groups()
        number = number.replace("-", ".")
        if kind == "exercise":
            answers[number] = index[cell.place]
        elif kind == "written":
            text = cell.source.strip()
            written[number] = "" if text == EMPTY_ANSWER else text
        elif kind == "homework":
            same = bool(released) and cell.source.strip() == released.cells[grade_id][1].strip()
            homework[number] = "" if same else cell.source
    flags += _misplaced(answers, code)
    student, words = student_of([cell.source for cell in code])
    flags += words
    if len(flags) > MOST_FLAGS:
        flags[MOST_FLAGS:] = [f"… and {len(flags) - MOST_FLAGS} more things like these."]
    sources = tuple(cell.source for cell in code)
    return StudentNotebook(sources, answers, written, homework, student, tuple(flags))


def chapter_of(content, file_name=""):
    """Which chapter a notebook belongs to, and how one can tell.

    Args:
        content: its bytes, readable or not.
        file_name: how the file is called.

    Returns:
        the chapter's number or None, and a few words: "its metadata", "its grade ids", "its file
        name", or "".
    """
    try:
        document = _document(content)
        course = document["metadata"].get("course")
        made_from = course.get("generated_from") if isinstance(course, dict) else None
        found = isinstance(made_from, str) and _MADE_FROM.fullmatch(made_from)
        if found:
            return int(found[1]), "its metadata"
        numbers = [int(re.split(r"[-a-z]+", c.grade_id)[1]) for c in _cells(document) if c.grade_id]
        if numbers:
            return max(set(numbers), key=numbers.count), "its grade ids"
    except Unreadable:
        pass
    found = _IN_NAME.search(file_name)
    return (int(found[1]), "its file name") if found else (None, "")


@dataclass(frozen=True)
class _Cell:
    place: int  # from 1, among all cells: what a student counts
    kind: str
    source: str
    grade_id: str
    released: bool  # it still has the id that the release gave it


def _document(content):
    if len(content) > LARGEST:
        raise Unreadable(
            f"The notebook has {len(content) // 1_000_000} MB, more than {LARGEST // 1_000_000}. "
            "Clear its outputs and save it again."
        )
    if not content.strip():
        raise Unreadable("The file is empty.")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("The file is written in UTF-16. Save the notebook from Jupyter: UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"The file is not UTF-8: see line {line}.") from None
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable("The file holds lists within lists without end.") from None
    except ValueError as error:
        raise Unreadable(_no_json(text, error)) from None
    if not isinstance(document, dict) or not {"cells", "nbformat"} & set(document):
        raise Unreadable("The file is no notebook: it has no cells.")
    version = document.get("nbformat")
    if version in (1, 2, 3) and not isinstance(version, bool):
        raise Unreadable(
            f"The notebook has the old format {version}. Open it in JupyterLab and save it again."
        )
    if version != 4 or isinstance(version, bool | float):
        raise Unreadable(f"Expected notebook format 4. Received: {shown(repr(version), 40)}.")
    if not isinstance(document.get("cells"), list):
        raise Unreadable("The notebook's cells are no list.")
    if not isinstance(document.setdefault("metadata", {}), dict):
        raise Unreadable("The notebook's metadata are no table of names and values.")
    return document


def _object(pairs):
    """A JSON object; two values of one name would mean one thing here and another in Jupyter."""
    made = dict(pairs)
    if len(made) != len(pairs):
        seen = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Unreadable(f'The file gives "{shown(twice, 40)}" twice in one place.')
    return made


def _no_json(text, error):
    if re.search(r"^(<{7} |>{7} |={7}$)", text, re.MULTILINE):
        return "The file holds two versions at once: resolve the merge conflict, then save it."
    if not text.lstrip().startswith("{"):
        return "The file is no notebook: it does not begin with {."
    if getattr(error, "pos", 0) >= len(text.rstrip()) - 1:
        return "The file ends in the middle: the upload may have been cut off."
    where = f" at line {error.lineno}" if hasattr(error, "lineno") else ""
    return f"The file is no notebook: it cannot be read{where}. Save it from Jupyter."


def _cells(document):
    cells, length = [], 0
    if len(document["cells"]) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(document['cells']):,} cells, too many.")
    for place, cell in enumerate(document["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            raise Unreadable(f"Cell {place} is no cell.")
        source = cell.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise Unreadable(f"Cell {place} has no text as its source.")
        length += len(source)
        if length > MOST_SOURCE:
            raise Unreadable(f"The cells have more than {MOST_SOURCE // 1_000_000} MB of text.")
        # Half an emoji, which some editors leave behind, cannot be stored anywhere.
        source = source.encode("utf-8", "replace").decode()
        metadata, own = cell.get("metadata"), cell.get("id")
        grader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = grader.get("grade_id") if isinstance(grader, dict) else None
        found = next((x for x in (grade_id, own) if _is_grade_id(x)), "")
        cells.append(_Cell(place, cell["cell_type"], source, found, own == found))
    return cells


def _is_grade_id(text):
    return isinstance(text, str) and bool(_GRADE_ID.fullmatch(text))


def _kernel_flags(document):
    metadata = document["metadata"]
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    named = [
        value
        for table, key in ((kernel, "language"), (language, "name"))
        if isinstance(table, dict) and isinstance(value := table.get(key), str)
    ]
    if all(name.lower() in ("python", "ipython") for name in named):
        return []
    wrong = next(name for name in named if name.lower() not in ("python", "ipython"))
    return [f"The notebook was saved for {shown(wrong, 40)}, not for Python; read as Python."]


def _choose(cells, released, flags):
    """The cell that counts for each grade id, and a flag for whatever is unusual about it."""
    found = {}
    for cell in cells:
        if cell.grade_id:
            found.setdefault(cell.grade_id, []).append(cell)
    chosen = {}
    for grade_id in dict.fromkeys([*released, *found]):
        name = _in_words(grade_id)
        wanted = released.get(grade_id, (_natural_kind(grade_id), ""))[0]
        here = found.get(grade_id, [])
        right = [cell for cell in here if cell.kind == wanted]
        if not here:
            harmless = " Nothing is lost by that." if grade_id.startswith("check") else ""
            flags.append(f"{name} is missing.{harmless}")
        elif released and grade_id not in released:
            flags.append(f"{name} does not belong to this chapter; it is not read.")
        elif not right:
            flags.append(
                f"{name} is a {shown(here[0].kind, 20)} cell, expected {wanted}; it is not read."
            )
        else:
            chosen[grade_id] = _the_one(name, right, released.get(grade_id, ("", ""))[1], flags)
    order = [g for g in released if g in chosen]
    places = [chosen[g].place for g in order]
    moved = [g for g, p, q in zip(order[1:], places, places[1:], strict=False) if q < p]
    flags += [f"{_in_words(g)} was moved up. It is found all the same." for g in moved]
    return chosen


def _natural_kind(grade_id):
    return "markdown" if grade_id.startswith("written") else "code"


def _the_one(name, cells, original, flags):
    """Of several cells with one id: as in a run from top to bottom, the last that was worked on."""
    if len(cells) == 1:
        return cells[0]
    worked_on = [c for c in cells if c.source.strip() and c.source.strip() != original.strip()]
    one = (worked_on or cells)[-1]
    places = ", ".join(str(cell.place) for cell in cells[:8]) + ", …" * (len(cells) > 8)
    why = "the last one that was changed" if worked_on else "the last one"
    flags.append(
        f"{name} is there {len(cells)} times (cells {places}). Cell {one.place} counts: {why}."
    )
    return one


def _in_words(grade_id):
    kind, number = _GRADE_ID.fullmatch(grade_id).groups()
    words = {
        "exercise": "The cell of exercise",
        "check": "The check of exercise",
        "written": "The cell of question",
        "homework": "The cell of homework",
        "mistakes": "The mistakes of exercise",
    }
    return f"{words[kind]} {number.replace('-', '.')}"


def _misplaced(answers, code):
    """A flag for each answer that is still a stub while its function is defined in another cell."""
    flags = []
    for number, index in answers.items():
        source = code[index].source
        names = re.findall(r"^def[ \t]+(\w+)", source, re.MULTILINE)
        if not names or f'raise NotImplementedError("Exercise {number}:' not in source:
            continue
        again = re.compile(rf"^def[ \t]+{names[-1]}[ \t]*\(", re.MULTILINE)
        others = [c.place for i, c in enumerate(code) if i != index and again.search(c.source)]
        if others:
            flags.append(
                f"The cell of exercise {number} still holds the stub, but cell {others[-1]} "
                f"defines {names[-1]} too. Only the exercise's own cell is read."
            )
    return flags
