"""course.widgets: the stand-in's frames and markup, and the live form in a real kernel."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from course import widgets
from course.running import execute
from course.widgets import Axis, explore, standin

WIDGET = "application/vnd.jupyter.widget-view+json"


def tones(points):
    """A picture (3, 2) for each point of one or two numbers; each point has its own tone."""
    return [np.full((3, 2), sum(p * 0.05 * 7**i for i, p in enumerate(point))) for point in points]


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, text, and the script."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.text, self.script, self.inside = [], "", "", None
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            self.script += data
        else:
            self.text += data

    def attributes(self, tag):
        return next(attributes for name, attributes in self.tags if name == tag)

    def spec(self):
        """The numbers that the script works with."""
        text = self.script.split("gap, scale} = ", 1)[1]
        return json.JSONDecoder().raw_decode(text)[0]

    def sheet(self):
        """All frames, as ink in [0, 1]."""
        head, data = self.attributes("img")["src"].split(",", 1)
        assert head == "data:image/png;base64"
        return 1 - np.asarray(Image.open(io.BytesIO(base64.b64decode(data))), float) / 255

    def frame(self, *at):
        """The part of the sheet that the script shows with the sliders at these positions."""
        spec, sheet = self.spec(), self.sheet()
        (w, h), gap = spec["size"], spec["gap"]
        index = at[0] + (at[1] * len(spec["axes"][0]["words"]) if len(at) > 1 else 0)
        row, column = divmod(index, spec["columns"])
        top, left = row * (h + gap), column * (w + gap)
        assert sheet.shape[1] == spec["columns"] * (w + gap) - gap
        return sheet[top : top + h, left : left + w]


def test_each_position_of_two_sliders_shows_its_frame():
    page = Page(standin([Axis("a", range(4)), Axis("b", range(3))], tones, "two"))
    for a in range(4):
        for b in range(3):
            np.testing.assert_allclose(page.frame(a, b), tones([(a, b)])[0], atol=1 / 255)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_each_position_of_one_slider_shows_its_frame(n):
    page = Page(standin([Axis("a", range(n))], tones, "one"))
    for a in range(n):
        np.testing.assert_allclose(page.frame(a), tones([(a,)])[0], atol=1 / 255)


def test_a_long_row_of_wide_frames_goes_on_below():
    page = Page(
        standin([Axis("a", range(9))], lambda ps: [np.full((9, 200), p / 9) for (p,) in ps], "wide")
    )
    assert page.sheet().shape[1] <= 640
    np.testing.assert_allclose(page.frame(8), 8 / 9, atol=1 / 255)
    assert "a from 0 to 8, row by row" in page.text


def test_one_call_renders_all_frames():
    calls = []
    standin([Axis("a", range(5))], lambda ps: calls.append(ps) or tones(ps), "one")
    assert calls == [[(0,), (1,), (2,), (3,), (4,)]]


def draw(points):
    """Pictures that do not matter."""
    return np.zeros((len(points), 2, 2))


def test_nothing_comes_from_outside_and_nothing_is_random():
    axes = [Axis("a", [0.5, 1.0]), Axis("b", ["x", "y"], start=1)]
    markup = standin(axes, draw, "t")
    assert markup == standin(axes, draw, "t")
    assert not re.search(r"https?:|//\w|@import|fetch|src=(?!\"data:)|url\((?!\$)", markup)
    assert {tag for tag, _ in Page(markup).tags} == {"div", "figure", "img", "figcaption", "script"}


def test_other_words_over_the_same_frames_have_their_own_script():
    def name(title, words):
        markup = standin([Axis("a", words)], lambda p: np.zeros((2, 1, 1)), title)
        return Page(markup).attributes("div")["class"]

    assert len({name("t", "xy"), name("u", "xy"), name("t", "xz")}) == 3


def test_words_are_escaped():
    nasty = "</script><!-- <b>\"'&"
    page = Page(
        standin([Axis(nasty, [nasty, "b"])], lambda p: np.zeros((len(p), 1, 1)), f"t {nasty}")
    )
    assert {tag for tag, _ in page.tags} == {"div", "figure", "img", "figcaption", "script"}
    spec = page.spec()
    assert spec["title"] == f"t {nasty}" and spec["axes"][0]["words"] == [nasty, "b"]
    assert page.attributes("img")["alt"].startswith(f"t {nasty}. {nasty} ")
    assert page.script.endswith("})()") and page.text.count(nasty) == 3


def test_small_pictures_are_enlarged_by_whole_numbers():
    for shape, scale in [((28, 28), 7), ((56, 140), 2), ((300, 10), 1)]:
        page = Page(standin([Axis("a", [1])], lambda p, s=shape: np.zeros((1, *s)), "t"))
        assert page.spec()["scale"] == scale


def test_words_of_values():
    axis = Axis("z", np.array([-1.0, -0.001, 0.0, 2.345]))
    assert axis.words() == ["-1.00", "0.00", "0.00", "2.35"]
    assert Axis("n", [1, 2, "input"]).values == (1, 2, "input")
    assert [type(v) for v in Axis("n", np.arange(2)).values] == [int, int]
    assert Axis("n", range(4)).start == 2 and Axis("n", range(4), start=0).start == 0


@given(st.integers(1, 400), st.integers(2, 121), st.data())
def test_a_thinned_axis_keeps_its_ends_and_its_start(n, most, data):
    start = data.draw(st.integers(0, n - 1))
    axis = Axis("a", range(n), start)
    thin = axis.thinned(most)
    assert len(thin.values) == min(n, most)
    assert (thin.values[0], thin.values[-1]) == (0, n - 1)
    assert list(thin.values) == sorted(set(thin.values))
    nearest = min(abs(value - start) for value in thin.values)
    assert abs(thin.values[thin.start] - start) == nearest


def test_the_number_of_frames_is_limited():
    one = Page(standin([Axis("a", range(999))], draw, "t")).spec()
    two = Page(standin([Axis("a", range(41)), Axis("b", range(41))], draw, "t")).spec()
    assert len(one["axes"][0]["words"]) == widgets.FRAMES
    assert [len(axis["words"]) for axis in two["axes"]] == [11, 11]
    assert [axis["words"][axis["start"]] for axis in two["axes"]] == ["20", "20"]


def test_it_says_what_was_wrong():
    with pytest.raises(ValueError, match="'a' needs at least one value"):
        Axis("a", [])
    for start in (-1, 3):
        with pytest.raises(ValueError, match=f"3 values and cannot start at position {start}"):
            Axis("a", range(3), start)
    for axes in ([], [Axis("a", [1])] * 3):
        with pytest.raises(ValueError, match=f"one or two axes. Received: {len(axes)}"):
            explore(axes, tones, title="t")
    for images in (np.zeros((1, 2, 2)), np.zeros((2, 2, 2, 3)), np.zeros((2, 4))):
        with pytest.raises(ValueError, match=r"2 grey images, \(n, h, w\). Received: \("):
            standin([Axis("a", range(2))], lambda points, i=images: i, "t")


def test_a_terminal_gets_a_line(capsys):
    explore([Axis("a", range(2))], tones, title="a walk")
    assert capsys.readouterr().out == "[a walk: open in Jupyter]\n"


def test_live_sliders_change_the_picture_in_a_real_kernel():
    nb = new_notebook(
        cells=[
            new_code_cell(
                "import numpy as np\n"
                "from course.widgets import Axis, explore\n"
                "explore([Axis('a', range(41)), Axis('b', [0.001, 0.002, 0.9])],\n"
                "        lambda ps: [np.full((3, 2), 0.01 * a + 0.4 * b) for a, b in ps],\n"
                "        title='<b>')"
            ),
            new_code_cell(
                "import io\n"
                "from ipywidgets import HTML, Image, SelectionSlider\n"
                "from ipywidgets.widgets.widget import _instances\n"
                "from PIL import Image as Pillow\n"
                "def all_of(kind): return [w for w in _instances.values() if type(w) is kind]\n"
                "a, b = all_of(SelectionSlider)\n"
                "(picture,), (title,) = all_of(Image), all_of(HTML)\n"
                "def seen():\n"
                "    png = Pillow.open(io.BytesIO(picture.value))\n"
                "    return png.size, 255 - png.getpixel((0, 0))\n"
                "print([a.description, b.description, a.label, b.label, title.value, seen()])\n"
                "a.set_state({'index': 40})\n"  # what a message from the browser does
                "print([a.label, seen()])\n"
                "b.set_state({'index': 2})\n"
                "print([b.label, seen()])"
            ),
        ]
    )
    outcome = execute(nb, timeout=60)
    assert outcome.error is None
    (shown,) = nb.cells[0].outputs
    assert set(shown.data) == {WIDGET, "text/html", "text/plain"}
    assert shown.data["text/html"].startswith('<div class="explore-')
    # Ink: 0.01 * 20 + 0.4 * 0.002, then a moves to 40, then b moves to 0.9.
    first, second, third = (eval(line) for line in nb.cells[1].outputs[0].text.splitlines())
    assert first == ["a", "b", "20", "0.00", "&lt;b&gt;".join(["<strong>", "</strong>"]), first[5]]
    assert first[5] == ((132, 198), 51)
    assert second == ["40", ((132, 198), 102)]
    assert third == ["0.90", ((132, 198), 194)]
