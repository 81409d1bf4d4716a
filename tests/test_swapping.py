"""course.swapping: labels where they belong, and neighbours that are the nearest."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course.provenance import mark_generated
from course.swapping import draw_face_rows, nearest_rows


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.fixture
def faces():
    return np.random.default_rng(0).uniform(0.2, 0.8, (3, 64, 64, 3)).astype(np.float32)


def test_only_the_generated_rows_are_labelled(ax, faces):
    assert draw_face_rows(ax, {"A": faces, "swap": faces}, generated=("swap",)) is ax
    drawn = np.asarray(ax.images[0].get_array())
    assert drawn.shape == (64 + 2 + 64, 3 * 64 + 2 * 2, 3)
    for j in range(3):
        left = j * 66
        np.testing.assert_allclose(drawn[:64, left : left + 64], faces[j], atol=1e-6)
        marked = mark_generated(faces[j])
        assert np.abs(marked - faces[j]).max() > 0.1
        np.testing.assert_allclose(drawn[66:, left : left + 64], marked, atol=1e-6)
    assert (drawn[64:66] == 1).all()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["A", "swap"]


def test_what_a_network_makes_is_clipped_and_not_changed(ax, faces):
    wild = faces * 3 - 1
    before = wild.copy()
    draw_face_rows(ax, {"swap": wild}, generated=("swap",))
    drawn = np.asarray(ax.images[0].get_array())
    assert drawn.min() >= 0 and drawn.max() <= 1
    np.testing.assert_array_equal(wild, before)


def test_rows_that_do_not_fit(ax, faces):
    with pytest.raises(ValueError, match=r"one shape.*A \(3, 64, 64, 3\), B \(2, 64, 64, 3\)"):
        draw_face_rows(ax, {"A": faces, "B": faces[:2]})
    with pytest.raises(ValueError, match="one shape"):
        draw_face_rows(ax, {"A": faces[..., 0]})
    with pytest.raises(ValueError, match="no row swop"):
        draw_face_rows(ax, {"A": faces}, generated=("swop",))


def test_the_nearest_is_the_nearest():
    rng = np.random.default_rng(1)
    queries, library = rng.normal(3, 1, (20, 4, 5)), rng.normal(3, 1, (50, 4, 5))
    slow = [int(np.argmin([np.sum((q - x) ** 2) for x in library])) for q in queries]
    assert nearest_rows(queries, library).tolist() == slow
    assert nearest_rows(library, library).tolist() == list(range(50))
    bytes_ = np.array([[250], [3]], np.uint8)
    assert nearest_rows(bytes_, bytes_[::-1]).tolist() == [1, 0]


def test_a_library_that_does_not_fit():
    for library in (np.zeros((0, 3)), np.zeros((2, 4))):
        with pytest.raises(ValueError, match="Give a library"):
            nearest_rows(np.zeros((1, 3)), library)
