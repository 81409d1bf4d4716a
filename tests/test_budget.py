"""course.budget: what COURSE_BUDGET means and what a chapter says about its time."""

import re

import pytest

from course import budget as module
from course.budget import announce, budget, by_budget
from course.chapters import CHAPTERS, Chapter


@pytest.mark.parametrize(
    ("word", "expected"),
    [(None, "full"), ("", "full"), ("  ", "full"), ("full", "full"), (" Quick ", "quick")],
)
def test_the_variable_chooses(monkeypatch, word, expected):
    monkeypatch.delenv("COURSE_BUDGET", raising=False)
    if word is not None:
        monkeypatch.setenv("COURSE_BUDGET", word)
    assert budget() == expected
    assert by_budget(full="full", quick="quick") == expected


def test_another_word_is_an_error_everywhere(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "fast")
    for call in (budget, lambda: by_budget(full=1, quick=2), lambda: announce(CHAPTERS[0].slug)):
        with pytest.raises(ValueError, match=r"one of full, quick\. Received: 'fast'\. Unset"):
            call()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "10 seconds"),
        (5, "10 seconds"),
        (44, "40 seconds"),
        (89, "90 seconds"),
        (90, "2 minutes"),
        (200, "3 minutes"),
        (3600, "60 minutes"),
    ],
)
def test_times_are_round_and_never_nothing(monkeypatch, capsys, seconds, words):
    monkeypatch.setenv("COURSE_BUDGET", "quick")
    monkeypatch.setattr(module, "CHAPTERS", (Chapter(7, "ch07_x", "X", seconds, 1e6),))
    announce("ch07_x")
    assert f"takes about {words} on" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["full", "quick"])
def test_each_chapter_announces_itself(monkeypatch, capsys, name):
    monkeypatch.setenv("COURSE_BUDGET", name)
    for chapter in CHAPTERS:
        announce(chapter.slug)
        out = capsys.readouterr().out
        assert out.startswith(f"Budget: {name}.") and re.search(r"about \d+ (sec|min)", out)
        assert ("first run" in out) == (name == "full")


def test_an_unknown_chapter_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=f"'ch99_x'.*{CHAPTERS[0].slug}, {CHAPTERS[1].slug}"):
        announce("ch99_x")
