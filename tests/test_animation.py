"""course.animation: what a browser gets, read back by Pillow."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from course import animation
from course.animation import HOLD, animate, frame_of


@pytest.fixture
def shown(monkeypatch):
    """Calls animate and hands back the panel that it shows."""

    def call(frames, **options):
        panels = []
        monkeypatch.setattr(animation, "show", panels.append)
        animate(frames, **({"title": "a square"} | options))
        (panel,) = panels
        return panel

    return call


def pictures(panel):
    """The still and the moving picture of a panel."""
    found = re.findall(r'src(?:set)?="data:image/webp;base64,([^"]+)"', panel.markup)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def steps(n=5, colour=False):
    """Grey levels 0, 1/(n-1), ... 1, each filling a frame."""
    frames = np.ones((n, 12, 16)) * np.linspace(0, 1, n)[:, None, None]
    return np.repeat(frames[..., None], 3, axis=3) if colour else frames


@pytest.mark.parametrize("colour", [False, True])
def test_every_frame_is_there_in_order(shown, colour):
    still, moving = pictures(shown(steps(colour=colour)))
    assert moving.n_frames == 5 and moving.size == (16, 12)
    levels = []
    for i in range(5):
        moving.seek(i)
        levels.append(np.asarray(moving.convert("L")).mean())
    np.testing.assert_allclose(levels, 255 * np.linspace(0, 1, 5), atol=4)
    assert still.n_frames == 1 and np.asarray(still.convert("L")).mean() > 250


def test_colours_keep_their_order(shown):
    frames = np.zeros((2, 32, 32, 3), np.uint8)
    frames[0, ..., 0] = frames[1, ..., 2] = 255
    _, moving = pictures(shown(frames))
    for i, expected in enumerate([0, 2]):
        moving.seek(i)
        assert np.asarray(moving.convert("RGB"), float).mean(axis=(0, 1)).argmax() == expected


def test_one_round_takes_the_seconds_and_holds_the_end(shown):
    _, moving = pictures(shown(steps(), seconds=2.0))
    times = []
    for i in range(5):
        moving.seek(i)
        moving.load()
        times.append(moving.info["duration"])
    assert sum(times) == pytest.approx(2000, abs=10) and times[-1] == HOLD * times[0]
    assert moving.info["loop"] == 0  # for ever


def test_words_stand_in_and_are_escaped(shown):
    panel = shown(steps(), title='A <b> & "B"')
    assert panel.text == '[animation: A <b> & "B"]'
    assert 'alt="A &lt;b&gt; &amp; &quot;B&quot;"' in panel.markup


def test_small_pictures_stay_sharp_when_enlarged(shown):
    assert "pixelated" in shown(steps(), width=160).markup
    assert "pixelated" not in shown(steps(), width=16).markup


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        (np.zeros((1, 4, 4)), r"\(1, 4, 4\)"),
        (np.zeros((3, 4)), r"\(3, 4\)"),
        (np.zeros((3, 4, 4, 4)), r"\(3, 4, 4, 4\)"),
        (np.zeros((3, 0, 4)), r"\(3, 0, 4\)"),
        (np.full((3, 4, 4), 1.5), "np.clip"),
        (np.full((3, 4, 4), -0.5), "-0.5"),
        (np.full((3, 4, 4), np.nan), "nan"),
        (np.zeros((3, 4, 4), int), "int64"),
    ],
)
def test_what_is_no_picture_is_refused(shown, frames, told):
    with pytest.raises(ValueError, match=told):
        shown(frames)


@pytest.mark.parametrize("bad", [{"seconds": 0}, {"seconds": float("nan")}, {"width": 0}])
def test_no_time_and_no_room_are_refused(shown, bad):
    with pytest.raises(ValueError, match="takes time and room"):
        shown(steps(), **bad)


def test_a_figure_becomes_a_frame_and_is_closed():
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(2, 1), dpi=50, facecolor=(1, 0, 0))
    frame = frame_of(figure)
    assert frame.shape == (50, 100, 3) and frame.dtype == np.uint8
    assert (frame == [255, 0, 0]).all()
    assert figure.number not in plt.get_fignums()
