"""course.grading.gradebook_file: a full disk and a torn file cost no mark and show no traceback."""

import pytest
from paper import marks_of, submission

from course.grading.gradebook import GradebookError, open_gradebook

STUDENTS = [f"student {i}" for i in range(60)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gradebook.sqlite"


def fill(book, students):
    for student in students:
        one = submission(student)
        book.take_in([one])
        book.store(one, "cases", marks_of(student), written=[("question 1", "words " * 200, 1)])


def test_a_disk_that_fills_up_costs_nothing_that_is_stored(path):
    with (
        pytest.raises(GradebookError, match=r"disk is full\. Free some space.*is kept"),
        open_gradebook(path) as book,
    ):
        fill(book, STUDENTS[:10])
        (pages,) = book._db.execute("PRAGMA page_count").fetchone()
        book._db.execute(f"PRAGMA max_page_count = {pages + 3}")
        fill(book, STUDENTS[10:])
    with open_gradebook(path) as book:
        graded = {mark.student for mark in book.marks()}
        assert set(STUDENTS[:10]) <= graded < set(STUDENTS)
        assert len(book.marks()) == len(graded) * len(marks_of("any"))
        fill(book, STUDENTS)
        assert {mark.student for mark in book.marks()} == set(STUDENTS)


def test_a_file_torn_in_the_middle_is_told(path):
    with open_gradebook(path) as book:
        fill(book, STUDENTS)
    content = bytearray(path.read_bytes())
    content[len(content) // 4 : 3 * len(content) // 4] = b"\xff" * (len(content) // 2)
    path.write_bytes(content)
    with (
        pytest.raises(GradebookError, match=r"damaged.*Put back a copy"),
        open_gradebook(path) as book,
    ):
        book.marks()
        book.written()
        book.entries()
