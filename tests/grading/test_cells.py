"""course.grading.cells: no text becomes a formula, and every dialect is read back."""

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper import NASTY

from course.grading.cells import (
    NoTable,
    from_csv,
    guarded,
    name_cell,
    number_cell,
    text_cell,
    to_csv,
    unguarded,
)  # fmt: skip

TRIGGERS = "=+-@＝＋－＠"
HOSTILE = st.text(st.sampled_from("=+-@＝\t\r\n;,|'\"x1 \u202e\0"), max_size=12)


def split_as_spreadsheets_do(content):
    """The cells that a spreadsheet sees, with each separator that one may expect."""
    text = content.decode("utf-8-sig")
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield from row
    for line in text.splitlines():  # and one that knows no quotes
        for part in line.split(";"):
            yield part
            yield part.replace('""', '"').strip('"')


@settings(deadline=None)
@given(st.lists(st.lists(HOSTILE, min_size=2, max_size=3), min_size=1, max_size=4))
def test_no_cell_is_a_formula_in_any_spreadsheet(rows):
    for make in (name_cell, text_cell):
        content = to_csv([[make(text) for text in row] for row in rows])
        for cell in split_as_spreadsheets_do(content):
            assert not cell.lstrip(' "\t\r\n').startswith(tuple(TRIGGERS)), repr(cell)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" =1", " '=1"),
        ("＝1", "'＝1"),
        ("a;=1", "a;'=1"),
        ('a;"=1"', 'a;"\'=1"'),
        ("a - b = c", "a - b = c"),
        ("O'Neil", "O'Neil"),
        ("'t Hooft", "'t Hooft"),
        ("jane@example.org", "jane@example.org"),
        ("'=1", "''=1"),
    ],
)
def test_only_what_could_be_a_formula_is_changed(text, cell):
    assert guarded(text) == cell


@pytest.mark.parametrize("sign", "=+-@＝＋－＠﹢﹣﹫﹦−")
def test_every_sign_that_begins_a_formula_is_guarded(sign):
    assert name_cell(f"{sign}1") == f"'{sign}1"


@settings(deadline=None)
@given(HOSTILE)
def test_the_guard_can_be_taken_away(text):
    assert unguarded(guarded(text)) == text


@settings(deadline=None)
@given(HOSTILE, HOSTILE)
def test_two_names_never_give_the_same_cell(a, b):
    assert (name_cell(a) == name_cell(b)) == (a == b)


@settings(deadline=None)
@given(HOSTILE)
def test_a_name_and_what_it_becomes_never_give_the_same_cell(a):
    for b in (name_cell(a), f"'{a}", f"{a} ", f" {a}", a.replace("\n", " ")):
        assert (name_cell(a) == name_cell(b)) == (a == b)


def test_nasty_names_stay_apart():
    assert len(set(map(name_cell, NASTY))) == len(NASTY)
    assert all("\n" not in name_cell(name) for name in NASTY)


def test_texts_keep_their_lines_and_end_before_a_spreadsheet_cuts_them():
    assert text_cell("a\r\nb\rc\td") == "a\nb\nc\td"
    assert text_cell("- one\n- two") == "'- one\n'- two"
    cell = text_cell("x" * 10**6)
    assert len(cell) < 32_767
    assert cell.endswith("[… cut here; the rest is in the notebook]")


def test_a_text_shows_what_turns_it_around():
    assert text_cell("a\u202eb") == r"a\u202eb"


def test_many_blanks_take_no_time():
    began = time.monotonic()
    assert text_cell("\n" * 29_000 + " " * 900 + "x")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("number", "cell"),
    [(None, ""), (0, "0"), (2.0, "2"), (1.5, "1.5"), (10, "10"), (1 / 3, "0.3333")],
)
def test_numbers(number, cell):
    assert number_cell(number) == cell


def test_excel_is_told_that_it_is_utf8():
    assert to_csv([["é"]], excel=True) == b"\xef\xbb\xbf\xc3\xa9\r\n"
    assert to_csv([["é"]]) == b"\xc3\xa9\r\n"


ROWS = [["Student", "mark"], ['Zoë; "x"', "1"], ["", ""], ["two\nlines", "2"], ["Łu", "3"]]


def saved(separator, encoding):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows(ROWS)
    return buffer.getvalue().encode(encoding, "replace")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_dialect_is_read(separator, encoding):
    assert from_csv(saved(separator, encoding), ["student", "mark"]) == [
        (2, {"student": 'Zoë; "x"', "mark": "1"}),
        (4, {"student": "two\nlines", "mark": "2"}),
        (5, {"student": "Łu", "mark": "3"}),
    ]


def test_the_code_page_of_windows_is_read_but_for_what_it_lost():
    rows = from_csv(saved(";", "cp1252"), ["student"])
    assert [row["student"] for _, row in rows] == ['Zoë; "x"', "two\nlines", "?u"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Missing: student, mark"),
        (b"student;points\r\n", "Missing: mark"),
        (b"mark,student,mark\r\n", "mark is there twice"),
        (b"\x00\x01\x02", "Missing"),
        (b"student,mark\r\n" + b'"' + b"x" * 200_000, "Row 2 is no row"),
    ],
)
def test_what_is_no_table_is_refused(content, words):
    with pytest.raises(NoTable, match=words):
        from_csv(content, ["student", "mark"])


def test_short_and_long_rows_are_padded():
    assert from_csv(b"student,mark\na\nb,1,2\n", ["student", "mark"]) == [
        (2, {"student": "a", "mark": ""}), (3, {"student": "b", "mark": "1"}),
    ]  # fmt: skip


def test_blanks_around_the_names_of_columns_do_no_harm():
    assert from_csv(b" Student , mark\na,1\n", ["student", "mark"]) == [
        (2, {"student": "a", "mark": "1"})
    ]
