"""course.display: where each pixel goes, and that figures say what they show."""

from types import SimpleNamespace

import matplotlib.style
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from course.display import (
    draw_histogram,
    draw_history,
    draw_images,
    draw_latent_map,
    draw_numbers,
    draw_rows,
    draw_weights,
    mosaic,
)


@pytest.fixture
def ax():
    """Axes that belong to no pyplot window; drawn at the end, for what only drawing finds."""
    with matplotlib.style.context("course.style"):
        figure = Figure(figsize=(6, 4))
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        yield axes
        figure.canvas.draw()


def shown(ax):
    return np.asarray(ax.images[0].get_array())


@given(
    st.integers(1, 7), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2)
)
def test_each_pixel_of_a_mosaic_has_its_place(n, columns, h, w, pad):
    images = 1 + np.arange(n * h * w).reshape(n, h, w)
    picture = mosaic(images, columns, pad, fill=-1)
    rows = (n + columns - 1) // columns
    assert picture.shape == (rows * (h + pad) - pad, columns * (w + pad) - pad)
    for i in range(n):
        for r in range(h):
            for c in range(w):
                where = i // columns * (h + pad) + r, i % columns * (w + pad) + c
                assert picture[where] == images[i, r, c]
    assert np.sum(picture == -1) == picture.size - n * h * w


def test_a_mosaic_takes_a_last_axis_of_one_and_refuses_the_rest():
    images = np.random.default_rng(0).uniform(size=(4, 2, 3))
    np.testing.assert_array_equal(mosaic(images[..., None], 2), mosaic(images, 2))
    for wrong in (images[0], images[:0], np.zeros((4, 784)), np.zeros((2, 4, 4, 3))):
        with pytest.raises(ValueError, match=r"n, h, w.*Received: shape"):
            mosaic(wrong, 2)
    with pytest.raises(ValueError, match="columns must be at least 1"):
        mosaic(images, 0)


def test_images_are_ink_on_white_on_a_fixed_scale(ax):
    images = np.full((3, 2, 2), 0.25)
    assert draw_images(ax, images, columns=2, title="three") is ax
    np.testing.assert_array_equal(shown(ax), mosaic(images, 2))
    picture = ax.images[0]
    assert picture.get_clim() == (0, 1) and ax.get_title(loc="left") == "three"
    assert picture.cmap(0.0)[:3] == (1, 1, 1) and picture.cmap(1.0)[:3] == (0, 0, 0)


def test_rows_stand_in_order_beside_their_labels(ax):
    rows = {"input": np.zeros((4, 5, 3)), "copy": np.ones((4, 5, 3, 1))[..., 0]}
    assert draw_rows(ax, rows) is ax
    picture = shown(ax)
    assert picture.shape == (2 * 6 - 1, 4 * 4 - 1)
    assert picture[:5].max() == 0 and picture[6:, :3].min() == 1
    assert [label.get_text() for label in ax.get_yticklabels()] == ["input", "copy"]
    first, second = ax.get_yticks()
    assert 0 < first < 5 and 6 < second < 11


def test_rows_of_different_shapes_are_named(ax):
    with pytest.raises(ValueError, match=r"input \(4, 2, 2\), copy \(3, 2, 2\)"):
        draw_rows(ax, {"input": np.zeros((4, 2, 2)), "copy": np.zeros((3, 2, 2))})
    with pytest.raises(ValueError, match="Every row"):
        draw_rows(ax, {})
    with pytest.raises(ValueError, match="at least one grey image"):
        draw_rows(ax, {"flat": np.zeros(784)})


def test_weights_are_scaled_each_by_its_own_largest(ax):
    weights = np.array([[[2.0, -4.0]], [[0.1, 0.0]], [[0.0, 0.0]]])
    assert draw_weights(ax, weights, columns=3) is ax
    picture = shown(ax)
    np.testing.assert_allclose(picture[:, :2], [[0.5, -1]])
    np.testing.assert_allclose(picture[:, 3:5], [[1, 0]])
    np.testing.assert_allclose(picture[:, 6:], 0)  # zero weights, and no division by zero
    assert ax.images[0].get_clim() == (-1, 1)
    with pytest.raises(ValueError, match=r"kernel\.T\.reshape.*\(784, 32\)"):
        draw_weights(ax, np.zeros((784, 32)), columns=8)


def test_a_history_starts_at_epoch_one_and_names_its_curves(ax):
    history = SimpleNamespace(history={"loss": [3, 2, 1], "val_loss": [4, 3, 3]})
    assert draw_history(ax, history, unit="cross-entropy") is ax
    first, second = ax.lines
    np.testing.assert_array_equal(first.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(second.get_ydata(), [4, 3, 3])
    assert first.get_linestyle() != second.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["loss", "val_loss"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "cross-entropy")


def test_every_named_curve_is_drawn_or_missed(ax):
    history = SimpleNamespace(history={name: [1.0] for name in "abcde"})
    draw_history(ax, history, names=tuple("abcde"))
    assert len(ax.lines) == 5
    with pytest.raises(ValueError, match=r"no 'val_loss', only a, b.*validation_data"):
        draw_history(ax, history, names=("a", "val_loss"))


def test_histograms_share_their_bins_and_mark_medians(ax):
    groups = {"seen": np.array([0.0, 1, 1, 2]), "unseen": np.array([[5.0, 10]])}
    assert draw_histogram(ax, groups, bins=10) is ax
    np.testing.assert_array_equal(ax.patches[0].get_xy()[:, 0], ax.patches[1].get_xy()[:, 0])
    # The outline goes up and down each bin; what it encloses is one number each.
    heights = [patch.get_xy()[1:-1:2, 1].sum() for patch in ax.patches]
    assert heights == [4, 2]
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["seen, median 1.0000", "unseen, median 7.5000"]
    assert ax.get_ylabel() == "images"


def test_numerals_mark_codes(ax):
    z, labels = np.array([[0.0, 1], [2, 3], [4, 5]]), np.array([7, 1, 7], np.uint8)
    assert draw_latent_map(ax, z, labels, title="map") is ax
    ones, sevens = ax.collections
    np.testing.assert_array_equal(ones.get_offsets(), [[2, 3]])
    np.testing.assert_array_equal(sevens.get_offsets(), [[0, 1], [4, 5]])
    assert len(ones.get_paths()[0]) != len(sevens.get_paths()[0])  # different glyphs
    for wrong in (z[:2], z[:, :1], z.T):
        with pytest.raises(ValueError, match=r"codes \(n, 2\)"):
            draw_latent_map(ax, wrong, labels)


def test_a_table_of_numbers_marks_the_window_and_hatches_what_is_cut(ax):
    numbers = np.array([[1, -2, 0], [4, 5, 2.5], [10, 11, 12]])
    keep = slice(0, 2), slice(1, 3)
    draw_numbers(ax, numbers, window=(range(1, 3), range(0, 2)), keep=keep, title="a table")
    words = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts}
    assert words == {
        (0, 0): "1", (1, 0): "\N{MINUS SIGN}2", (2, 0): "0",
        (0, 1): "4", (1, 1): "5", (2, 1): "2.5",
        (0, 2): "10", (1, 2): "11", (2, 2): "12",
    }  # fmt: skip
    *cells, frame = ax.patches
    kept = np.array([cell.get_hatch() is None for cell in cells]).reshape(3, 3)
    expected = np.zeros((3, 3), dtype=bool)
    expected[keep] = True
    np.testing.assert_array_equal(kept, expected)
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (-0.5, 0.5, 2, 2)
    tinted = {c.get_xy() for c in cells if c.get_facecolor()[2] < c.get_facecolor()[0]}
    assert tinted == {(-0.5, 0.5), (0.5, 0.5), (-0.5, 1.5), (0.5, 1.5)}
    assert ax.get_title(loc="left") == "a table"
    with pytest.raises(ValueError, match="a table of numbers"):
        draw_numbers(ax, np.zeros(3))
