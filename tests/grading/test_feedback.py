"""course.grading.feedback and page: what students wrote is shown, and never does anything."""

import os
import re

import pytest
from markup import checked
from paper import NASTY, graded, submission

from course.grading import page
from course.grading.feedback import write_feedback
from course.grading.gradebook import Mark, open_gradebook
from course.grading.summary import write_summary

ATTACKS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>", "</title><svg onload=alert(1)>", "<!--", "]]>", "&#60;b>",
    "javascript:alert(1)", "\u202e\u2066", "\x00\x08", "<iframe src=//evil.example>", "{{7*7}}",
    '<meta http-equiv=refresh content="0;url=//evil.example">', "\ud83d", "</article></main>",
)  # fmt: skip


@pytest.fixture
def book(tmp_path):
    with open_gradebook(tmp_path / "gradebook.sqlite") as book:
        yield book


def test_a_student_sees_points_case_and_hint(book, tmp_path):
    marks = [
        ("1.1", 1, 1, "passed", ("4 of 4 cases.",)),
        ("1.2", 0, 1, "not yet", ("Hint: sum or mean?",), "Case: x = 1.", "line 2 in f: x"),
        ("1.3", 0, 2, "not attempted", ("Replace the line that raises.",)),
        ("1.4", 0, 2, "timeout", ("No answer after 5 seconds.",)),
    ]
    texts = [("question 1.6", "Because.", 2), ("homework 1", "", 6), ("homework 1b", "x", 1)]
    graded(book, "Jane", marks, written=texts, flags=["The check of exercise 1.1 is missing."])
    text = next(t for t in book.written() if t.question == "question 1.6")
    book.merge([(text, 1.5, "Nearly.\nSee page 3.")])
    made = checked(write_feedback(tmp_path / "feedback", book)["Jane"])
    for words in (
        "Feedback for Jane", "2.5 of 15 points so far; 1 text is not marked yet.",
        "Chapter 1: The smallest autoencoder", "From Jane/ch1.ipynb",
        "The check of exercise 1.1 is missing.",
        "✓ Exercise 1.1: count the trained numbers 1 of 1 point, right 4 of 4 cases.",
        "✗ Exercise 1.2: mean squared error 0 of 1 point, not yet Hint: sum or mean? "
        "Case: x = 1. line 2 in f: x",
        "○ Exercise 1.3: binary cross-entropy 0 of 2 points, not attempted",
        "✗ Exercise 1.4: which loss for which output 0 of 2 points, could not be run No answer",
        "✎ Question 1.6 1.5 of 2 points Nearly. See page 3. What you wrote Because.",
        "○ Homework 1 0 of 6 points, nothing was written",
        "○ Homework 1b 1 point, not marked yet What you wrote x",
    ):  # fmt: skip
        assert words in made.text


def test_each_chapter_shows_its_own(book, tmp_path):
    for chapter in (2, 1):
        graded(book, "a", [(f"{chapter}.1", 1, 1, "passed")], chapter)
    made = checked(write_feedback(tmp_path, book)["a"])
    assert re.findall(r"Chapter \d|Exercise \d\.\d", made.text) == [
        "Chapter 1", "Exercise 1.1", "Chapter 2", "Exercise 2.1",
    ]  # fmt: skip


def test_what_could_not_be_graded_is_said(book, tmp_path):
    book.take_in([
        submission("a", problem="The file is empty."),
        submission("b", None, problem="There is no notebook."),
        submission("c"),
    ])  # fmt: skip
    pages = {s: checked(p).text for s, p in write_feedback(tmp_path, book).items()}
    assert "This could not be graded. The file is empty." in pages["a"]
    assert "What you handed in" in pages["b"]
    assert "There is no notebook." in pages["b"]
    assert "Not graded yet." in pages["c"]


def test_a_mark_on_an_earlier_text_is_said(book, tmp_path):
    graded(book, "a", [], written=[("question 1.6", "x", 2)])
    book.merge([(book.written()[0], 2, "")])
    one = submission("a", key="new")
    book.take_in([one])
    book.store(one, "c", [], written=[("question 1.6", "y", 2)])
    made = checked(write_feedback(tmp_path, book)["a"])
    assert "2 of 2 points, marked on an earlier text" in made.text


def test_a_mark_on_a_text_that_was_emptied_does_not_count(book, tmp_path):
    for key, content in (("old", "x"), ("new", "")):
        one = submission("a", key=key)
        book.take_in([one])
        book.store(one, "c", [], written=[("question 1.6", content, 2)])
        if content:
            book.merge([(book.written()[0], 2, "")])
    made = checked(write_feedback(tmp_path, book)["a"])
    assert "0 of 2 points ." in made.text
    assert "○ Question 1.6 0 of 2 points, nothing was written" in made.text
    book.merge([(book.written()[0], 1, "On paper.")])
    made = checked(write_feedback(tmp_path, book)["a"])
    assert "1 of 2 points ." in made.text
    assert "✎ Question 1.6 1 of 2 points On paper." in made.text


def test_expected_values_never_reach_a_page(book, tmp_path):
    lines = ("Expected: 42.125. Received: 3.", "Expected: [9, 9]", "1 of 3 values differ.")
    graded(book, "a", [("1.1", 0, 1, "not yet", lines)])
    made = checked(write_feedback(tmp_path, book)["a"])
    assert "Received: 3. 1 of 3 values differ." in made.text
    assert "42.125" not in made.text
    assert "9, 9" not in made.text


def test_every_student_gets_one_page_of_their_own(book, tmp_path):
    for name in NASTY:
        graded(book, name, [("1.1", 1, 1, "passed", (f"secret of {NASTY.index(name)}.",))])
    paths = write_feedback(tmp_path / "feedback", book)
    assert set(paths) == set(NASTY)
    assert len({p.name.casefold() for p in paths.values()}) == len(NASTY)
    assert all(p.parent == tmp_path / "feedback" for p in paths.values())
    for name, path in paths.items():
        assert re.findall(r"secret of (\d+)\.", checked(path).text) == [str(NASTY.index(name))]


def attacked(book, attack):
    """A student who puts an attack wherever a student can."""
    one = submission(f"eve {attack}".encode("utf-8", "replace").decode())
    text = attack.encode("utf-8", "replace").decode()
    book.take_in([one, submission(f"{one.student} 2", 2, problem=f"The file {text}.")])
    mark = Mark(
        one.student, 1, "1.1", 0, 1, f"crashed {text}", (text, f"raised {text}"), f"Case: {text}",
        f"line 1 in f: {text}", text, text,
    )  # fmt: skip
    wrong = Mark(one.student, 1, "1.2", 0, 1, "not yet", (text,), hint=text)
    book.store(one, "c", [mark, wrong], written=[("question 1.6", text, 2)], flags=[text])
    book.merge([(book.written()[0], 1, text)])
    return one.student


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_becomes_markup(book, tmp_path, attack):
    student = attacked(book, attack)
    paths = write_feedback(tmp_path / "feedback", book)
    made, _ = checked(paths[student]), checked(paths[f"{student} 2"])
    visible = page.shown(attack.encode("utf-8", "replace").decode())
    assert made.text.count(" ".join(visible.split())) >= 6
    write_summary(tmp_path / "summary.html", book, lines=[attack], feedback=paths)
    made = checked(tmp_path / "summary.html")
    assert made.text.count(" ".join(visible.split())) >= 6


def test_a_flood_of_text_is_cut(book, tmp_path):
    flood = "x" * 10**6
    marks = [("1.1", 0, 1, "not yet", (flood, flood), flood, flood, flood)]
    graded(book, "a", marks, written=[("question 1.6", flood, 2)], flags=[flood])
    paths = write_feedback(tmp_path / "feedback", book)
    write_summary(tmp_path / "summary.html", book, lines=[flood], feedback=paths)
    assert paths["a"].stat().st_size < 100_000
    assert (tmp_path / "summary.html").stat().st_size < 30_000


@pytest.mark.skipif(os.name != "posix", reason="POSIX only")
def test_pages_of_earlier_names_are_removed_and_nothing_else(book, tmp_path):
    graded(book, "Jane", [("1.1", 1, 1, "passed")])
    folder = tmp_path / "feedback"
    old = write_feedback(folder, book)["Jane"].rename(folder / "Jane (17).html")
    policy = page.page("Grading summary", "")
    for name, content in (("mine.html", "<p>notes"), ("s.html", policy), ("a.txt", policy)):
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "sub.html").mkdir()
    (folder / "link.html").symlink_to(folder / "Jane.html")
    write_feedback(folder, book)
    assert not old.exists()
    assert sorted(path.name for path in folder.iterdir()) == [
        "Jane.html", "a.txt", "link.html", "mine.html", "s.html", "sub.html",
    ]  # fmt: skip


@pytest.mark.parametrize("student", ["", " ", "\u200d", "\u3000\u00a0"])
def test_a_name_that_cannot_be_seen_has_words(book, tmp_path, student):
    graded(book, student, [("1.1", 1, 1, "passed")])
    paths = write_feedback(tmp_path / "feedback", book)
    write_summary(tmp_path / "summary.html", book, feedback=paths)
    assert "(a name that cannot be seen)" in checked(tmp_path / "summary.html").text
    assert "Feedback for (a name that cannot be seen)" in checked(paths[student]).text


def test_a_name_of_hidden_characters_is_written_out():
    assert page.name("\u202e") == r'<bdi dir="auto">\u202e</bdi>'


def test_points_read_well():
    assert page.points(1, 1) == "1 of 1 point"
    assert page.points(1.5, 2.0) == "1.5 of 2 points"
    assert page.points(0, 10) == "0 of 10 points"


def test_feedback_says_what_happened_to_the_notebook(book, tmp_path):
    one = submission("a", when="2026-01-02", late=True)
    book.take_in([one])
    book.store(one, "c", [])
    graded(
        book, "b", [("1.1", 0, 1, "missing")], written=[(f"question 1.{n}", "x", 1) for n in "67"]
    )
    graded(book, "b", [("2.1", 1, 1, "passed")], 2)
    pages = {s: checked(p).text for s, p in write_feedback(tmp_path, book).items()}
    assert re.search(r"From a/ch1\.ipynb , 2026-01-02, late\.", pages["a"])
    assert (
        "○ Exercise 1.1: count the trained numbers 0 of 1 point, not in the notebook" in pages["b"]
    )
    assert "1 of 4 points so far; 2 texts are not marked yet." in pages["b"]
    assert pages["b"].count("Question 1.6") == 1


def test_quarters_of_points():
    assert page.points(0.25, 1) == "0.25 of 1 point"
    assert page.points(1, 2) == "1 of 2 points" and page.points(0, 1) == "0 of 1 point"


def test_expected_values_of_several_lines(book, tmp_path):
    graded(book, "a", [("1.1", 0, 1, "not yet", ("Expected: [42,\n 43]. Received: 3.",))])
    made = checked(write_feedback(tmp_path, book)["a"])
    assert "Received: 3." in made.text and "42" not in made.text and "43" not in made.text
