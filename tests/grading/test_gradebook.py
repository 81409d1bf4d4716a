"""course.grading.gradebook: never a mark lost or doubled, whatever happens to the process."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from datetime import datetime

import pytest
from paper import NASTY, marks_of, submission

from course.environment import ROOT
from course.grading import gradebook_file
from course.grading.gradebook import GradebookError, Mark, open_gradebook

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mon cahier é#?%20" / "gradebook.sqlite"


def graded(book, student, chapter=1, cases="cases", points=(2, 0), key=None, **more):
    one = submission(student, chapter, key)
    book.take_in([one])
    return book.store(one, cases, marks_of(student, chapter, points), **more)


def points(book):
    return {(m.student, m.exercise): m.points for m in book.marks()}


def test_what_is_stored_comes_back(path):
    more = {"code": "line 1", "hint": "hint", "digest": "d1", "seconds": 0.25}
    mark = Mark("Jane", 1, "1.1", 0.5, 2, "not yet", ("a", "b"), "Case: x = 1.", **more)
    with open_gradebook(path) as book:
        one = submission("Jane", late=True, system="canvas", number="12")
        book.take_in([one])
        assert book.store(one, "c", [mark], written=[("question 1.6", "text", 2)], flags=["odd"])
    with open_gradebook(path) as book:
        assert book.marks() == [mark]
        (entry,) = book.entries()
        assert (entry.student, entry.chapter, entry.late) == ("Jane", 1, True)
        assert (entry.system, entry.number, entry.graded) == ("canvas", "12", True)
        assert entry.flags == ("odd",)
        (text,) = book.written()
        assert (text.question, text.text, text.possible) == ("question 1.6", "text", 2)
        assert text.mark is None


def test_any_name_is_kept(path):
    with open_gradebook(path) as book:
        for student in NASTY:
            graded(book, student)
    with open_gradebook(path) as book:
        assert sorted(e.student for e in book.entries()) == sorted(NASTY)
        assert len(book.marks()) == 2 * len(NASTY)


def test_half_characters_from_an_answer_do_no_harm(path):
    with open_gradebook(path) as book:
        one, half = submission("a"), "x\ud83d"
        book.take_in([one])
        mark = Mark("a", 1, "1.1", 0, 1, half, (half,), half, half, half)
        book.store(one, "c", [mark], written=[("question 1.6", half, 2)], flags=[half])
        assert book.marks() == [Mark("a", 1, "1.1", 0, 1, "x?", ("x?",), "x?", "x?", "x?")]
        assert book.written()[0].text == "x?"
        assert book.entries()[0].flags == ("x?",)


def test_a_second_run_grades_only_what_changed(path):
    a, b = submission("a"), submission("b")
    with open_gradebook(path) as book:
        book.take_in([a, b])
        assert book.ungraded([a, b], {1: "c"}) == [a, b]
        book.store(a, "c", marks_of("a"))
        assert book.ungraded([a, b], {1: "c"}) == [b]
        assert book.ungraded([a, b], {1: "other cases"}) == [a, b]
        assert book.ungraded([submission("a", key="changed"), b], {1: "c"})[0].key == "changed"
        assert book.ungraded([submission("z", problem="Empty.")], {1: "c"}) == []
        assert book.ungraded([submission("z", chapter=2)], {1: "c"}) == []


def test_a_grading_that_comes_twice_changes_nothing(path):
    with open_gradebook(path) as book:
        assert graded(book, "a", points=(2, 0)) is True
        assert graded(book, "a", points=(2, 2)) is False
        assert points(book) == {("a", "1.1"): 2, ("a", "1.2"): 0}


def test_a_new_submission_takes_the_place_of_the_old_one_and_back(path):
    with open_gradebook(path) as book:
        graded(book, "a", key="old", points=(0, 0))
        graded(book, "a", key="new", points=(2, 2))
        assert points(book) == {("a", "1.1"): 2, ("a", "1.2"): 2}
        book.take_in([submission("a", key="old")])
        assert points(book) == {("a", "1.1"): 0, ("a", "1.2"): 0}
        book.take_in([submission("a", key="third")])
        assert points(book) == {}
        assert [e.graded for e in book.entries()] == [False]


def test_what_changes_with_a_new_submission(path):
    with open_gradebook(path) as book:
        book.take_in([submission("a", when=datetime(2024, 1, 1))])
        new = submission(
            "a", key="new", when=datetime(2024, 1, 2), system="canvas", number="7", late=True
        )
        book.take_in([new])
        (e,) = book.entries()
    assert (e.key, e.when, e.system, e.number, e.late) == (
        "new",
        "2024-01-02 00:00:00",
        "canvas",
        "7",
        True,
    )


def test_a_student_of_two_chapters_has_two_entries(path):
    with open_gradebook(path) as book:
        for chapter, cases in ((1, "c"), (2, "d")):
            one = submission("a", chapter)
            book.take_in([one])
            book.store(one, cases, marks_of("a", chapter), flags=[f"flag {chapter}"])
        book.use({1: "c", 2: "d"})
        assert [(e.chapter, e.flags, e.outdated) for e in book.entries()] == [
            (1, ("flag 1",), False), (2, ("flag 2",), False),
        ]  # fmt: skip


def test_the_cases_in_use_decide(path):
    with open_gradebook(path) as book:
        graded(book, "a", cases="first", points=(0, 0))
        graded(book, "a", cases="second", points=(2, 2))
        assert points(book)["a", "1.1"] == 2
        book.use({1: "first"})
        assert points(book)["a", "1.1"] == 0
        assert [e.outdated for e in book.entries()] == [False]
        book.use({1: "third"})
        assert points(book)["a", "1.1"] == 2  # until they are made, the newest others
        assert [e.outdated for e in book.entries()] == [True]


def test_what_cannot_be_graded_does_not_take_a_mark_away(path):
    with open_gradebook(path) as book:
        graded(book, "a")
        (line,) = book.take_in([submission("a", key="", problem="The file is empty.")])
        assert line == (
            "a, chapter 1: a/ch1.ipynb cannot be graded. The file is empty. "
            "The earlier submission keeps its marks."
        )
        assert len(points(book)) == 2
        for problem in ("Empty.", "Damaged."):
            lines = book.take_in([submission("b", problem=problem)])
            assert not any("cannot be graded" in line for line in lines)
        assert [e.problem for e in book.entries()] == [None, "Damaged."]


def test_a_student_without_a_chapter_goes_when_one_comes(path):
    with open_gradebook(path) as book:
        book.take_in([submission("a", None, problem="There is no notebook.")])
        assert [e.chapter for e in book.entries()] == [None]
        book.take_in([submission("a", 2)])
        assert [e.chapter for e in book.entries()] == [2]


def moodle(student, number, chapter=1, key=None):
    return submission(student, chapter, key or f"key {number}", system="moodle", number=number)


def both(book):
    """(student, chapter) -> (points, what a person gave), of what has marks."""
    given = {(t.student, t.chapter): t.mark for t in book.written()}
    sums = {}
    for m in book.marks():
        sums[m.student, m.chapter] = sums.get((m.student, m.chapter), 0) + m.points
    return {key: (points, given.get(key)) for key, points in sums.items()}


def marked(book, one, points, mark):
    """Store marks of a submission that was taken in, and one that a person gave."""
    marks = marks_of(one.student, one.chapter, points)
    book.store(one, "c", marks, written=[("question 1.6", "x", 2)])
    mine = [t for t in book.written() if (t.student, t.chapter) == (one.student, one.chapter)]
    book.merge([(mine[0], mark, "")])


def test_a_student_who_comes_by_another_name_is_the_same(path):
    """Jane Doe gets a number behind her name when another Jane Doe hands in, and loses it again."""
    with open_gradebook(path) as book:
        jane = moodle("Jane Doe", "11")
        book.take_in([jane])
        marked(book, jane, (2, 1), 1.5)
        first, second = moodle("Jane Doe (11)", "11"), moodle("Jane Doe (22)", "22")
        assert book.take_in([first, second]) == []
        assert both(book) == {("Jane Doe (11)", 1): (3, 1.5)}
        assert [e.student for e in book.entries()] == ["Jane Doe (11)", "Jane Doe (22)"]
        assert book.ungraded([first, second], {1: "c"}) == [second]
        assert book.take_in([jane])[-1].endswith("chapter 1: Jane Doe (22). They keep their marks.")
        assert both(book) == {("Jane Doe", 1): (3, 1.5)}


def test_a_name_that_another_student_has_is_not_taken_from_them(path):
    with open_gradebook(path) as book:
        a, b = moodle("Jane Doe (11)", "11"), moodle("Jane Doe (22)", "22")
        book.take_in([a, b])
        marked(book, a, (2, 2), 2)
        marked(book, b, (1, 0), 1)
        book.take_in([moodle("Jane Doe", "11")])
        book.take_in([moodle("Jane Doe", "22")])
        assert both(book) == {("Jane Doe (11)", 1): (4, 2), ("Jane Doe", 1): (1, 1)}


def test_two_who_change_names_keep_their_own_marks(path):
    with open_gradebook(path) as book:
        ann, bob = moodle("Ann", "1"), moodle("Bob", "2")
        book.take_in([ann, bob])
        marked(book, ann, (2, 2), 2)
        marked(book, bob, (1, 0), 1)
        book.take_in([moodle("Bob", "1"), moodle("Ann", "2")])
        assert both(book) == {("Bob", 1): (4, 2), ("Ann", 1): (1, 1)}


def test_other_chapters_and_systems_have_numbers_of_their_own(path):
    with open_gradebook(path) as book:
        jane, bob = moodle("Jane", "1"), moodle("Bob", "1", chapter=2)
        eve = submission("Eve", system="canvas", number="1")
        book.take_in([jane, bob, eve, submission("Zoe")])
        book.take_in([submission("Max")])
        assert [e.student for e in book.entries()] == ["Bob", "Eve", "Jane", "Max", "Zoe"]


def test_who_had_no_notebook_goes_when_one_comes_under_another_name(path):
    with open_gradebook(path) as book:
        none = submission("Jane", None, problem="No.", system="moodle", number="1")
        book.take_in([none])
        book.take_in([moodle("Jane (1)", "1")])
        assert [e.student for e in book.entries()] == ["Jane (1)"]


def test_who_is_in_the_gradebook_but_not_in_the_export_is_named(path):
    with open_gradebook(path) as book:
        many = [submission(f"s{i:02}", 3) for i in range(10)]
        assert book.take_in([*many, submission("other", 2), submission("a", 3, problem="x")]) == []
        assert book.take_in([submission("new", 3)]) == [
            "In the gradebook, but not in this export, chapter 3: s00, s01, s02, s03, s04, s05, "
            "s06, s07 and 2 more. They keep their marks."
        ]
        assert len(book.entries()) == 13


def test_who_handed_in_another_notebook_is_named(path):
    with open_gradebook(path) as book:
        book.take_in([submission("a"), submission("b"), submission("c")])
        changed = [submission("a", key="new"), submission("b", key="new"), submission("c")]
        assert book.take_in(changed) == [
            "2 students handed in another notebook for chapter 1 than last time: a, b."
        ]
        assert book.take_in(changed) == []


def test_marks_of_others_are_refused(path):
    with open_gradebook(path) as book:
        one = submission("a")
        book.take_in([one])
        for wrong in (
            marks_of("b"), marks_of("a", 2), marks_of("a") * 2,
            [Mark("a", 1, "1.1", 2997, 5, "passed")], [Mark("a", 1, "1.1", -1, 5, "passed")],
            [Mark("a", 1, "1.1", float("nan"), 5, "passed")],
        ):  # fmt: skip
            with pytest.raises(ValueError, match=r"Received|Expected"):
                book.store(one, "c", wrong)
        assert book.marks() == []


def test_a_failure_in_the_middle_leaves_nothing(path):
    with open_gradebook(path) as book:
        one = submission("a")
        book.take_in([one])
        with pytest.raises(sqlite3.Error):
            book.store(one, "c", marks_of("a"), written=[("q", "x", None)])
        assert book.marks() == []
        assert book.ungraded([one], {1: "c"}) == [one]
        assert book.store(one, "c", marks_of("a"))


def test_marks_of_a_person_survive_a_new_grading_and_tell_of_another_text(path):
    with open_gradebook(path) as book:
        graded(book, "a", written=[("question 1.6", "first", 2)])
        (text,) = book.written()
        assert book.merge([(text, 1.5, "good")]) == 1
        assert book.merge([(text, 1.5, "good")]) == 0
        assert book.merge([(text, 2, "good")]) == 1
        graded(book, "a", cases="new", written=[("question 1.6", "first", 2)])
        book.use({1: "new"})
        (text,) = book.written()
        assert (text.mark, text.comment, text.stale) == (2, "good", False)
        graded(book, "a", key="newer", cases="new", written=[("question 1.6", "second", 2)])
        (text,) = book.written()
        assert (text.mark, text.stale) == (2, True)


def test_marks_of_a_person_are_merged_all_or_none(path):
    with open_gradebook(path) as book:
        for name in "ab":
            graded(book, name, written=[("question 1.6", "x", 2)])
        a, b = book.written()
        with pytest.raises(ValueError, match="Received 3 of 2"):
            book.merge([(a, 1, ""), (b, 3, "")])
        assert [t.mark for t in book.written()] == [None, None]


def test_a_second_parent_is_refused_by_the_name_of_the_first(path):
    with open_gradebook(path) as book:
        graded(book, "a")
        code = f"""
            from course.grading.gradebook import GradebookError, open_gradebook
            try:
                with open_gradebook({str(path)!r}):
                    print("inside")
            except GradebookError as error:
                print(error)
            with open_gradebook({str(path)!r}, write=False) as book:
                print(len(book.marks()), "read")
        """
        done = run(code)
        assert f"is in use: process {os.getpid()}, started 20" in done.stdout, done.stderr
        assert "inside" not in done.stdout
        assert "2 read" in done.stdout
        with pytest.raises(GradebookError, match="in use"), open_gradebook(path):
            pass
    with open_gradebook(path) as book:
        assert len(book.marks()) == 2


def test_reading_cannot_write(path):
    with open_gradebook(path) as book:
        graded(book, "a")
    with open_gradebook(path, write=False) as book, pytest.raises(sqlite3.OperationalError):
        graded(book, "b")
    none = open_gradebook(path.with_name("none.sqlite"), write=False)
    with pytest.raises(GradebookError, match="Grade something first"), none:
        pass


def run(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip


WRITER = """
    import itertools, sys
    sys.path.insert(0, "tests/grading")
    from course.grading.gradebook import Mark, open_gradebook
    from paper import submission
    with open_gradebook({path!r}) as book:
        print("open", flush=True)
        for i in itertools.count(len(book.marks()) // 20):
            one = submission(f"s{{i}}")
            book.take_in([one])
            lines = ("x" * 500,)
            marks = [Mark(f"s{{i}}", 1, f"1.{{j}}", j, 20, "not yet", lines) for j in range(20)]
            book.store(one, "c", marks)
            print(i, flush=True)
"""


@POSIX
def test_kill_9_loses_nothing_that_was_said_and_leaves_no_half(path):
    """Killed again and again at any moment, each run goes on where the last one stopped."""
    stored = 0
    for wait in (0.02, 0.11, 0.23):
        code = textwrap.dedent(WRITER.format(path=str(path)))
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout.readline() == "open\n"
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            said = [int(line) for line in process.stdout if line.strip().isdigit()]
        with open_gradebook(path, write=False) as book:
            marks = book.marks()
        assert said == list(range(stored, stored + len(said)))  # it went on where the last stopped
        assert len(marks) % 20 == 0
        assert 0 <= len(marks) // 20 - stored - len(said) <= 1  # one may be stored and not said
        stored = len(marks) // 20
    assert stored > 0


def test_an_interrupt_in_the_middle_leaves_no_half(path, monkeypatch):
    with open_gradebook(path) as book:
        one = submission("a")
        book.take_in([one])

        class Interrupting(list):
            def __iter__(self):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            book.store(one, "c", marks_of("a"), written=Interrupting())
        assert book.marks() == []
        assert book.store(one, "c", marks_of("a"))
        assert len(book.marks()) == 2


def test_power_failures_are_prepared_for(path):
    with open_gradebook(path) as book:
        assert book._db.execute("PRAGMA synchronous").fetchone() == (3,)
        assert book._db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        graded(book, "a")
    assert sorted(p.name for p in path.parent.iterdir()) in (
        ["gradebook.sqlite", "gradebook.sqlite.lock"], ["gradebook.sqlite"],
    )  # fmt: skip


@POSIX
def test_nobody_else_can_read_it(path):
    with open_gradebook(path):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 4000]
)
def test_what_is_no_gradebook_is_refused_and_untouched(tmp_path, content):
    path = tmp_path / "gradebook.sqlite"
    path.write_bytes(content)
    with pytest.raises(GradebookError, match=r"no gradebook.*Put back"), open_gradebook(path):
        pass
    assert path.read_bytes() == content


def test_other_databases_and_versions_are_refused(tmp_path, path):
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE t (x)")
        db.commit()
    with pytest.raises(GradebookError, match="no gradebook of this course"), open_gradebook(other):
        pass
    with open_gradebook(path) as book:
        book._db.execute(f"PRAGMA user_version = {gradebook_file.VERSION + 1}")
    with pytest.raises(GradebookError, match="newer version"), open_gradebook(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = -1")
    with pytest.raises(GradebookError, match="older version"), open_gradebook(path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path):
    """The command says it in words, from the error's file name and number."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError) as error, open_gradebook(tmp_path / "file" / "g.sqlite"):
        pass
    assert error.value.filename == str(tmp_path / "file")


def test_a_folder_in_the_place_of_the_gradebook(path):
    path.mkdir(parents=True)
    with pytest.raises(GradebookError, match=r"g.*\.sqlite cannot be opened"), open_gradebook(path):
        pass
    assert path.is_dir()


@POSIX
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(path):
    path.parent.mkdir(mode=0o500)
    with (
        pytest.raises(GradebookError, match=r"No lock can be held.*Choose a folder .*with --out"),
        open_gradebook(path),
    ):
        pass
