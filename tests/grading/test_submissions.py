"""course.grading.submissions: who handed in what, in every shape that learning systems export."""

import os
import zipfile

import pytest
from paper import released, small, spread, zipped

from course.grading.archives import Limits
from course.grading.submissions import NotThere, read_submissions


def taken_in(path, chapters=(1, 2), **more):
    with read_submissions(path, chapters=chapters, **more) as intake:
        return intake


def seen(path, chapters=(1, 2)):
    """(student, chapter, source) of what can be graded, and the lines."""
    intake = taken_in(path, chapters)
    rows = [(s.student, s.chapter, s.source) for s in intake.submissions if not s.problem]
    return rows, intake.lines


CANVAS = {
    "doejane_LATE_12345_678901_ch01_smallest_autoencoder-2.ipynb": small(text="late"),
    "doejane_12345_678800_ch01_smallest_autoencoder.ipynb": small(text="early"),
    "roe_bob_7_8_my work.ipynb": small(2),
    "anon_aB3xy_99_ch01.ipynb": small(text="nobody"),
    "zoe_5_6_work.zip": zipped({"a/ch01.ipynb": small(text="zoe")}),
    "smith_22_23_report.pdf": b"",
}


def as_folder(tmp_path, files):
    return spread(tmp_path / "in", files)


def as_zip(tmp_path, files):
    path = tmp_path / "export.zip"
    path.write_bytes(zipped(files))
    return path


def test_an_export_in_a_folder_beside_others_gets_no_marks(tmp_path):
    """It could as well be a student who forges other names, so it is not believed."""
    spread(tmp_path, {f"downloads/{name}": content for name, content in CANVAS.items()})
    spread(tmp_path, {"jane/ch01.ipynb": small()})
    intake = taken_in(tmp_path)
    words = (
        "downloads holds the work of 4 students (anon_aB3xy, doejane_12345, roe_bob_7 and 1 more). "
        "Grade it by itself."
    )
    assert [(s.student, s.chapter, s.problem) for s in intake.submissions] == [
        ("downloads", 1, words), ("downloads", 2, words), ("jane", 1, None),
    ]  # fmt: skip
    assert words in intake.lines


def test_an_export_in_a_folder_for_an_assignment_is_an_export(tmp_path):
    for name in ("ch01", "Homework 1", "submissions", "assignment_2 - autoencoders"):
        spread(tmp_path / name, {f"{name}/{file}": content for file, content in CANVAS.items()})
        assert len(taken_in(tmp_path / name).submissions) == 5


def as_packed_folder(tmp_path, files):
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({f"course export/{name}": content for name, content in files.items()}))
    return path


SHAPES = pytest.mark.parametrize("shape", [as_folder, as_zip, as_packed_folder])


@SHAPES
def test_canvas(tmp_path, shape):
    intake = taken_in(shape(tmp_path, CANVAS))
    assert [
        (s.student, s.chapter, s.system, s.number, s.late, s.problem) for s in intake.submissions
    ] == [
        ("anon_aB3xy", 1, "canvas", "", False, None),
        ("doejane_12345", 1, "canvas", "12345", True, None),
        ("roe_bob_7", 2, "canvas", "7", False, None),
        ("smith_22", None, "canvas", "22", False,
         "There is no notebook, only smith_22_23_report.pdf."),
        ("zoe_5", 1, "canvas", "5", False, None),
    ]  # fmt: skip
    assert intake.lines[0] == "Recognised a Canvas export: 5 files of 4 students."
    assert "known by its metadata (3); 1 late." in intake.lines[1]
    (newest,) = [line for line in intake.lines if "2 notebooks" in line]
    assert "-2.ipynb counts, the newest attempt by its name; left out: " in newest
    assert newest.endswith("678800_ch01_smallest_autoencoder.ipynb.")


def test_names_in_canvas_may_have_combining_marks(tmp_path):
    """\\w matches no vowel sign of Hindi, Tamil or Thai."""
    names = ("प्रियाशर्मा", "தமிழ்", "สมชายใจดี", "李小龍")
    spread(tmp_path, {f"{n}_{i}_9_ch01.ipynb": small(text=n) for i, n in enumerate(names, 5)})
    found = {(s.student, s.system, s.number) for s in taken_in(tmp_path).submissions}
    assert found == {(f"{n}_{i}", "canvas", str(i)) for i, n in enumerate(names, 5)}


def test_who_wrote_into_canvas_instead_of_a_notebook_is_in_the_list(tmp_path):
    spread(tmp_path, {
        "roe_7_8_ch01.ipynb": small(), "poe_LATE_9_text.html": b"", "moe_10_link.html": b"",
    })  # fmt: skip
    found = {(s.student, s.late, s.problem) for s in taken_in(tmp_path).submissions}
    assert found == {
        ("roe_7", False, None),
        ("poe_9", True, "There is no notebook, only poe_LATE_9_text.html."),
        ("moe_10", False, "There is no notebook, only moe_10_link.html."),
    }


@SHAPES
def test_moodle_folders(tmp_path, shape):
    files = {
        "Jane Doe_123456_assignsubmission_file_/x.ipynb": small(text="1"),
        "Ann-Marie O'Neil_7_assignsubmission_file_/sub/x.ipynb": small(text="2"),
        "Bob_1_assignsubmission_onlinetext_/onlinetext.html": b"",
        "Flat Guy_9_assignsubmission_file_ch02_how_many_latents.ipynb": small(2),
    }
    intake = taken_in(shape(tmp_path, files))
    assert [(s.student, s.chapter, s.system, s.number) for s in intake.submissions] == [
        ("Ann-Marie O'Neil", 1, "moodle", "7"),
        ("Bob", None, "moodle", "1"),
        ("Flat Guy", 2, "moodle", "9"),
        ("Jane Doe", 1, "moodle", "123456"),
    ]


def test_moodle_numbers_a_student_anew_in_each_assignment(tmp_path):
    spread(tmp_path, {
        "ch01/Jane Doe_11_assignsubmission_file_/x.ipynb": small(1),
        "ch02/Jane Doe_22_assignsubmission_file_/x.ipynb": small(2),
    })  # fmt: skip
    rows, _ = seen(tmp_path)
    assert [row[:2] for row in rows] == [("Jane Doe", 1), ("Jane Doe", 2)]


def test_two_students_of_one_name_in_moodle_are_kept_apart(tmp_path):
    spread(tmp_path, {
        "Jane Doe_11_assignsubmission_file_/x.ipynb": small(text="a"),
        "Jane Doe_22_assignsubmission_file_/x.ipynb": small(text="b"),
    })  # fmt: skip
    rows, _ = seen(tmp_path)
    assert [row[:2] for row in rows] == [("Jane Doe (11)", 1), ("Jane Doe (22)", 1)]


def test_a_namesake_without_a_notebook_in_moodle_is_in_the_list(tmp_path):
    files = {
        "Jane Doe_11_assignsubmission_file_/x.ipynb": small(),
        "Jane Doe_22_assignsubmission_file_/report.pdf": b"",
        "Jane Doe_11_assignsubmission_onlinetext_/onlinetext.html": b"",
    }
    found = [
        (s.student, s.number, s.problem) for s in taken_in(spread(tmp_path, files)).submissions
    ]
    assert found == [
        ("Jane Doe (11)", "11", None),
        ("Jane Doe (22)", "22", "There is no notebook, only report.pdf."),
    ]
    spread(tmp_path, {"Bob_33_assignsubmission_file_/x.ipynb": small(2)})  # two assignments in one
    found = [s.student for s in taken_in(tmp_path).submissions]
    assert found == ["Bob", "Jane Doe"]  # the number may be that of the same Jane in the other


def test_an_anonymous_student_has_no_number_in_canvas(tmp_path):
    spread(tmp_path, {"anon_12345_99_x.ipynb": small(), "anon_LATE_aB3xy_98_x.ipynb": small(2)})
    found = {(s.student, s.number, s.late) for s in taken_in(tmp_path).submissions}
    assert found == {("anon_12345", "", False), ("anon_aB3xy", "", True)}


def test_a_folder_that_is_called_like_a_file_of_canvas_is_a_student(tmp_path):
    spread(tmp_path, {"bob_7_8_x/ch01.ipynb": small()})
    rows, _ = seen(tmp_path)
    assert rows[0][0] == "bob_7_8_x"


def test_two_students_of_one_name_in_canvas_are_kept_apart(tmp_path):
    spread(tmp_path, {"doejane_1_10_x.ipynb": small(text="a"), "doejane_2_11_x.ipynb": small(2)})
    rows, _ = seen(tmp_path)
    assert [row[:2] for row in rows] == [("doejane_1", 1), ("doejane_2", 2)]


@SHAPES
def test_loose_notebooks(tmp_path, shape):
    files = {
        "jane.ipynb": small(text="1"),
        "bob_ch01.ipynb": small(text="2"),
        "ch02_bob.ipynb": small(2),
        "ch02_how_many_latents_zoe.ipynb": small(2, "x"),
        "Max Muster - ch01_smallest_autoencoder (2).ipynb": small(text="4"),
        "ch01_smallest_autoencoder.ipynb": small(text="3"),
    }
    rows, lines = seen(shape(tmp_path, files))
    assert [row[:2] for row in rows] == [
        ("bob", 1), ("bob", 2), ("jane", 1), ("Max Muster", 1), ("zoe", 2),
    ]  # fmt: skip
    assert any("1 file whose name tells no student (" in line for line in lines)


@SHAPES
def test_a_folder_for_each_student(tmp_path, shape):
    files = {
        "jane/attempt_2/ch01.ipynb": small(text="2"),
        "jane/attempt_10/ch01.ipynb": small(text="10"),
        "bob/ch01/ch01_smallest_autoencoder.ipynb": small(text="x"),
        "bob/ch02/any.ipynb": small(2),
        "12345678/a.ipynb": small(text="y"),
        "packed.zip": zipped({"whatever/ch01.ipynb": small(text="z")}),
    }
    rows, lines = seen(shape(tmp_path, files))
    assert [row[:2] for row in rows] == [
        ("12345678", 1), ("bob", 1), ("bob", 2), ("jane", 1), ("packed", 1),
    ]  # fmt: skip
    assert rows[3][2].endswith("jane/attempt_10/ch01.ipynb")
    assert any("attempt_10/ch01.ipynb counts, the newest attempt by its name" in x for x in lines)


def test_a_packed_folder_of_one_student_is_that_student(tmp_path):
    for files in (
        {"jane/ch01.ipynb": small()},
        {"jane/attempt1/ch01.ipynb": small(), "jane/attempt2/ch01.ipynb": small(text="2")},
    ):
        rows, _ = seen(as_zip(tmp_path, files))
        assert [row[:2] for row in rows] == [("jane", 1)]


@pytest.mark.parametrize("below", ["", "Homework 1/"])
def test_a_whole_class_in_a_folder_beside_others_gets_no_marks(tmp_path, below):
    three = {f"Monday/{below}{name}/ch01.ipynb": small(text=name) for name in ("al", "bo", "cy")}
    intake = taken_in(spread(tmp_path, {**three, "jane/ch01.ipynb": small()}))
    found = {s.student: s.problem for s in intake.submissions}
    words = "Monday holds the work of 3 students (al, bo, cy). Grade it by itself."
    assert found == {"Monday": words, "jane": None}


def test_what_is_known_of_nothing_is_not_said(tmp_path):
    three = {f"Monday/{name}/ch01.ipynb": small(text=name) for name in ("al", "bo", "cy")}
    _, lines = seen(spread(tmp_path, {**three, "jane/ch02.ipynb": small(2)}))
    assert "Chapter 1: 1 submission; 1 cannot be read." in lines


def test_folders_of_attempts_or_of_chapters_are_no_class(tmp_path):
    spread(tmp_path, {
        **{f"jane/{name}/ch01.ipynb": small(text=name) for name in ("1", "2", "3", "old", "new")},
        **{f"bob/{name}/x.ipynb": small(c, name) for c, name in enumerate(("one", "two"), 1)},
        **{f"zoe/sub{c}/x.ipynb": small(c % 2 + 1, str(c)) for c in range(4)},
    })  # fmt: skip
    assert not any(s.problem for s in taken_in(tmp_path).submissions)


def test_a_zip_of_one_student_as_a_system_packs_it(tmp_path):
    rows, _ = seen(
        as_zip(tmp_path, {"Jane Doe_11_assignsubmission_file_/final/ch01.ipynb": small()})
    )
    assert [row[:2] for row in rows] == [("Jane Doe", 1)]


def test_a_packed_folder_with_one_name_inside_is_not_passed_over(tmp_path):
    """Else whoever hands in alone could hand in for another."""
    for shape in (as_zip, as_folder):
        rows, lines = seen(shape(tmp_path, {"Mallory/Anna/ch01.ipynb": small()}))
        assert [row[0] for row in rows] == ["Mallory"]
        assert not any("passed over" in line for line in lines)


def test_a_folder_around_all_is_passed_over_and_named(tmp_path):
    files = {f"Submissions 24/all/{name}/ch01.ipynb": small(text=name) for name in ("jane", "bob")}
    for shape in (as_zip, as_folder):
        rows, lines = seen(shape(tmp_path, files))
        assert [row[0] for row in rows] == ["bob", "jane"]
        assert "Submissions 24/all/ around all was passed over." in lines


def test_a_folder_for_each_chapter_is_no_student(tmp_path):
    files = {f"export/ch0{c}/{s}.ipynb": small(c, s) for c in (1, 2) for s in ("jane", "bob")}
    rows, _ = seen(as_zip(tmp_path, files))
    assert [row[:2] for row in rows] == [("bob", 1), ("bob", 2), ("jane", 1), ("jane", 2)]
    rows, _ = seen(as_zip(tmp_path, {k: v for k, v in files.items() if "ch01" in k}))
    assert [row[:2] for row in rows] == [("bob", 1), ("jane", 1)]


@pytest.mark.parametrize(
    "folder",
    ["homework-1-mal", "ch01-mal", "ch01_mal", "Blatt Mal", "Week, Mal", "2026-01-05-hw-mal"],
)
def test_a_folder_with_a_student_in_its_name_is_that_student(tmp_path, folder):
    """Else a folder below it would decide, which the student named."""
    spread(tmp_path, {f"{folder}/victim/ch01.ipynb": small(), "victim/a.ipynb": small(text="v")})
    rows, _ = seen(tmp_path)
    assert {row[0] for row in rows} == {folder, "victim"}


@pytest.mark.parametrize(
    "folder",
    [
        "Homework 3 - Denoising", "Week 2", "ch03_transposed_convolution", "Blatt 4: Rauschen",
        "Lab 1, Monday", "2026-01-05", "2026-01-05 10:30 - late", "chapter 1", "Work", "7",
    ],
)  # fmt: skip
def test_a_folder_for_an_assignment_is_no_student(tmp_path, folder):
    files = {f"{folder}/{name}/ch01.ipynb": small(text=name) for name in ("jane", "bob")}
    rows, _ = seen(spread(tmp_path, files))
    assert [row[0] for row in rows] == ["bob", "jane"]


def test_a_folder_with_a_number_is_a_student_where_nothing_else_is_left(tmp_path):
    spread(tmp_path, {
        "7/ch01.ipynb": small(), "8/2/ch01.ipynb": small(text="8"), "9/jane.ipynb": small(2),
    })  # fmt: skip
    assert [s.student for s in taken_in(tmp_path).submissions] == ["7", "8", "jane"]


def test_a_name_that_is_taken_for_an_attempt_is_explained(tmp_path):
    _, lines = seen(spread(tmp_path, {"Work/ch01.ipynb": small()}))
    assert any("such as Work or v1 is taken for an attempt: rename it." in x for x in lines)


def test_blackboard_and_brightspace(tmp_path):
    spread(tmp_path, {
        "gradebook_CS1_Home_work 1_jdoe_attempt_2024-01-30-15-30-10_ch01.ipynb": small(text="new"),
        "gradebook_CS1_Home_work 1_jdoe_attempt_2024-01-29-15-30-10_ch01.ipynb": small(text="old"),
        "gradebook_CS1_Home_work 1_jdoe_attempt_2024-01-30-15-30-10.txt": b"",
        "12-34 - Ann Lee - Nov 4, 2024 130 PM/x.ipynb": small(text="newer"),
        "12-33 - Ann Lee - Nov 3, 2024 1130 PM/x.ipynb": small(text="older"),
        "index.html": b"",
    })  # fmt: skip
    intake = taken_in(tmp_path)
    assert [(s.student, s.system, str(s.when)) for s in intake.submissions] == [
        ("Ann Lee", "brightspace", "2024-11-04 13:30:00"),
        ("jdoe", "blackboard", "2024-01-30 15:30:10"),
    ]


def test_the_first_name_in_blackboard_counts(tmp_path):
    """What follows the date is what the student called the file."""
    spread(tmp_path, {
        "HW1_mal_attempt_2026-01-01-10-11-12_x_anna_attempt_2030-01-01-10-11-12_a.ipynb": small(),
    })  # fmt: skip
    ((student, *_),), _ = seen(tmp_path)
    assert student == "mal"


def test_who_has_only_the_text_file_of_blackboard_is_in_the_list(tmp_path):
    spread(tmp_path, {
        "HW1_jo_attempt_2026-01-01-10-11-12_a.ipynb": small(),
        "HW1_no_nb_attempt_2026-01-01-10-11-12.txt": b"",
    })  # fmt: skip
    found = {(s.student, s.system, bool(s.problem)) for s in taken_in(tmp_path).submissions}
    assert found == {("jo", "blackboard", False), ("nb", "blackboard", True)}


def test_two_students_with_one_short_name_in_blackboard_are_kept_apart(tmp_path):
    date = "attempt_2026-01-01-10-11-12"
    files = {f"HW1_{x}_smith_{date}_x.ipynb": small(text=x) for x in "ab"}
    rows, _ = seen(spread(tmp_path / "1", files))
    assert [row[0] for row in rows] == ["smith (HW1_a_smith)", "smith (HW1_b_smith)"]
    files = {f"HW{c}_smith_{date}_x.ipynb": small(c) for c in (1, 2)}
    rows, _ = seen(spread(tmp_path / "2", files))
    assert [row[:2] for row in rows] == [("smith", 1), ("smith", 2)]


def test_a_number_for_a_name_in_blackboard_is_not_taken_for_canvas(tmp_path):
    spread(tmp_path, {"HW_1_12345_attempt_2026-01-01-10-11-12_x.ipynb": small()})
    (one,) = taken_in(tmp_path).submissions
    assert (one.student, one.system, one.when.year) == ("12345", "blackboard", 2026)


def test_two_students_of_one_name_in_brightspace_are_kept_apart(tmp_path):
    spread(tmp_path, {
        "12-34 - Ann Lee - Nov 4, 2024 130 PM/x.ipynb": small(),
        "99-35 - Ann Lee - Nov 4, 2024 130 PM/x.ipynb": small(2),
    })  # fmt: skip
    rows, _ = seen(tmp_path)
    assert [row[:2] for row in rows] == [("Ann Lee (12)", 1), ("Ann Lee (99)", 2)]


def test_the_older_notebook_of_a_namesake_in_brightspace_is_not_left_out(tmp_path):
    spread(tmp_path, {
        "12-34 - Ann Lee - Nov 4, 2024 130 PM/x.ipynb": small(text="a"),
        "13-35 - Ann Lee - Nov 3, 2024 1130 PM/x.ipynb": small(text="b"),
    })  # fmt: skip
    assert len(taken_in(tmp_path).submissions) == 2


def test_the_date_in_a_name_decides_before_its_number(tmp_path):
    spread(tmp_path, {
        "12-99 - Ann Lee - Nov 30, 2024 130 PM/x.ipynb": small(text="older"),
        "12-34 - Ann Lee - Dec 1, 2024 130 PM/x.ipynb": small(text="newer"),
    })  # fmt: skip
    rows, _ = seen(tmp_path)
    assert [row[2][:5] for row in rows] == ["12-34"]


def test_months_in_full(tmp_path):
    spread(tmp_path, {"12-34 - Ann Lee - November 4, 2024 130 PM/x.ipynb": small()})
    (one,) = taken_in(tmp_path).submissions
    assert str(one.when) == "2024-11-04 13:30:00"


def test_two_of_one_name_in_brightspace_are_kept_apart_without_a_notebook_too(tmp_path):
    spread(tmp_path, {
        "12-34 - Ann Lee - Nov 4, 2024 130 PM/x.ipynb": small(),
        "99-35 - Ann Lee - Nov 4, 2024 130 PM/x.pdf": b"",
    })  # fmt: skip
    found = [(s.student, bool(s.problem)) for s in taken_in(tmp_path).submissions]
    assert found == [("Ann Lee (12)", False), ("Ann Lee (99)", True)]


def test_the_exchange_of_nbgrader(tmp_path):
    spread(tmp_path, {
        "jane+ps1+2026-01-02 10:00:00.123456 UTC+abc/ch01.ipynb": small(text="new"),
        "jane+ps1+2026-01-01 10:00:00.123456 UTC+def/ch01.ipynb": small(text="old"),
        "bob+ps1+2026-01-01 10:00:00 UTC/ch01.ipynb": small(text="bob"),
    })  # fmt: skip
    found = [(s.student, s.system, str(s.when)) for s in taken_in(tmp_path).submissions]
    assert found == [("bob", "", "2026-01-01 10:00:00"), ("jane", "", "2026-01-02 10:00:00")]


@pytest.mark.parametrize(
    "name",
    [
        "Copy of ch01_smallest_autoencoder", "Copy of ch01_smallest_autoencoder (1)",
        "Kopie von ch01", "ch01 - Copy", "ch01-Copy1", "copy ch01_smallest_autoencoder",
    ],
)  # fmt: skip
def test_a_copy_has_the_name_of_its_notebook(tmp_path, name):
    spread(tmp_path, {f"{name}.ipynb": small(), f"Zoë Müller - {name}.ipynb": small(2)})
    rows, lines = seen(tmp_path)
    assert [row[0] for row in rows] == ["Zoë Müller"]
    assert any("1 file whose name tells no student" in line for line in lines)


def test_the_newest_file_counts_where_names_tell_nothing(tmp_path):
    spread(tmp_path, {"jane/a.ipynb": small(text="new"), "jane/b.ipynb": small(text="old")})
    (tmp_path / "bob").mkdir()
    os.utime(tmp_path / "jane/a.ipynb", (2e9, 2e9))
    os.utime(tmp_path / "jane/b.ipynb", (1e9, 1e9))
    rows, lines = seen(tmp_path)
    assert rows == [("jane", 1, "jane/a.ipynb")]
    assert any("the newest file (2033-05-1" in line for line in lines)


def test_the_newest_file_counts_within_a_zip(tmp_path):
    files = []
    for name, year in (("a", 2024), ("b", 2023)):
        info = zipfile.ZipInfo(f"jane/{name}.ipynb", (year, 1, 1, 0, 0, 0))
        files.append((info, small(text=name)))
    rows, _ = seen(as_zip(tmp_path, [*files, ("bob/x.ipynb", small())]))
    assert rows[1] == ("jane", 1, "jane/a.ipynb")
    (one,) = [s for s in taken_in(tmp_path / "export.zip").submissions if s.student == "jane"]
    assert one.when.year == 2024


def test_the_copy_with_a_number_is_the_newer_one(tmp_path):
    spread(tmp_path, {
        f"{name}.ipynb": small(text=name)
        for name in ("doe_1_2_ch01", "doe_1_2_ch01-1", "jane", "jane (2)")
    })  # fmt: skip
    rows, _ = seen(tmp_path)
    assert rows == [("doe_1", 1, "doe_1_2_ch01-1.ipynb"), ("jane", 1, "jane (2).ipynb")]


def test_what_cannot_be_read_does_not_take_the_place_of_what_can(tmp_path):
    spread(tmp_path, {"jane/ch01 (1).ipynb": b"{", "jane/ch01.ipynb": small()})
    rows, lines = seen(tmp_path)
    assert rows == [("jane", 1, "jane/ch01.ipynb")]
    assert any("counts, the newest that can be read" in line for line in lines)


def test_a_student_with_nothing_readable_stays_in_the_list(tmp_path):
    spread(tmp_path, {
        "eve/ch01.ipynb": b"PK", "mal/notes.txt": b"", "mal/b.txt": b"",
        "zed/x.ipynb": b"{}", "sam/solution.ipynb": small().replace(b"ch01_sm", b"xx01_sm"),
    })  # fmt: skip
    (tmp_path / "nil").mkdir()
    problems = {s.student: (s.chapter, s.problem) for s in taken_in(tmp_path).submissions}
    assert problems == {
        "eve": (1, "The file is no notebook: it does not begin with {."),
        "mal": (None, "There is no notebook, only 2 other files."),
        "nil": (None, "There is no notebook, and nothing else."),
        "zed": (None, "The file is no notebook: it has no cells."),
        "sam": (None, "Nothing in it tells which chapter it belongs to."),
    }


@pytest.mark.skipif(os.name != "posix", reason="POSIX only")
def test_refused_items_are_named_and_the_others_graded(tmp_path):
    spread(tmp_path, {"bob/ch01.ipynb": small(), "secret.txt": b"the solution"})
    (tmp_path / "eve").mkdir()
    os.symlink(tmp_path / "secret.txt", tmp_path / "eve/ch01.ipynb")
    os.symlink(tmp_path / "bob", tmp_path / "mal")
    os.mkfifo(tmp_path / "eve/pipe.ipynb")
    intake = taken_in(tmp_path)
    assert [(s.student, s.chapter, s.problem) for s in intake.submissions] == [
        ("bob", 1, None),
        ("eve", 1, "The file is a link; links are not followed."),
        ("mal", None, "The file is a link; links are not followed."),
    ]
    assert any("eve/pipe.ipynb left out. The file is a named pipe." in x for x in intake.lines)


def test_who_cannot_be_looked_at_stays_in_the_list(tmp_path, monkeypatch):
    spread(tmp_path, {"bob/ch01.ipynb": small(), "eve/ch01.ipynb": small(text="x")})
    lstat = os.lstat

    def gone(path):
        if "eve" in str(path):
            raise PermissionError(13, "Permission denied")
        return lstat(path)

    monkeypatch.setattr(os, "lstat", gone)
    assert [(s.student, s.chapter, s.problem) for s in taken_in(tmp_path).submissions] == [
        ("bob", 1, None),
        ("eve", 1, "The file cannot be looked at (Permission denied)."),
    ]


def test_hostile_archives_cost_only_themselves(tmp_path):
    spread(tmp_path, {
        "eve.zip": zipped({"../../bob/ch01.ipynb": small(text="mine"), "ch02.ipynb": small(2)}),
        "mal.zip": zipped({"ch01.ipynb": b"0" * 30_000_000}),
        "zed.zip": b"PK\5\6 damaged",
        "bob/ch01.ipynb": small(text="bob"),
    })  # fmt: skip
    with read_submissions(tmp_path, chapters=(1, 2)) as intake:
        rows = {(s.student, s.chapter): (s.problem, s.content) for s in intake.submissions}
    assert rows["bob", 1] == (None, small(text="bob"))
    assert rows["eve", 2] == (None, small(2))
    assert '("..")' in rows["eve", 1][0]
    assert "larger than 20 MB" in rows["mal", 1][0]
    assert "is no zip" in rows["zed", None][0]


NAMES = (
    "=cmd|' .C calc'!A0", "a\nb", "x\u202ey", "Zo\u00eb", "Zoe\u0308", "jane", "Jane", "n" * 200,
    "<script>alert(1)</script>".replace("/", ""), "..x", "-rf", "'; DROP TABLE mark; --", "🎓",
)  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="Windows and macOS forbid some of these names")
@pytest.mark.parametrize("shape", [as_folder, as_zip])
def test_names_are_kept_as_they_are_and_shown_escaped(tmp_path, shape):
    files = {f"{name}/ch01.ipynb": small(text=name) for name in NAMES}
    rows, lines = seen(shape(tmp_path, files))
    assert sorted(row[0] for row in rows) == sorted(NAMES)
    assert sum("look alike" in line for line in lines) == 2
    for line in lines:
        assert "\n" not in line
        assert "\u202e" not in line


@pytest.mark.skipif(os.name != "posix", reason="Windows and macOS forbid some of these names")
def test_every_line_shows_names_escaped(tmp_path):
    bad = "x\u202ey\nz"
    spread(tmp_path, {
        f"{bad}/ch01.ipynb": small(), f"{bad}/ch01 (1).ipynb": small(text="2"),
        f"{bad.upper()}/ch01.ipynb": small(text="2"), f"{bad}/{bad}.ipynb": b"{",
        "anyone/ch01.ipynb": small(text="2"), f"only/{bad}.txt": b"",
    })  # fmt: skip
    intake = taken_in(tmp_path)
    said = intake.lines + [s.problem for s in intake.submissions if s.problem]
    assert sum("x\\u202ey\\x0az" in line for line in said) == 4 + 1
    for line in said:
        assert "\n" not in line
        assert "\u202e" not in line


def test_a_student_cannot_hand_in_for_another(tmp_path):
    """Who it was is told by what the learning system put in front, not by the student's own name
    for the file, nor by what the notebook says."""
    spread(tmp_path, {
        "eve_13_14_bob_7_8_ch01.ipynb": small(text='STUDENT = "bob"'),
        "Eve_5_assignsubmission_file_/Bob_1_assignsubmission_file_/ch02.ipynb": small(2),
        "mallory/bob_7_8_x.zip/ch01.ipynb": small(text="x"),
    })  # fmt: skip
    rows, _ = seen(tmp_path)
    assert [row[0] for row in rows] == ["Eve", "eve_13", "mallory"]


def test_other_chapters_are_left_out_and_counted(tmp_path):
    spread(tmp_path, {"jane/a.ipynb": small(1), "jane/b.ipynb": small(2)})
    rows, lines = seen(tmp_path, chapters=(1,))
    assert [row[:2] for row in rows] == [("jane", 1)]
    assert "Left out: 1 notebook of chapter 2, not asked for." in lines


def test_equal_numbers_in_personal_exercises_are_pointed_out(tmp_path):
    said = {"ann": "Ada", "bob": "ada ", "cy": "Cy", "di": "", "ed": ""}
    for name, word in said.items():
        text = f'STUDENT = "{word}"\nme = "{name}"'
        spread(tmp_path, {f"{name}/{c}.ipynb": small(c, text) for c in (1, 3)})
    _, lines = seen(tmp_path, chapters=(1, 3))
    assert [line for line in lines if "numbers" in line] == [
        "Chapter 3, all with the same numbers: STUDENT was left empty by di, ed.",
        'Chapter 3, all with the same numbers: STUDENT is "Ada" in the notebooks of ann, bob.',
    ]


def test_the_same_file_of_two_students_is_pointed_out(tmp_path):
    spread(tmp_path, {f"{name}/a.ipynb": small() for name in ("jane", "bob")})
    spread(tmp_path, {"zoe/a.ipynb": small(text="x")})
    _, lines = seen(tmp_path)
    assert "The same file, byte for byte, was handed in by: bob, jane." in lines


def test_contents_and_keys(tmp_path):
    spread(tmp_path, {"jane/a.ipynb": released(1), "bob/a.ipynb": released(2)})
    with read_submissions(tmp_path, chapters=(1, 2)) as intake:
        contents = {s.student: s.content for s in intake.submissions}
        keys = {s.student: s.key for s in intake.submissions}
    assert contents == {"jane": released(1), "bob": released(2)}
    assert all(len(key) == 64 for key in keys.values())
    assert keys["jane"] != keys["bob"]


def test_the_same_bytes_have_the_same_key_wherever_they_lie(tmp_path):
    spread(tmp_path / "a", {"jane/x.ipynb": small()})
    first = taken_in(tmp_path / "a").submissions[0]
    second = taken_in(as_zip(tmp_path, {"jane_ch01.ipynb": small()})).submissions[0]
    assert first.key == second.key


def test_nothing_at_all(tmp_path):
    assert taken_in(tmp_path).lines == ["No notebook was found."]
    with pytest.raises(NotThere):
        taken_in(tmp_path / "nowhere")


def test_what_is_said_of_a_class(tmp_path):
    spread(tmp_path, {f"s{i:02}/ch01.ipynb": small() for i in range(10)})
    spread(tmp_path, {"torn/ch01.ipynb": b"{", "two/a.ipynb": small(), "two/b.ipynb": small()})
    for name in "ab":
        os.utime(tmp_path / f"two/{name}.ipynb", (1e9, 1e9))
    lines = taken_in(tmp_path).lines
    assert any("Chapter 1: 12 submissions" in x and "; 1 cannot be read." in x for x in lines)
    assert any("two/b.ipynb counts, the last one, as nothing tells which" in x for x in lines)
    assert any(x.startswith("The same file") and x.endswith(" and 3 more.") for x in lines)


def test_students_without_a_notebook_are_counted(tmp_path):
    (tmp_path / "nil").mkdir()
    assert "1 student without a notebook that can be graded." in taken_in(tmp_path).lines


def test_many_attempts_do_not_flood_the_report(tmp_path):
    spread(tmp_path, {f"jane/attempt{i}/ch01.ipynb": small(text=str(i)) for i in range(300)})
    spread(tmp_path, {f"eve/{i}.ipynb": b"{" for i in range(300)})
    rows, lines = seen(tmp_path)
    assert rows == [("jane", 1, "jane/attempt299/ch01.ipynb")]
    assert len(lines) < 20
    assert max(map(len, lines)) < 700


def test_limits_reach_the_archives(tmp_path):
    spread(tmp_path, {"jane/ch01.ipynb": small()})
    (one,) = taken_in(tmp_path, limits=Limits(file=10)).submissions
    assert "larger than" in one.problem


def test_what_an_earlier_run_wrote_is_no_student(tmp_path):
    spread(tmp_path, {"jane/ch01.ipynb": small(), "grades/feedback/jane.html": b""})
    left_out = taken_in(tmp_path, leave_out=[tmp_path / "grades"]).submissions
    assert [s.student for s in left_out] == ["jane"]
    assert [s.student for s in taken_in(tmp_path).submissions] == ["grades", "jane"]


def test_what_an_earlier_run_wrote_is_known_by_any_path(tmp_path, monkeypatch):
    spread(tmp_path, {"in/jane/ch01.ipynb": small(), "in/grades/feedback/jane.html": b""})
    monkeypatch.chdir(tmp_path / "in")
    for folder, out in (
        (".", "grades"),
        (tmp_path / "in", "grades"),
        (".", tmp_path / "in/grades"),
    ):
        assert [s.student for s in taken_in(folder, leave_out=[out]).submissions] == ["jane"]


def test_a_folder_with_a_gradebook_is_no_student_and_is_named(tmp_path):
    spread(tmp_path, {
        "jane/ch01.ipynb": small(), "old run/gradebook.sqlite": b"",
        "old run/feedback/jane.html": b"",
    })  # fmt: skip
    intake = taken_in(tmp_path)
    assert [s.student for s in intake.submissions] == ["jane"]
    assert "Passed over: old run/, as it holds a gradebook." in intake.lines


def test_files_that_are_no_notebooks_and_nobodys_are_named(tmp_path):
    files = {f"page {i}.html": b"" for i in range(7)}
    spread(tmp_path, {**files, "bob_ch01.ipynb": small(), "jane/notes.txt": b"", "zed.rar": b""})
    (line,) = [line for line in taken_in(tmp_path).lines if "Not read" in line]
    assert line == (
        "Not read, as they are no notebooks: 8 files (page 0.html, page 1.html, page 2.html, "
        "page 3.html, page 4.html, …)."
    )
