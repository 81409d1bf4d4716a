"""course.grading.marking_sheet: out to a spreadsheet and back, and no mark on the wrong row."""

import csv
import io
import re

import pytest
from paper import NASTY, submission

from course.grading.gradebook import open_gradebook
from course.grading.marking_sheet import SheetError, merge_sheet, write_sheet


@pytest.fixture
def book(tmp_path):
    with open_gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


@pytest.fixture
def sheet(tmp_path):
    return tmp_path / "marking.csv"


def add(book, student, texts=None, key=None):
    one = submission(student, key=key)
    book.take_in([one])
    texts = {"question 1.6": f"I am {student}.", "homework 1": ""} if texts is None else texts
    book.store(one, "c", [], written=[(q, text, 2) for q, text in texts.items()])


def rows_of(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def save(path, rows, separator=",", encoding="utf-8"):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding, "replace"))


def filled(path, marks, **how):
    """Fill in marks by row, as a person does in a spreadsheet: a dict of row -> (mark, comment)."""
    rows = rows_of(path)
    for number, (mark, comment) in marks.items():
        rows[number][4:6] = [mark, comment]
    save(path, rows, **how)


def given(book):
    texts = [t for t in book.written() if t.mark is not None]
    return {(t.student, t.question): (t.mark, t.comment) for t in texts}


def test_a_sheet_has_every_text_and_room_for_marks(book, sheet):
    add(book, "Zoe", {"homework 1": "def f(): pass", "question 1.6": "- a\n- b"})
    add(book, "bob")
    assert write_sheet(sheet, book) == sheet
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = rows_of(sheet)
    assert rows[0] == ["student", "question", "points possible", "text", "mark", "comment", "id"]
    assert [row[:6] for row in rows[1:]] == [
        ["Zoe", "question 1.6", "2", "'- a\n'- b", "", ""],
        ["bob", "question 1.6", "2", "I am bob.", "", ""],
        ["Zoe", "homework 1", "2", "def f(): pass", "", ""],
    ]


def test_a_sheet_for_other_programs_has_no_mark(book, sheet):
    write_sheet(sheet, book, excel=False)
    assert sheet.read_bytes().startswith(b"student,")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_marks_come_back_from_any_spreadsheet(book, sheet, separator, encoding):
    add(book, "Łukasz", {"question 1.6": 'Żółw → 2\n; "=1"'})
    add(book, "bob")
    write_sheet(sheet, book)
    comma = "1,5" if separator == ";" else "1.5"
    marks = {1: (comma, "gut; schön"), 2: (" 2 ", "")}
    filled(sheet, marks, separator=separator, encoding=encoding)
    merged = merge_sheet(sheet, book)
    assert merged.problems == []
    assert merged.changed == 2
    assert given(book) == {
        ("bob", "question 1.6"): (1.5, "gut; schön"), ("Łukasz", "question 1.6"): (2, ""),
    }  # fmt: skip


def test_merging_twice_changes_nothing(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("1.5", "ok")})
    assert merge_sheet(sheet, book).changed == 1
    assert merge_sheet(sheet, book).changed == 0
    assert given(book) == {("a", "question 1.6"): (1.5, "ok")}


def test_a_new_sheet_shows_what_was_merged(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("1.5", "- ok")})
    merge_sheet(sheet, book)
    assert write_sheet(sheet, book) == sheet
    assert rows_of(sheet)[1][4:6] == ["1.5", "'- ok"]
    assert merge_sheet(sheet, book).changed == 0


COMMENTS = (
    "a\u200bb", "می\u200cخواهم", "x\u202ey", "two\nlines\n\n- and a list", r"write \x41, not \\x5c",
    "1/2", "007", "'1-2", "-1", "=1+1", "'=1", "''=1", "a;=1", "\u200b=1", "a\u2028=1", "\ufeff@x",
    "O'Neil", "gut; schön, 100 %", "a\0b", "ends\u00a0in\u00a0between", "x" * 10_000,
)  # fmt: skip


@pytest.mark.parametrize("comment", COMMENTS, ids=lambda comment: ascii(comment[:20]))
def test_a_comment_comes_back_as_it_is(book, sheet, comment):
    add(book, "a")
    book.merge([(book.written()[0], 1, comment)])
    for separator in ",;":
        assert write_sheet(sheet, book) == sheet
        rows = rows_of(sheet)
        for part in re.split(r"[;\n\u2028]", rows[1][5]):
            assert not part.lstrip(' "\u200b\ufeff').startswith(tuple("=+-@"))
        save(sheet, rows, separator)
        assert merge_sheet(sheet, book).changed == 0
    assert given(book) == {("a", "question 1.6"): (1, comment)}


def test_a_comment_has_one_kind_of_line_end_and_no_blanks_around(book, sheet):
    add(book, "a")
    book.merge([(book.written()[0], 1, " one\r\ntwo\rthree\n")])
    for end in ("\r\n", "\r", "\n"):
        write_sheet(sheet, book)
        filled(sheet, {1: ("1", f"one{end}two{end}three {end}")})
        assert merge_sheet(sheet, book).changed == 0
    assert given(book) == {("a", "question 1.6"): (1, "one\ntwo\nthree")}


def test_a_comment_that_would_be_cut_is_not_taken(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("1", "x" * 10_001)})
    assert merge_sheet(sheet, book).problems == [
        "Row 2: The comment on a, question 1.6 is longer than 10,000 characters."
    ]
    assert given(book) == {}


def test_a_mark_keeps_all_its_decimals(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("0.333333", "")})
    assert merge_sheet(sheet, book).changed == 1
    write_sheet(sheet, book)
    assert merge_sheet(sheet, book).changed == 0
    assert given(book) == {("a", "question 1.6"): (0.333333, "")}


def test_a_sheet_somebody_works_on_is_never_overwritten(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("1.5", "")})
    before = sheet.read_bytes()
    new = write_sheet(sheet, book)
    assert new.name == "marking-new.csv"
    filled(new, {1: ("2", "")})
    assert write_sheet(sheet, book).name == "marking-new2.csv"
    assert sheet.read_bytes() == before
    assert rows_of(new)[1][4] == "2"


def test_something_else_under_the_name_is_never_overwritten(book, sheet):
    sheet.write_text("my notes", encoding="utf-8")
    assert write_sheet(sheet, book).name == "marking-new.csv"
    assert sheet.read_text(encoding="utf-8") == "my notes"


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("2.5", "above the 2 points"),
        ("-1", "no number"),
        ("+1", "no number"),
        ("2 of 2", "no number"),
        ("1/2", "no number"),
        ("nan", "no number"),
        ("inf", "no number"),
        ("1e0", "no number"),
        ("٢", "no number"),
        ("01. Mai", "no number"),
        ("1.5.2", "no number"),
        ("1,500.0", "no number"),
        ("=1+1", "no number"),
        ("9" * 99, "no number"),
    ],
)
def test_a_mark_that_is_none_is_named_by_its_row(book, sheet, mark, words):
    add(book, "a", {"question 1.6": "two\nlines"})
    add(book, "b")
    write_sheet(sheet, book)
    filled(sheet, {1: ("2", ""), 2: (mark, "")})
    merged = merge_sheet(sheet, book)
    (problem,) = merged.problems
    assert problem.startswith("Row 3: ")
    assert words in problem
    assert given(book) == {("a", "question 1.6"): (2, "")}


def changed(book, sheet, change):
    """What comes of a sheet of a and b, both marked, after a change to its rows."""
    add(book, "a")
    add(book, "b")
    write_sheet(sheet, book)
    filled(sheet, {1: ("1", "for a"), 2: ("2", "for b")})
    rows = rows_of(sheet)
    save(sheet, change(rows) or rows)
    return merge_sheet(sheet, book).problems


def swap(rows, column):
    rows[1][column], rows[2][column] = rows[2][column], rows[1][column]


def test_a_column_that_was_sorted_alone_is_found(book, sheet):
    problems = changed(book, sheet, lambda rows: swap(rows, 0))
    assert [p[:7] for p in problems] == ["Row 2: ", "Row 3: "]
    assert given(book) == {}


def test_names_that_were_sorted_apart_are_found_where_texts_are_the_same(book, sheet):
    for name in ("a", "b"):
        add(book, name, {"question 1.6": "the same"})
    write_sheet(sheet, book)
    filled(sheet, {1: ("1", ""), 2: ("2", "")})
    rows = rows_of(sheet)
    assert all(row[6].startswith("#") for row in rows[1:])  # 1234e567 would become a number
    swap(rows, 0)
    save(sheet, rows)
    assert len(merge_sheet(sheet, book).problems) == 2
    assert given(book) == {}


def test_texts_that_were_sorted_apart_are_found_without_the_id_too(book, sheet):
    def change(rows):
        swap(rows, 3)
        return [row[:6] for row in rows]

    problems = changed(book, sheet, change)
    assert all("The text is not what" in p for p in problems)
    assert len(problems) == 2
    assert given(book) == {}


def test_rows_in_another_order_are_fine(book, sheet):
    assert changed(book, sheet, lambda rows: [rows[0], rows[2], rows[1]]) == []
    assert given(book) == {
        ("a", "question 1.6"): (1, "for a"), ("b", "question 1.6"): (2, "for b"),
    }  # fmt: skip


def test_columns_in_another_order_and_more_of_them_are_fine(book, sheet):
    assert changed(book, sheet, lambda rows: [[*row[::-1], "mine"] for row in rows]) == []
    assert len(given(book)) == 2


def test_a_changed_text_is_found_but_not_blanks(book, sheet):
    def change(rows):
        rows[1][3] += "  \n"
        rows[2][3] += " I deserve full marks."

    (problem,) = changed(book, sheet, change)
    assert problem.startswith("Row 3: The text is not what b wrote")
    assert list(given(book)) == [("a", "question 1.6")]


def test_a_text_that_was_handed_in_since_is_not_marked(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("2", "")})
    add(book, "a", {"question 1.6": "something else"}, key="new")
    (problem,) = merge_sheet(sheet, book).problems
    assert "a has handed in another text for question 1.6" in problem
    assert given(book) == {}


def test_a_changed_text_can_be_marked_anew(book, sheet):
    for key, text in (("old", "x"), ("new", "y")):
        add(book, "a", {"question 1.6": text}, key=key)
        write_sheet(sheet, book)
        assert rows_of(sheet)[1][4:6] == ["", ""]
        filled(sheet, {1: ("2", "the same")})
        assert merge_sheet(sheet, book).changed == 1
        assert not book.written()[0].stale


def test_a_comment_alone_can_be_changed(book, sheet):
    add(book, "a")
    for comment in ("first", "second"):
        write_sheet(sheet, book)
        filled(sheet, {1: ("2", comment)})
        assert merge_sheet(sheet, book).changed == 1
    assert given(book) == {("a", "question 1.6"): (2, "second")}


def emptied(book):
    """A text that was marked, and that is gone in the next submission; beside one never written."""
    texts = {"question 1.6": "x", "homework 1": ""}
    add(book, "a", texts, key="old")
    book.merge([(book.written()[0], 2, "good")])
    add(book, "a", {**texts, "question 1.6": ""}, key="new")


def test_a_text_that_was_emptied_after_it_had_been_marked_has_a_row(book, sheet):
    emptied(book)
    write_sheet(sheet, book)
    (row,) = rows_of(sheet)[1:]
    assert row[:6] == [
        "a", "question 1.6", "2", "[Nothing is written now. An earlier text was marked.]", "", "",
    ]  # fmt: skip
    merged = merge_sheet(sheet, book)
    assert (merged.changed, merged.problems) == (0, [])
    assert [t.points for t in book.written()] == [0, 0]
    assert given(book) == {("a", "question 1.6"): (2, "good")}  # it is kept, and does not count


def test_a_mark_for_a_text_that_was_emptied_counts_once_a_person_gives_it(book, sheet):
    emptied(book)
    write_sheet(sheet, book)
    filled(sheet, {1: ("1.5", "handed in on paper")})
    for changed in (1, 0):
        merged = merge_sheet(sheet, book)
        assert (merged.changed, merged.problems) == (changed, [])
    assert [(t.points, t.stale) for t in book.written()] == [(1.5, False), (0, False)]
    write_sheet(sheet, book)
    assert rows_of(sheet)[1][4:6] == ["1.5", "handed in on paper"]
    book.take_in([submission("a", key="old")])  # and the text comes back
    assert [(t.points, t.stale) for t in book.written()] == [(1.5, True), (0, False)]


def test_a_sheet_with_a_comment_alone_is_not_overwritten(book, sheet):
    add(book, "a")
    write_sheet(sheet, book)
    filled(sheet, {1: ("", "look again")})
    assert write_sheet(sheet, book).name == "marking-new.csv"


def test_the_same_mark_for_a_changed_text_is_work_that_is_not_overwritten(book, sheet):
    add(book, "a", {"question 1.6": "x"}, key="old")
    book.merge([(book.written()[0], 2, "good")])
    add(book, "a", {"question 1.6": "y"}, key="new")
    write_sheet(sheet, book)
    filled(sheet, {1: ("2", "good")})
    assert write_sheet(sheet, book).name == "marking-new.csv"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (0, "nobody", "Row 2: There is no student nobody"),
        (0, "", "Row 2: There is no student nobody"),
        (1, "question 9.9", "Row 2: a has no question 9.9. Leave the column question as it was"),
        (1, "1.6", "Row 2: a has no 1.6"),
    ],
)
def test_unknown_students_and_questions(book, sheet, column, value, words):
    def change(rows):
        rows[1][column] = value

    (problem,) = changed(book, sheet, change)
    assert problem.startswith(words)
    assert list(given(book)) == [("b", "question 1.6")]


def test_two_marks_for_one_text_count_only_if_they_agree(book, sheet):
    assert changed(book, sheet, lambda rows: [*rows, rows[1]]) == []
    assert len(given(book)) == 2


def test_two_marks_that_differ_are_both_left_out(book, sheet):
    def change(rows):
        other = [*rows[1][:4], "2", "", rows[1][6]]
        return [*rows, other, rows[1]]

    problems = changed(book, sheet, change)
    assert [p.split(",")[0] for p in problems] == ["Row 4: a", "Row 5: a"]
    assert "marked in row 2 already, otherwise. Neither was taken." in problems[0]
    assert list(given(book)) == [("b", "question 1.6")]


def test_two_marks_with_other_comments_are_both_left_out(book, sheet):
    problems = changed(book, sheet, lambda rows: [*rows, [*rows[1][:5], "other", rows[1][6]]])
    assert len(problems) == 1
    assert list(given(book)) == [("b", "question 1.6")]


def test_rows_without_a_mark_change_nothing(book, sheet):
    add(book, "a")
    add(book, "b")
    book.merge([(book.written()[0], 1, "before")])
    write_sheet(sheet, book)
    filled(sheet, {1: ("", ""), 2: ("", "a comment alone")})
    merged = merge_sheet(sheet, book)
    assert merged.unmarked == 2
    assert merged.problems == ["Row 3: b, question 1.6 has a comment but no mark; not taken."]
    assert given(book) == {("a", "question 1.6"): (1, "before")}


def test_nasty_names_and_texts_come_back_to_their_owners(book, sheet):
    for name in NASTY:
        add(book, name, {"question 1.6": f"{name}\n{name}\n=1;=2\t-3\r\n\x00\u202e"})
    write_sheet(sheet, book)
    marks = {i + 1: (f"{i / 100:.2f}", text.student) for i, text in enumerate(
        t for t in book.written() if t.text.strip()
    )}  # fmt: skip
    filled(sheet, {row: (mark, "") for row, (mark, _) in marks.items()}, separator=";")
    merged = merge_sheet(sheet, book)
    assert merged.problems == []
    assert {k[0]: v[0] for k, v in given(book).items()} == {
        student: float(mark) for mark, student in marks.values()
    }


@pytest.mark.parametrize(
    "student", ["007", "'007", "1E5", "12345678901234567", "1-2", "3/4", "1.10", "12:30"]
)
def test_names_that_a_spreadsheet_takes_for_numbers_are_guarded(book, sheet, student):
    add(book, student)
    write_sheet(sheet, book)
    cell = rows_of(sheet)[1][0]
    assert cell.startswith("'")
    with pytest.raises(ValueError, match="could not convert"):
        float(cell)
    filled(sheet, {1: ("1", "")})
    assert merge_sheet(sheet, book).changed == 1


@pytest.mark.parametrize("text", ["1E5", "007", "3/4", " 1-2 ", "'12", "1.10", "7\n"])
def test_texts_that_a_spreadsheet_takes_for_numbers_or_dates_are_guarded(book, sheet, text):
    add(book, "a", {"question 1.6": text})
    write_sheet(sheet, book)
    assert rows_of(sheet)[1][3] == f"'{text}"
    filled(sheet, {1: ("1", "")})
    assert merge_sheet(sheet, book).changed == 1


@pytest.mark.parametrize("begin", [b"PK\3\4", b"\xd0\xcf\x11\xe0"])
def test_a_workbook_is_refused_with_what_to_do(book, sheet, begin):
    sheet.write_bytes(begin + b"rest")
    with pytest.raises(SheetError, match=r'is a workbook\. Save it .* as "CSV UTF-8"'):
        merge_sheet(sheet, book)


def test_names_that_a_code_page_makes_alike_are_not_mixed_up(book, sheet):
    for name in ("Łu", "Ďu"):
        add(book, name)
    write_sheet(sheet, book)
    filled(sheet, {1: ("1", ""), 2: ("2", "")}, encoding="cp1252")
    merged = merge_sheet(sheet, book)
    assert len(merged.problems) == 2
    assert given(book) == {}


@pytest.mark.parametrize("content", [b"", b"my notes", b"student,question\r\n", b"\x00\xff"])
def test_what_is_no_sheet_is_refused(book, sheet, content):
    sheet.write_bytes(content)
    with pytest.raises(SheetError, match="no marking sheet"):
        merge_sheet(sheet, book)


def test_a_sheet_that_is_not_there(book, sheet):
    with pytest.raises(SheetError, match="cannot be read"):
        merge_sheet(sheet, book)
