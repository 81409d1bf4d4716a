"""course.grading.names: what strangers are called, on screens and as files."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper import NASTY

from course.grading.names import (
    file_names,
    lines_shown,
    look_alike,
    natural_order,
    shown,
    storable,
)

TEXT = st.text(st.characters(exclude_categories=()), max_size=30)


def test_what_cannot_be_seen_is_written_out():
    assert shown("Eve\nAdam") == r"Eve\x0aAdam"
    assert shown("a\u202eb") == r"a\u202eb"
    assert shown("a\U000e0041") == r"a\U000e0041"
    assert shown("\x1b[2J") == r"\x1b[2J"


def test_ordinary_names_stay():
    for name in ("Jane Doe", "Zoë Ünal", "محمد علي", "李小龍", "👩\u200d🔬", r"a\b", "O'Neil; =1"):
        assert shown(name) == name


def test_a_long_name_is_cut_with_a_mark():
    assert shown("n" * 300, 10) == "nnnnnnnnn…"
    assert len(shown("\n" * 10**6, 50)) == 50


@settings(deadline=None)
@given(TEXT, TEXT)
def test_two_names_are_never_shown_alike(a, b):
    assert (shown(a) == shown(b)) == (a == b)


@settings(deadline=None)
@given(TEXT | st.text("\\xuU0aA\n\u202e", max_size=12))
def test_a_name_and_how_it_is_shown_are_never_shown_alike(text):
    assert (shown(shown(text)) == shown(text)) == (shown(text) == text)


def test_what_looks_escaped_is_told_from_what_is():
    texts = [r"\x0a", "\n", r"\x5cx0a", "\\\n", r"\\x0a", r"\u202e", "\u202e", r"\U000e0041"]
    assert len({shown(text) for text in texts}) == len(texts)


@settings(deadline=None)
@given(TEXT)
def test_nothing_hidden_is_left(text):
    left = set(shown(text)) - set("\u200c\u200d")
    assert not {unicodedata.category(c) for c in left} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_lines_and_tabs_of_a_text_stay():
    assert lines_shown("a\n\tb\r\u2028c") == "a\n\tb" + r"\x0d\u2028c"


def test_bytes_that_are_no_utf8_can_be_stored():
    name = storable(b"J\xfcrgen".decode("utf-8", "surrogateescape"))
    assert name == "J%FCrgen"
    assert name.encode()


def test_look_alikes():
    assert look_alike("Zo\u00eb") == look_alike("zoe\u0308") == look_alike(" ZO\u00cb\u200b ")
    assert look_alike("Ｊane") == look_alike("jane")
    assert look_alike("jane") != look_alike("jana")


def folded(name):
    """What the least careful file system makes of a name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def test_file_names_are_safe_and_unique():
    made = file_names(NASTY)
    assert set(made) == set(NASTY)
    assert len({folded(name) for name in made.values()}) == len(NASTY)
    for name in made.values():
        assert not set(name) & set('<>:"/\\|?*')
        assert shown(name) == name
        assert not name.startswith((".", "-", "~", " "))
        assert not name.endswith((".", " "))
        assert len(f"{name}.html".encode()) < 255
        assert name.split(".")[0].lower() not in ("con", "nul", "prn", "aux", "com1")


def test_plain_names_stay_as_they_are():
    names = [
        "jane_123", "Jürgen", "bob", "Jane Doe", "Doe, Jane", "李 小龍", "O'Neil", "Müller, Zoë",
        "प्रिया शर्मा", "สมชาย ใจดี", "Jane Doe (17)", "smith & sons #1", "n" * 60, "👩\u200d🔬",
    ]  # fmt: skip
    assert file_names(names) == dict(zip(names, names, strict=True))


def test_nobody_can_take_the_name_of_a_file_that_another_one_gets():
    (made,) = file_names(["x/y"]).values()
    assert made.startswith("x_y-")
    both = file_names(["x/y", made])
    assert both["x/y"] == made != both[made]


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a ", "\u00a0a", ".a", "a.", "-a", "~a", "a/b", "a\\b", "a:b", "a*b", 'a"b', "a|b",
        "a<b", "a>b", "a?b", "a\nb", "a\u202eb", "Zoe\u0308", "con", "Aux.txt", "COM¹", "n" * 61,
        "李" * 61, "𝒜" * 50, "x-0123456789", "x-ABCDEF0123", "x-abcdef0123\u200d", "x-０123456789",
    ],
)  # fmt: skip
def test_a_name_that_some_file_system_would_change_gets_a_checksum(name):
    assert re.search(r"-[0-9a-f]{10}$", file_names([name])[name])


def test_a_name_in_large_letters_fits_a_file_name():
    (name,) = file_names(["\U00010400" * 100]).values()
    assert len(f"{name}.html".encode()) < 255


def test_devices_of_windows_are_no_names_with_an_ending_either():
    for name in ("con.max", "NUL.a.b", "lpt1", "COM¹"):
        assert file_names([name])[name].startswith("_")


def test_names_that_look_alike_get_checksums():
    for names in (["jane", "Jane"], ["Zo\u00eb", "Zoe\u0308"], ["a b", "a\u3000b"], ["ﬁ", "fi"]):
        assert all(re.search(r"-[0-9a-f]{10}$", made) for made in file_names(names).values())


def test_the_same_class_gets_the_same_names():
    assert file_names(NASTY) == file_names(reversed(NASTY))


@settings(deadline=None)
@given(st.lists(TEXT, unique=True, max_size=8))
def test_any_names_give_unique_files(students):
    made = list(file_names(students).values())
    assert len({folded(name) for name in made}) == len(students)
    assert all(name and len(name.encode()) < 240 for name in made)


def test_every_code_point_can_be_shown():
    whole = "".join(map(chr, range(0, sys.maxunicode + 1, 7)))
    assert shown(whole).encode()


def test_exercises_sort_as_a_reader_counts():
    assert sorted(["1.10", "1.9", "12.1", "1.1"], key=natural_order) == [
        "1.1",
        "1.9",
        "1.10",
        "12.1",
    ]
    assert sorted(["homework 5b", "homework 5"], key=natural_order) == ["homework 5", "homework 5b"]
