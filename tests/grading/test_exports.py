"""course.grading.exports: the same marks in every layout, and nothing that runs."""

import csv
import io
import os

import pytest
from paper import NASTY, marks_of, submission

from course.grading.exports import ExportError, grades, write_grades
from course.grading.gradebook import Mark, open_gradebook


@pytest.fixture
def book(tmp_path):
    with open_gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def add(book, student, chapter=1, points=(2, 0), written=(), **more):
    one = submission(student, chapter, **more)
    book.take_in([one])
    if not one.problem:
        book.store(one, "c", marks_of(student, chapter, points), written=written)


def table(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_our_own_layout(book, tmp_path):
    texts = [("question 1.6", "because", 2), ("homework 1", "", 6)]
    add(book, "Zoe", points=(2, 1.5), written=texts)
    add(book, "bob", chapter=2, points=(0, 2), late=True)
    add(book, "Al", chapter=2, problem="The file is empty.")
    book.merge([(book.written()[0], 1.5, "")])
    (path,) = write_grades(tmp_path, book)
    assert path.name == "grades.csv"
    assert table(path) == [
        ["student", "points", "possible", "chapter 1", "chapter 1 possible", "exercise 1.1",
         "exercise 1.2", "question 1.6", "homework 1", "chapter 2", "chapter 2 possible",
         "exercise 2.1", "exercise 2.2", "remarks"],
        ["Al", "", "", "", "", "", "", "", "", "", "", "", "", "Chapter 2: The file is empty."],
        ["bob", "2", "4", "", "", "", "", "", "", "2", "4", "0", "2", "Chapter 2: late."],
        ["Zoe", "5", "12", "5", "12", "2", "1.5", "1.5", "0", "", "", "", "", ""],
    ]  # fmt: skip


def test_unmarked_texts_are_empty_and_told(book, tmp_path):
    add(book, "a", written=[("question 1.6", "x", 2), ("homework 1", "y", 6)])
    *row, remarks = table(write_grades(tmp_path, book)[0])[1]
    assert row == ["a", "2", "12", "2", "12", "2", "0", "", ""]
    assert remarks == "Chapter 1: 2 texts not marked yet."


def test_what_is_not_graded_is_told(book):
    book.take_in([submission("a")])
    assert grades(book).remarks == {"a": ["Chapter 1: not graded yet."]}


def test_a_mark_for_an_earlier_text_is_told(book):
    add(book, "a", written=[("question 1.6", "x", 2)])
    book.merge([(book.written()[0], 1, "")])
    add(book, "a", key="new", written=[("question 1.6", "y", 2)])
    assert grades(book).remarks == {"a": ["question 1.6 was changed after it had been marked."]}


def test_a_mark_for_a_text_that_was_emptied_does_not_count_and_is_told(book):
    add(book, "a", written=[("question 1.6", "x", 2)])
    book.merge([(book.written()[0], 1.5, "")])
    add(book, "a", key="new", written=[("question 1.6", "", 2)])
    made = grades(book)
    assert made.cells["a", 1, "question 1.6"] == 0
    assert (made.sums["a", 1].points, made.sums["a", 1].unmarked) == (2, 0)
    assert made.remarks == {
        "a": [
            "question 1.6 was changed after it had been marked: nothing is written now, "
            "so 1.5 became 0."
        ]
    }
    book.merge([(book.written()[0], 1, "")])
    made = grades(book)
    assert made.cells["a", 1, "question 1.6"] == 1
    assert made.remarks == {"a": []}


def canvas_accepts(rows):
    """What Canvas's importer asks of a file: its columns, then a row of points."""
    head = rows[0]
    assert "Student" in head[0]
    assert "ID" in head[1]
    assert head[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    assert "Points Possible" in rows[1][0]
    assert not any("Points Possible" in row[0] for row in rows[2:])
    return head[5:], {tuple(row[:4]): row[5:] for row in rows[2:]}


def test_canvas(book, tmp_path):
    add(book, "doejane_12345", system="canvas", number="12345")
    add(book, "doejane_12345", 2, points=(2, 1.5), system="canvas", number="12345")
    add(book, "anon_aB3xy", system="canvas")
    add(book, "jdoe7")
    add(book, "late", problem="Empty.")
    (path,) = write_grades(tmp_path, book, layouts=["canvas"], titles={2: "Latents (4711)"})
    titles, rows = canvas_accepts(table(path))
    assert titles == ["Chapter 1: The smallest autoencoder", "Latents (4711)"]
    assert table(path)[1][5:] == ["4", "4"]
    assert rows == {
        ("anon_aB3xy", "", "", ""): ["2", ""],
        ("doejane_12345", "12345", "", ""): ["2", "3.5"],
        ("jdoe7", "", "", "jdoe7"): ["2", ""],
        ("late", "", "", "late"): ["", ""],
    }


def test_a_number_that_is_none_or_not_the_same_is_no_id_in_canvas(book, tmp_path):
    add(book, "a", system="canvas", number="1x")
    for chapter in (1, 2):
        add(book, "b", chapter, system="canvas", number=str(chapter))
    (path,) = write_grades(tmp_path, book, layouts=["canvas"])
    assert [row[1] for row in table(path)[2:]] == ["", ""]


def test_the_points_of_an_assignment_in_canvas_are_the_most_that_anybody_can_have(book, tmp_path):
    add(book, "a", points=(2,))
    add(book, "b", points=(2, 2))
    add(book, "b", 2, points=(2,))
    (path,) = write_grades(tmp_path, book, layouts=["canvas"])
    assert table(path)[1][5:] == ["4", "2"]


def test_nobody_is_called_points_possible_in_canvas(book, tmp_path):
    """Canvas would take the row for the points of all assignments."""
    for name in ("Points Possible", "  pOINTS pOSSIBLE 99", "Points Possible (read only)"):
        add(book, name)
    (path,) = write_grades(tmp_path, book, layouts=["canvas"])
    rows = table(path)
    canvas_accepts(rows)
    assert not any("points possible" in row[0].lower() for row in rows[2:])


def test_moodle(book, tmp_path):
    add(book, "Jane Doe", system="moodle", number="123456")
    add(book, "Jane Doe", 2, points=(2, 2), system="moodle", number="77")
    add(book, "jdoe7", 2)
    add(book, "x", 2, problem="Empty.")
    paths = write_grades(tmp_path, book, layouts=["moodle"])
    assert [p.name for p in paths] == ["grades-moodle-ch01.csv", "grades-moodle-ch02.csv"]
    head = table(paths[0])[0]
    assert {"Identifier", "Full name", "Username", "Grade", "Last modified (grade)"} <= set(head)
    assert table(paths[0]) == [head, ["Participant 123456", "Jane Doe", "", "2", "4", "-"]]
    assert table(paths[1]) == [
        head,
        ["Participant 77", "Jane Doe", "", "4", "4", "-"],
        ["", "jdoe7", "jdoe7", "2", "4", "-"],
    ]


def test_nasty_names_are_guarded_in_every_layout_and_ids_are_not_touched(book, tmp_path):
    for i, name in enumerate(NASTY):
        add(book, name, system="moodle" if i % 2 else "canvas", number=str(100 + i))
    add(book, "=login")
    paths = write_grades(tmp_path, book, layouts=["own", "canvas", "moodle"])
    for path in paths:
        rows = table(path)
        assert len(rows) >= len(NASTY) + 2
        assert len({len(row) for row in rows}) == 1
        for row in rows:
            for cell in row:
                assert cell == "-" or not cell.lstrip().startswith(tuple("=+-@＝"))
                assert "\n" not in cell
                assert "\r" not in cell
    assert {row[1] for row in table(paths[1])[2:]} == {
        str(100 + i) for i in range(0, len(NASTY), 2)
    } | {""}
    assert "Participant 101" in {row[0] for row in table(paths[2])}


def test_remarks_are_guarded_and_name_no_chapter_where_there_is_none(book, tmp_path):
    add(book, "a", None, problem="There is no notebook, only x;=1+1.pdf.")
    (path,) = write_grades(tmp_path, book)
    assert table(path)[1][-1] == "There is no notebook, only x;'=1+1.pdf."


def test_ten_comes_after_nine_everywhere(book):
    one = submission("a")
    book.take_in([one])
    names = ("1.10", "1.9")
    book.store(one, "c", [Mark("a", 1, n, 1, 1, "passed") for n in names],
               written=[(f"question {n}", "x", 1) for n in names])  # fmt: skip
    assert [m.exercise for m in book.marks()] == ["1.9", "1.10"]
    assert [t.question for t in book.written()] == ["question 1.9", "question 1.10"]
    assert grades(book).columns[1] == [
        "exercise 1.9", "exercise 1.10", "question 1.9", "question 1.10",
    ]  # fmt: skip


def test_excel(book, tmp_path):
    add(book, "Zoë")
    own, canvas = write_grades(tmp_path, book, layouts=["own", "canvas"], excel=True)
    assert own.read_bytes().startswith(b"\xef\xbb\xbf")
    assert not canvas.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "Zoë" in own.read_text(encoding="utf-8-sig")


def test_an_unknown_layout(book, tmp_path):
    with pytest.raises(ValueError, match="own, canvas, moodle"):
        write_grades(tmp_path, book, layouts=["blackboard"])


def test_a_file_that_is_open_elsewhere_stays_whole(book, tmp_path, monkeypatch):
    add(book, "a")
    (path,) = write_grades(tmp_path, book)
    before = path.read_bytes()
    add(book, "b")

    def locked(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", locked)
    with pytest.raises(ExportError, match="open in a spreadsheet"):
        write_grades(tmp_path, book)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".grades*"))


def test_an_empty_gradebook(book, tmp_path):
    paths = write_grades(tmp_path, book, layouts=["own", "canvas", "moodle"])
    assert [p.name for p in paths] == ["grades.csv", "grades-canvas.csv"]
    assert len(table(paths[0])) == 1
    assert io.StringIO(paths[1].read_text(encoding="utf-8")).readline().startswith("Student,ID,")
