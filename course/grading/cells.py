"""Cells of CSV files that spreadsheets open: no text of a student ever becomes a formula.

A spreadsheet takes a cell for a formula if it begins with = + - @, also in their full width, or
with a tab. One that expects semicolons splits our cells at those, quoted or not; so what follows a
semicolon or the end of a line within a text begins a cell too, whatever stands in front that cannot
be seen. An apostrophe goes in front of each.
"""

import csv
import io
import re

from course.grading.names import lines_shown, one_line_end, shown

_FORMULA = r"[=+\-@＝＋－＠﹢﹣﹫﹦−]"
_ENDS = r";\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_UNSEEN = r"\s\"\0-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_BEGINS = rf"((?:^|[{_ENDS}])[{_UNSEEN}]{{0,40}})('*)"
_GUARD = re.compile(rf"{_BEGINS}(?={_FORMULA})")
_UNGUARD = re.compile(rf"{_BEGINS}'(?={_FORMULA})")


class NoTable(ValueError):
    """Bytes that are no CSV table. The message says what was expected."""


def guarded(text):
    """The text with an apostrophe wherever a formula could begin; `unguarded` takes it away."""
    return _GUARD.sub(r"\1\2'", text)


def unguarded(text):
    """What `guarded` was given."""
    return _UNGUARD.sub(r"\1\2", text)


def name_cell(text):
    """A name as one line of one cell. No two names give the same cell."""
    return guarded(shown(text))


def text_cell(text, longest=30_000):
    """A text of several lines as one cell, cut where a spreadsheet would cut it without a word."""
    text = lines_shown(one_line_end(text))
    if len(text) > longest:
        text = f"{text[:longest]}\n[… cut here; the rest is in the notebook]"
    return guarded(text)


def number_cell(number, digits=4):
    """Points as a spreadsheet reads them everywhere that knows a decimal point."""
    return "" if number is None else f"{number:.{digits}f}".rstrip("0").rstrip(".")


def to_csv(rows, *, excel=False):
    """The bytes of a CSV file, separated by commas.

    Args:
        rows: lists of strings that are cells already.
        excel: begin with the mark by which Excel knows UTF-8.
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8-sig" if excel else "utf-8", "replace")


def from_csv(content, wanted):
    """Read a table that a spreadsheet has saved, in whatever dialect it speaks.

    Args:
        content: bytes in UTF-8, UTF-16 or a Western code page; commas, semicolons or tabs.
        wanted: names of the columns that must be there, in any order and case.

    Returns:
        a list of (row as a spreadsheet counts it, dict of name -> text); empty rows are left out.
        Names beside the wanted ones are kept in lower case.

    Raises:
        NoTable: if it is none, or a column is missing or there twice.
    """
    text = _decoded(content)
    best, missing = None, list(wanted)
    for separator in ",;\t":
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            head = [name.strip().lower() for name in next(reader, [])]
        except csv.Error:
            continue
        lacks = [name for name in wanted if name not in head]
        if len(lacks) < len(missing) or best is None:
            best, missing = (reader, head), lacks
    if best is None or missing:
        raise NoTable(
            f"Expected the columns {', '.join(wanted)}. Missing: {', '.join(missing)}. "
            "Open the sheet that the grader wrote, and save it as CSV."
        )
    reader, head = best
    twice = [name for name in wanted if head.count(name) > 1]
    if twice:
        raise NoTable(f"The column {twice[0]} is there twice.")
    rows, number = [], 1
    try:
        for number, row in enumerate(reader, 2):
            if any(value.strip() for value in row):
                padded = row + [""] * (len(head) - len(row))
                rows.append((number, dict(zip(head, padded, strict=False))))
    except csv.Error as error:
        raise NoTable(f"Row {number + 1} is no row of a table: {error}.") from None
    return rows


def _decoded(content):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:  # Excel's plain "CSV": the code page of its Windows
        return content.decode("cp1252", "replace")
