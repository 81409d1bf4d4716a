"""The marking sheet: texts that a person marks, out as a table and back into the gradebook.

`id` is a checksum of student, question and text. It tells a mark for this text from one for an
earlier text; the text itself tells rows that were sorted apart.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from course.data.cache import write_whole
from course.grading import cells
from course.grading.cells import NoTable, guarded, name_cell, number_cell, text_cell, unguarded
from course.grading.gradebook import Gradebook, text_digest
from course.grading.names import one_line_end, shown

COLUMNS = ("student", "question", "points possible", "text", "mark", "comment")
LONGEST_COMMENT = 10_000  # characters; feedback shows no more, and a spreadsheet cuts soon after
_DECIMALS = 6
_NUMBER = re.compile(rf"\d{{1,6}}(?:[.,]\d{{1,{_DECIMALS}}})?", re.ASCII)
# What a spreadsheet turns into another value when it saves: 007, 1E5, 12345678901234567, 1-2.
_TURNED = re.compile(r"[\d.,:/eE+ -]*\d[\d.,:/eE+ -]*", re.ASCII)

_EMPTIED = "[Nothing is written now. An earlier text was marked.]"
_WORKBOOK = (b"PK\3\4", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods begin, and .xls


class SheetError(ValueError):
    """The sheet as a whole cannot be read or written. The message says what to do."""


@dataclass
class Merged:
    """What came of a sheet.

    Args:
        given: (Written, mark, comment) for each row that is right.
        unmarked: how many rows have no mark yet.
        problems: sentences with row numbers about rows that were not taken.
        changed: how many marks were new or different in the gradebook.
    """

    given: list = field(default_factory=list)
    unmarked: int = 0
    problems: list = field(default_factory=list)
    changed: int = 0


def write_sheet(path, book, *, excel=True):
    """Write the texts that a person marks; marks that were merged before are filled in.

    One for an earlier text is not: whoever sees the new text decides. So a text that was taken away
    after it had been marked has a row too.

    A sheet that holds marks which the gradebook does not have is never overwritten: somebody is at
    work on it. The new one is put beside it.

    Args:
        path: the file.
        book: a `Gradebook`.
        excel: begin with the mark by which Excel knows UTF-8.

    Returns:
        the path that was written.
    """
    path = Path(path)
    if path.exists() and _holds_work(path, book):
        path = path.with_name(f"{path.stem}-new{path.suffix}")
        number = 2
        while path.exists() and _holds_work(path, book):
            path = path.with_name(f"{path.stem.rpartition('-new')[0]}-new{number}{path.suffix}")
            number += 1
    rows = [[*COLUMNS, "id"]]
    for text in book.written():
        if not text.empty or text.mark is not None:
            done = text.mark is not None and not text.stale
            rows.append(
                [
                    student_cell(text.student),
                    name_cell(text.question),
                    number_cell(text.possible),
                    _text_cell(text),
                    number_cell(text.mark, _DECIMALS) if done else "",
                    _comment_cell(text.comment) if done else "",
                    _row_id(text),
                ]
            )
    try:
        write_whole(path, cells.to_csv(rows, excel=excel))
    except OSError as error:
        raise SheetError(
            f"{path} cannot be written ({error.strerror}). Is it open in a spreadsheet?"
        ) from error
    return path


def read_sheet(path, book):
    """Read a sheet back and hold every row against the gradebook. Nothing is changed.

    Returns:
        a `Merged`.

    Raises:
        SheetError: if it is no marking sheet.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SheetError(f"{shown(str(path))} cannot be read ({error.strerror}).") from None
    if content.startswith(_WORKBOOK):
        raise SheetError(
            f'{shown(str(path))} is a workbook. Save it in the spreadsheet as "CSV UTF-8", '
            "and give that file."
        )
    try:
        rows = cells.from_csv(content, COLUMNS)
    except NoTable as error:
        raise SheetError(f"{shown(str(path))} is no marking sheet. {error}") from None
    find, seen, merged = _Finder(book.written()), {}, Merged()
    for number, row in rows:
        words = _row(row, find, merged, seen, number)
        if words:
            merged.problems.append(f"Row {number}: {words}")
    merged.given = [given for _, given in seen.values() if given]
    return merged


def merge_sheet(path, book: Gradebook):
    """Read a sheet back and write the marks of the rows that are right into the gradebook.

    Doing it again changes nothing.

    Returns:
        a `Merged`, with `changed`.

    Raises:
        SheetError: if it is no marking sheet.
    """
    merged = read_sheet(path, book)
    merged.changed = book.merge(merged.given)
    return merged


def student_cell(student):
    """A student's name as a cell that a spreadsheet gives back as it was."""
    return _kept(name_cell(student))


def _kept(cell):
    """A cell that a spreadsheet takes for text, not for a number or a date."""
    return f"'{cell}" if _TURNED.fullmatch(cell.lstrip("'").strip()) else cell


def _text_cell(text):
    return _kept(text_cell(_EMPTIED if text.empty else text.text))


def _comment_cell(comment):
    """A person's comment as a cell. Nothing is cut or escaped: it comes back as it was."""
    return _kept(guarded(comment))


def _comment(cell):
    """The comment that a cell means."""
    cell = one_line_end(cell).strip()
    if cell.startswith("'") and _kept(cell) != cell:
        cell = cell[1:]
    return unguarded(cell)


class _Finder:
    """Finds the text that a row means: exactly, or as a spreadsheet may have changed the name,
    but only where that leaves no doubt."""

    def __init__(self, texts):
        self.questions = sorted({t.question for t in texts})
        self.forms = [(form, {}) for form in (str, _plain, _latin)]
        for text in texts:
            for form, found in self.forms:
                for key in ((text.student, text.question), (text.student, None)):
                    cell = form(student_cell(key[0])), key[1] and form(name_cell(key[1]))
                    found.setdefault(cell, []).append(text)

    def __call__(self, student, question):
        for form, found in self.forms:
            texts = found.get((form(student), question and form(question)), [])
            if len({t.student for t in texts}) == 1:
                return texts[0]
        return None


def _row_id(text):
    return f"#{text_digest(chr(0).join((text.student, text.question, text.text)))}"


def _row(row, find, merged, seen, number):
    """Take one row, or say in a sentence what is wrong with it."""
    mark, comment = row["mark"].strip(), _comment(row["comment"])
    who, what = shown(row["student"], 60) or "nobody", shown(row["question"], 40) or "nothing"
    if not mark:
        merged.unmarked += 1
        return f"{who}, {what} has a comment but no mark; not taken." if comment else ""
    text = find(row["student"].strip(), row["question"].strip())
    if text is None:
        if find(row["student"].strip(), None) is None:
            return f"There is no student {who}. Leave the column student as it was."
        some = " or ".join(find.questions[:2])
        return f"{who} has no {what}. Leave the column question as it was, such as {some}."
    key = text.student, text.question
    if key in seen:
        first, given = seen[key]
        if given and (_read_mark(mark), comment) == given[1:]:
            return ""  # the same row twice does no harm
        seen[key] = first, None
        return f"{who}, {what} is marked in row {first} already, otherwise. Neither was taken."
    value = _read_mark(mark)
    if value is None:
        return (
            f"The mark {shown(mark, 40)} of {who}, {what} is no number. "
            "Write it like 1.5 or 1,5, without a sign."
        )
    if len(comment) > LONGEST_COMMENT:
        return f"The comment on {who}, {what} is longer than {LONGEST_COMMENT:,} characters."
    if value > text.possible:
        possible = number_cell(text.possible)
        return f"The mark {shown(mark, 40)} of {who} is above the {possible} points of {what}."
    if "id" in row and row["id"].strip() != _row_id(text):
        return (
            f"{who} has handed in another text for {what} since the sheet was written, or the row "
            "was mixed up. Write a new sheet and mark that one."
        )
    wrote = _text_cell(text)
    if _plain(row["text"]) not in (_plain(wrote), _latin(wrote)):
        return (
            f"The text is not what {who} wrote for {what}. Was a single column sorted? Only mark "
            "and comment may change."
        )
    seen[key] = number, (text, value, comment)
    return ""


def _read_mark(text):
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _plain(text):
    """The text without what a spreadsheet may change: blanks, line ends, how accents are stored."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _latin(text):
    """The same, with a question mark for each letter that a Western code page does not have."""
    return _plain(text).encode("cp1252", "replace").decode("cp1252")


def _holds_work(path, book):
    """Whether a sheet has marks or comments that are not in the gradebook."""
    try:
        rows = cells.from_csv(path.read_bytes(), COLUMNS)
    except (OSError, NoTable):
        return True  # whatever it is, it is not ours to replace
    known = {(student_cell(t.student), name_cell(t.question)): t for t in book.written()}
    for _, row in rows:
        mark, comment = row["mark"].strip(), _plain(_comment(row["comment"]))
        text = known.get((row["student"].strip(), row["question"].strip()))
        if (mark or comment) and (
            text is None
            or (_read_mark(mark), comment) != (text.mark, _plain(text.comment))
            or (text.stale and row.get("id", "").strip() == _row_id(text))  # the same for the new
        ):
            return True
    return False
