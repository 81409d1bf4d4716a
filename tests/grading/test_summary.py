"""course.grading.summary: what the instructor is told is what is there."""

import html
import re
from urllib.parse import unquote

import pytest
from markup import checked
from paper import NASTY, graded, submission

from course.grading.feedback import write_feedback
from course.grading.gradebook import Mark, open_gradebook
from course.grading.summary import counts, hardest, write_summary, wrong_answers


@pytest.fixture
def book(tmp_path):
    with open_gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def mark(student, exercise, status, hint="", digest="", line=""):
    points, lines = int(status == "passed"), (line,) * bool(line)
    return Mark(student, 1, exercise, points, 1, status, lines, hint=hint, digest=digest)


def test_wrong_answers_are_grouped_by_hint_then_value_then_words():
    marks = [
        mark("a", "1.1", "not yet", hint="biases?", digest="1"),
        mark("b", "1.1", "not yet", hint="biases?", digest="2"),
        mark("c", "1.1", "not yet", digest="3", line="The value is wrong."),
        mark("d", "1.1", "not yet", digest="3", line="The value is wrong."),
        mark("e", "1.1", "not yet", digest="4", line="The value is wrong."),
        mark("f", "1.1", "not yet", line="Raised."),
        mark("g", "1.1", "passed"),
        mark("h", "1.1", "not attempted"),
        mark("i", "1.1", "timeout", line="No answer."),
        mark("j", "1.1", "not yet", hint="biases?"),
    ]
    assert wrong_answers(marks) == [
        ("Hint: biases?", ["a", "b", "j"]), ("The value is wrong.", ["c", "d"]), ("Raised.", ["f"]),
        ("The value is wrong.", ["e"]),
    ]  # fmt: skip
    assert counts(marks) == [1, 7, 1, 1]


def test_the_hardest_exercise():
    marks = [mark(s, "1.2", "passed" if s < "c" else "not yet") for s in "abcd"]
    marks += [mark(s, "1.10", "passed" if s < "b" else "not attempted") for s in "abcd"]
    assert hardest(marks) == ("1.10", 0.25)
    assert hardest(marks[:2]) is None
    assert hardest([]) is None


def test_the_summary_says_it_all(book, tmp_path):
    for i in range(10):
        status = "passed" if i < 3 else "not yet"
        rows = [
            ("1.1", 1, 1, "passed"),
            ("1.2", int(i < 3), 1, status, (), "", "", "" if i < 3 else "Sum or mean?"),
            ("1.3", 0, 2, "crashed" if i == 9 else "not attempted", ("It went away.",)),
        ]
        flags = ["Cell 9 counts."] if i == 4 else []
        graded(book, f"s{i}", rows, written=[("question 1.6", "x", 2)], flags=flags)
    book.take_in([submission("bad", problem="The file is empty."), submission("todo")])
    write_summary(tmp_path / "summary.html", book, lines=["Recognised a Canvas export."])
    made = checked(tmp_path / "summary.html")
    for words in (
        "Students 12", "Submissions graded 10", "Mean 1.3 of 6", "Could not be graded 1",
        "Texts to be marked 10", "Submissions: 1 not graded yet: run the same command again.",
        "The hardest exercise was 1.3 (binary cross-entropy): 0 % of those who handed in",
        "Mean 1.3 of 6 points, 10 students, without the texts",
        "1.1 count the trained numbers 10 0 0 0", "1.2 mean squared error 3 7 0 0",
        "1.3 binary cross-entropy 0 0 1 9", "1.2 7 Hint: Sum or mean? s3 , s4 , s5 and 4 more",
        "bad chapter 1 The file is empty.", "s9 exercise 1.3 It went away.",
        "s4 , chapter 1: Cell 9 counts.", "Recognised a Canvas export.",
        "s0 2 / 6", "bad – Chapter 1: The file is empty.",
    ):  # fmt: skip
        assert words in made.text, words
    markup = (tmp_path / "summary.html").read_text(encoding="utf-8")
    assert 'aria-label="Students by points: 7 with 1; 3 with 2"' in html.unescape(markup)
    assert made.tags["svg"] == 4


def test_bars_are_as_long_as_they_say(book, tmp_path):
    for i in range(4):
        graded(book, f"s{i}", [("1.1", int(i < 1), 1, "passed" if i < 1 else "not yet")])
    write_summary(tmp_path / "summary.html", book)
    markup = (tmp_path / "summary.html").read_text(encoding="utf-8")
    bars = re.findall(r'<rect class="(right|wrong-part)"[^>]* width="([\d.]+)"', markup)
    widths = {kind: float(width) for kind, width in bars}
    assert widths == pytest.approx({"right": 55 - 1.5, "wrong-part": 165 - 1.5})


def test_many_failures_do_not_flood_the_summary(book, tmp_path):
    book.take_in([submission(f"s{i}", problem="Empty.") for i in range(500)])
    write_summary(tmp_path / "summary.html", book)
    made = checked(tmp_path / "summary.html")
    assert made.text.count("chapter 1 Empty.") == 200
    assert "… and 300 more." in made.text


def test_an_empty_gradebook_has_a_summary(book, tmp_path):
    write_summary(tmp_path / "summary.html", book)
    assert "Students 0" in checked(tmp_path / "summary.html").text


def test_links_lead_to_the_pages(book, tmp_path):
    for name in NASTY:
        graded(book, name, [("1.1", 1, 1, "passed")])
    paths = write_feedback(tmp_path / "feedback", book)
    write_summary(tmp_path / "summary.html", book, feedback=paths)
    links = {link for link in checked(tmp_path / "summary.html").links if not link.startswith("#")}
    assert {tmp_path / unquote(link) for link in links} == set(paths.values())
    assert not any(":" in link or "//" in link for link in links)


def test_chapters_are_told_apart(book, tmp_path):
    graded(book, "a", [("1.2", 2, 2, "passed"), ("1.10", 3, 3, "passed")])
    for student in "abcd":
        line = ("d's own.",) if student == "d" else ("Raised.",)
        graded(book, student, [("2.1", 0, 1, "not yet", line), ("2.2", 0, 1, "missing")], 2)
    book.take_in([submission("e", None, problem="There is no notebook.")])
    book.use({1: "c", 2: "other"})
    write_summary(tmp_path / "summary.html", book)
    made = checked(tmp_path / "summary.html")
    one, two = made.text.split("Chapter 2: ")[1:3]  # the first is the list of chapters
    assert set(made.links) == {"#ch1", "#ch2"}
    assert "Mean 5.0 of 5 points, 1 student." in one and "Exercise 2" not in one
    assert re.search(r"1\.2 .* 1\.10 ", one) and "The hardest" not in one
    assert "Mean 0.0 of 2 points, 4 students." in two
    assert "2.1 3 Raised. a , b , c 2.1 1 d's own. d" in two
    assert "chapter None" not in made.text
    assert "a exercise 2.2 missing" in two and "e There is no notebook." in two
    assert "Submissions: 4 with marks from earlier cases: grade them again." in made.text
    assert " Mean 1" not in made.text.split("Chapter")[0]
    markup = (tmp_path / "summary.html").read_text(encoding="utf-8")
    assert 'aria-label="Students by points: 1 with 5"' in markup
    assert 'aria-label="Students by points: 4 with 0"' in markup


def test_links_are_relative(book, tmp_path):
    for name in NASTY:
        graded(book, name, [("1.1", 1, 1, "passed")])
    write_summary(
        tmp_path / "summary.html", book, feedback=write_feedback(tmp_path / "feedback", book)
    )
    links = checked(tmp_path / "summary.html").links
    assert links and all(link.startswith("feedback/") for link in links)
