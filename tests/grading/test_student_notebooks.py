"""course.grading.notebooks: strangers' bytes become a notebook or a sentence."""

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper import cell_of, dumped, notebook, released, small

from course.grading import notebooks
from course.grading.notebooks import Unreadable, chapter_of, read, template


@pytest.fixture(scope="module")
def first():
    return template(released(1))


def refused(content):
    with pytest.raises(Unreadable) as error:
        read(content)
    words = str(error.value)
    assert words.endswith(".")
    assert "\n" not in words
    assert len(words) < 200
    return words


def test_a_released_notebook_has_nothing_unusual(first):
    found = read(released(1), first)
    assert list(found.answers) == ["1.1", "1.2", "1.3", "1.4", "1.5"]
    assert all(
        f'NotImplementedError("Exercise {number}:' in found.cells[index]
        for number, index in found.answers.items()
    )
    assert found.written == {"1.6": ""}
    assert found.homework == {"1": ""}
    assert found.flags == ()
    assert found.student == ""


def test_all_code_cells_are_there_in_order(first):
    document = notebook()
    wanted = ["".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code"]
    assert list(read(dumped(document), first).cells) == wanted


def test_answers_are_found(first):
    document = notebook()
    cell_of(document, "exercise-1-2")["source"] = ["def f():\n", "    return 1"]
    cell_of(document, "written-1-6")["source"] = "  Because.\n"
    cell_of(document, "homework-1")["source"] = "def g(): pass"
    found = read(dumped(document), first)
    assert found.cells[found.answers["1.2"]] == "def f():\n    return 1"
    assert found.written == {"1.6": "Because."}
    assert found.homework == {"1": "def g(): pass"}


@pytest.mark.parametrize("lost", ["metadata", "id"])
def test_one_of_two_marks_of_a_cell_is_enough(first, lost):
    document = notebook()
    for cell in document["cells"]:
        cell.pop(lost, None)
    found = read(dumped(document), first)
    assert len(found.answers) == 5
    assert found.flags == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        ('{"nbformat": 4}'.encode("utf-16-be"), "no notebook"),
        (b'{"cells": [],\n "x": "\xff"}', "line 2"),
        (b"PK\x03\x04", "does not begin with {"),
        (b"[]", "no cells"),
        (b"3", "no cells"),
        (b"{}", "no cells"),
        (b'{"nbformat": 4}', "no list"),
        (b'{"nbformat": 4, "cells": {}}', "no list"),
        (b'{"nbformat": 4, "cells": [], "metadata": []}', "metadata"),
        (b'{"nbformat": 3, "worksheets": []}', "old format 3"),
        (b'{"nbformat": 99, "cells": []}', "format 4. Received: 99"),
        (b'{"nbformat": true, "cells": []}', "format 4"),
        (b'{"nbformat": "4", "cells": []}', "format 4"),
        (b'{"nbformat": 4.0, "cells": []}', "format 4"),
        (b'{"nbformat": 4, "cells": []', "in the middle"),
        (b'{"nbformat": 4, "cells": [}]', "line 1"),
        (b'{"nbformat": 4, "cells": [3]}', "Cell 1"),
        (b'{"nbformat": 4, "cells": [{}]}', "Cell 1"),
        (b'{"nbformat": 4, "cells": [{"cell_type": 3}]}', "Cell 1"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}', "Cell 1"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [3]}]}', "Cell 1"),
        (b'{"nbformat": 4, "nbformat": 4, "cells": []}', '"nbformat" twice'),
        (b'{"cells": [{"cell_type": "code", "cell_type": "raw"}]}', '"cell_type" twice'),
        (b'{"nbformat": 4,\n<<<<<<< mine\n"cells": []}', "merge conflict"),
        (b'{"a": ' * 200_000, "without end"),
        (b'{"nbformat": 4, "cells": ' + b"[" * 200_000, "without end"),
        (b'{"nbformat": ' + b"9" * 10_000 + b', "cells": []}', "no notebook"),
        (b'{"nbformat": 4, "cells": [' + b'{"cell_type": "raw"},' * 6000 + b"{}]}", "6,001 cells"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else None,
)  # fmt: skip
def test_what_is_no_notebook_is_refused_in_a_sentence(content, words):
    assert words in refused(content)


def test_too_large():
    assert "Clear its outputs" in refused(b" " * (notebooks.LARGEST + 1))
    cell = {"cell_type": "code", "source": "x" * 3_000_000}
    assert "5 MB" in refused(dumped({"nbformat": 4, "cells": [cell, cell]}))


def test_many_keys_with_the_twin_at_the_end_take_no_time():
    keys = ",".join(f'"k{i}":0' for i in range(300_000))
    began = time.monotonic()
    refused(f'{{{keys},"k299999":0}}'.encode())
    assert time.monotonic() - began < 5


def test_a_byte_order_mark_is_accepted(first):
    assert len(read(b"\xef\xbb\xbf" + released(1), first).answers) == 5


def test_nan_in_an_output_is_accepted_as_jupyter_does():
    assert read(small().replace(b'"outputs": []', b'"outputs": [{"data": NaN}]')).cells == ("",)


def test_half_an_emoji_becomes_storable():
    found = read(small(text="s = '\ud83d'"))
    assert found.cells[0].encode() == b"s = '?'"


@pytest.mark.parametrize("field", ["metadata", "source", "id", "outputs"])
@pytest.mark.parametrize(
    "value", [None, 3, "x", [], {}, {"nbgrader": 3}, {"nbgrader": {"grade_id": []}}]
)
def test_strange_values_in_a_cell_never_crash(field, value):
    cell = {"cell_type": "code", "source": "", "metadata": {}, field: value}
    try:
        read(dumped({"nbformat": 4, "cells": [cell]}))
    except Unreadable:
        assert field == "source"


@pytest.mark.parametrize(
    "value", [3, "x", [], None, {"kernelspec": 3}, {"kernelspec": {"language": 3}}]
)
def test_strange_metadata_never_crash(value):
    content = dumped({"nbformat": 4, "cells": [], "metadata": value})
    if isinstance(value, dict):
        assert read(content).flags == ()
    else:
        refused(content)
    assert chapter_of(content) == (None, "")


@settings(max_examples=200, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["cells", "nbformat", "metadata", "cell_type", "source", "id", "nbgrader",
                         "grade_id", "course", "generated_from", "kernelspec", "language", "x"]),
        inner, max_size=5),
    max_leaves=20,
))  # fmt: skip
def test_any_json_is_a_notebook_or_refused(value):
    if isinstance(value, dict):
        value = {"nbformat": 4, "cells": [], **value}
    content = json.dumps(value)
    with contextlib.suppress(Unreadable):
        read(content.encode())
    chapter_of(content.encode())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content):
    refused(content)


def test_a_missing_cell_is_named(first):
    document = notebook()
    document["cells"].remove(cell_of(document, "exercise-1-3"))
    document["cells"].remove(cell_of(document, "check-1-1"))
    found = read(dumped(document), first)
    assert "1.3" not in found.answers
    assert found.flags == (
        "The check of exercise 1.1 is missing. Nothing is lost by that.",
        "The cell of exercise 1.3 is missing.",
    )


def test_of_two_cells_the_last_one_that_was_changed_counts(first):
    document = notebook()
    cell = cell_of(document, "exercise-1-1")
    at = document["cells"].index(cell)
    stub = cell["source"]
    document["cells"][at : at + 1] = [
        {**cell, "source": source} for source in ("def a(): 1", "def b(): 2", stub)
    ]
    found = read(dumped(document), first)
    assert found.cells[found.answers["1.1"]] == "def b(): 2"
    assert found.flags == (
        f"The cell of exercise 1.1 is there 3 times (cells {at + 1}, {at + 2}, {at + 3}). "
        f"Cell {at + 2} counts: the last one that was changed.",
    )


def test_an_emptied_copy_of_a_cell_does_not_count(first):
    document = notebook()
    cell = cell_of(document, "exercise-1-1")
    at = document["cells"].index(cell)
    document["cells"][at : at + 1] = [{**cell, "source": s} for s in ("def a(): 1", " \n")]
    found = read(dumped(document), first)
    assert found.cells[found.answers["1.1"]] == "def a(): 1"


def test_of_two_cells_that_nobody_changed_one_counts(first):
    document = notebook()
    cell = cell_of(document, "exercise-1-1")
    document["cells"].insert(document["cells"].index(cell), dict(cell))
    found = read(dumped(document), first)
    assert "1.1" in found.answers
    assert found.flags[0].endswith("counts: the last one.")


def test_a_moved_cell_is_found_and_named(first):
    document = notebook()
    cell = cell_of(document, "exercise-1-4")
    document["cells"].remove(cell)
    document["cells"].insert(0, cell)
    found = read(dumped(document), first)
    assert found.answers["1.4"] == 0
    assert found.flags == ("The cell of exercise 1.4 was moved up. It is found all the same.",)


def test_a_retyped_cell_is_named_and_not_read(first):
    document = notebook()
    cell_of(document, "exercise-1-1")["cell_type"] = "markdown"
    cell_of(document, "written-1-6")["cell_type"] = "code"
    found = read(dumped(document), first)
    assert "1.1" not in found.answers
    assert found.written == {}
    assert [flag.split(";")[0] for flag in found.flags] == [
        "The cell of exercise 1.1 is a markdown cell, expected code",
        "The cell of question 1.6 is a code cell, expected markdown",
    ]


def test_cells_of_other_chapters_are_not_read(first):
    document = notebook()
    cell_of(document, "exercise-1-1")["metadata"]["nbgrader"]["grade_id"] = "exercise-9-9"
    found = read(dumped(document), first)
    assert "9.9" not in found.answers
    assert any("9.9 does not belong" in flag for flag in found.flags)


def test_an_answer_in_another_cell_is_pointed_out(first):
    document = notebook()
    source = "def parameter_count(a, b):\n    return 1"
    extra = {"cell_type": "code", "source": source, "metadata": {}}
    document["cells"].append(extra)
    (flag,) = read(dumped(document), first).flags
    assert f"cell {len(document['cells'])} defines parameter_count too" in flag


def test_a_wrong_kernel_is_named(first):
    document = notebook()
    document["metadata"]["kernelspec"] = {"name": "ir", "language": "R"}
    (flag,) = read(dumped(document), first).flags
    assert "saved for R" in flag


@pytest.mark.parametrize(("name", "flags"), [("ipython", 0), ("Python", 0), ("R", 1)])
def test_the_language_tells_the_kernel_too(name, flags):
    document = {"nbformat": 4, "cells": [], "metadata": {"language_info": {"name": name}}}
    assert len(read(dumped(document)).flags) == flags


def test_flags_do_not_flood():
    cells = [{"cell_type": "raw", "source": "", "id": f"exercise-1-{i}"} for i in range(1, 999)]
    flags = read(dumped({"nbformat": 4, "cells": cells})).flags
    assert len(flags) == 31
    assert "968 more" in flags[-1]


@pytest.mark.parametrize(
    ("line", "student"),
    [
        ('STUDENT = "Jane Doe"', "Jane Doe"),
        ("STUDENT='J\\'x'  # me", "J'x"),
        ("STUDENT = 4711", 4711),
        ("STUDENT = -5", -5),
        ("STUDENT = 1_000", 1000),
        ('STUDENT: str = "x"', "x"),
        (r'STUDENT = "\u00e9\x41\n\\"', "éA\n\\"),
        (r'STUDENT = r"a\n"', r"a\n"),
        (r'STUDENT = R"a\n"', r"a\n"),
        ('STUDENT = u"x"', "x"),
        (r'STUDENT = "\101\t"', "A\t"),
        ('STUDENT = """x"""', "x"),
        ('STUDENT = "a"; y = 2', "a"),
        ('x = 1\nSTUDENT = "a"\nSTUDENT = "b"', "b"),
        ('STUDENT = ""', ""),
        ("", ""),
        ('    STUDENT = "inside a function"', ""),
        ('STUDENT == "x"', ""),
        ('MY_STUDENT = "x"', ""),
    ],
)
def test_the_student_is_read_as_a_literal(line, student):
    found = read(small(text=line))
    assert found.student == student
    assert type(found.student) is type(student)
    assert found.flags == ()


@pytest.mark.parametrize(
    "line",
    [
        'STUDENT = "a" + "b"', "STUDENT = input()", 'STUDENT = f"{x}"', "STUDENT = 0x10",
        "STUDENT = 007", r'STUDENT = "\N{DASH}"', r'STUDENT = "\ud800"', "STUDENT = x = 3",
        'STUDENT = "a" "b"', "STUDENT = [1]", "STUDENT = 1.5", "STUDENT = True",
        'STUDENT = __import__("os").system("touch /tmp/executed")', f'STUDENT = "{"x" * 300}"',
        f"STUDENT = {'9' * 5000}",
    ],
)  # fmt: skip
def test_what_is_no_literal_is_flagged_and_not_evaluated(line):
    found = read(small(text=line))
    assert found.student == ""
    (flag,) = found.flags
    assert "no plain text or number" in flag
    assert len(flag) < 200


def test_no_line_takes_long():
    began = time.monotonic()
    for start, middle, end in (
        ('"x"', " ", "y"), ('"', "\\", ""), ("", "STUDENT = ", ""), ('"', "'", ""), ("", '""', "x"),
        ("1", "_1", "x"), ('"', r"\x41", ""), ("'", "''", "x"), (":", " ", ""), ("", "\t;", ""),
    ):  # fmt: skip
        read(small(text=f"STUDENT = {start}{middle * 10**5}{end}"))
        read(small(text=f"STUDENT {start}{middle * 10**5}{end}"))
    assert time.monotonic() - began < 5


def test_the_chapter_is_told_by_metadata_then_ids_then_name():
    document = notebook(2)
    assert chapter_of(dumped(document), "ch07.ipynb") == (2, "its metadata")
    del document["metadata"]["course"]
    assert chapter_of(dumped(document), "ch07.ipynb") == (2, "its grade ids")
    empty = dumped({"nbformat": 4, "cells": []})
    assert chapter_of(empty, "jane_ch07.ipynb") == (7, "its file name")
    assert chapter_of(b"damaged", "Chapter 3.ipynb") == (3, "its file name")
    assert chapter_of(b"damaged", "x.ipynb") == (None, "")
    assert chapter_of(b"damaged", "rich12.ipynb") == (None, "")


def test_most_grade_ids_tell_the_chapter():
    ids = ("exercise-1-1", "exercise-2-1", "exercise-2-2")
    cells = [{"cell_type": "code", "source": "", "id": i} for i in ids]
    assert chapter_of(dumped({"nbformat": 4, "cells": cells})) == (2, "its grade ids")


@pytest.mark.parametrize(
    "value", ["solutions/ch01_x.py\n", "../ch01_x.py", 3, ["ch01_x.py"], "ch1_x.py", "ch０１_x.py"]
)
def test_forged_metadata_tell_nothing(value):
    document = {"nbformat": 4, "cells": [], "metadata": {"course": {"generated_from": value}}}
    assert chapter_of(dumped(document)) == (None, "")


def test_digits_of_other_scripts_are_no_grade_ids():
    cell = {"cell_type": "code", "source": "", "id": "exercise-１-２"}
    assert read(dumped({"nbformat": 4, "cells": [cell]})).answers == {}
