"""course.panels: the two forms of a panel, and the curves in it."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from IPython.core.formatters import HTMLFormatter, PlainTextFormatter

from course import panels
from course.panels import Panel, in_notebook, progress_panel, show, show_source


def parsed(panel):
    """The markup as a tree; it is well-formed XML or this fails."""
    return ET.fromstring(panel.markup)


def points(panel):
    """The points of each curve, as pairs of numbers."""
    return [
        [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
        for line in parsed(panel).iter("polyline")
    ]


def test_jupyter_gets_both_forms():
    panel = Panel("words", "<b>words</b>")
    assert HTMLFormatter()(panel) == "<b>words</b>"
    assert PlainTextFormatter()(panel) == str(panel) == "words"


def test_a_terminal_gets_text(capsys):
    assert in_notebook() is False
    show(Panel("words", "<b>words</b>"))
    assert capsys.readouterr().out == "words\n"


def test_the_bar_says_how_far_it_is():
    panel = progress_panel("training", 3, 12, 4.56, {"loss": [3, 2, 0.12345], "val_loss": []})
    assert str(panel) == "training [######..................] 3/12 epochs, 4.6 s, loss 0.1235"
    bar = next(parsed(panel).iter("progress"))
    assert (bar.get("value"), bar.get("max"), bar.get("aria-label")) == ("3", "12", "training")


def test_a_bar_is_full_at_the_end_and_not_before():
    for total in (1, 7, 1000):
        assert "." in re.search(r"\[(.*)\]", str(progress_panel("", total - 1, total, 0, {})))[1]
        assert str(progress_panel("", total, total, 0, {})).count("#") == panels.BAR
    assert "0/0 epochs" in str(progress_panel("", 0, 0, 0, {}))
    assert "3/4 pictures, " in str(progress_panel("", 3, 4, 0, {}, unit="pictures"))


def test_curves_lie_where_their_values_say():
    panel = progress_panel("", 2, 4, 0, {"loss": [5.0, 1.0], "val_loss": [3.0, 2.0]})
    first, second = points(panel)
    # The largest value at the top of the box, the smallest at the bottom; half the epochs done.
    top, bottom = 2, panels.HEIGHT - 2
    assert first == [(panels.WIDTH / 4, top), (panels.WIDTH / 2, bottom)]
    assert second == [(panels.WIDTH / 4, 18.0), (panels.WIDTH / 2, 26.0)]
    svg = next(parsed(panel).iter("svg"))
    assert svg.get("aria-label") == "loss over epochs: loss solid, val_loss dashed"
    dashes = [line.get("stroke-dasharray") for line in svg]
    assert dashes == ["", "4 3"] and {line.get("stroke") for line in svg} == {"currentColor"}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_ends_its_curve(bad):
    panel = progress_panel("", 3, 4, 0, {"loss": [2.0, 1.0, bad]})
    (curve,) = points(panel)
    assert len(curve) == 2 and all(map(math.isfinite, sum(curve, ())))
    assert f"loss {bad}" in str(panel)
    assert points(progress_panel("", 3, 4, 0, {"loss": [bad] * 3})) == []


def test_a_constant_loss_is_no_division_by_zero():
    assert len(points(progress_panel("", 3, 3, 0, {"loss": [1.0, 1.0, 1.0]}))[0]) == 3


def test_words_are_escaped():
    panel = progress_panel('<i>"a" & b</i>', 1, 2, 0, {"<loss>": [1.0, 2.0]})
    words = "".join(parsed(panel).itertext())
    assert '<i>"a" & b</i>' in words and "<loss> 2.0000" in words
    assert list(parsed(panel).iter("i")) == []


def test_the_source_that_is_shown_is_the_source(capsys):
    show_source(Panel.__str__)
    assert capsys.readouterr().out == (
        "# from course.panels\ndef __str__(self):\n    return self.text\n\n"
    )
    with pytest.raises(TypeError):
        show_source(len)
