"""course.binarisation: two customs, their seeds, and batches that are new in every epoch."""

import numpy as np
import pytest

from course.binarisation import FreshPixels, sample_pixels, threshold_pixels
from course.quiet import keras  # noqa: F401  first, so that TensorFlow starts without its notice

GREY = np.linspace(0, 1, 11, dtype="float32")[None, :]
MANY = np.tile(GREY, (20_000, 1))


def test_the_threshold_is_one_half_and_chance_has_no_part():
    found = threshold_pixels(np.array([[0.0, 0.49, 0.5, 0.51, 1.0]]))
    np.testing.assert_array_equal(found, [[0, 0, 0, 1, 1]])
    assert found.dtype == np.float32


def test_a_sampled_pixel_is_ink_as_often_as_it_is_grey():
    found = sample_pixels(MANY, 0)
    assert found.dtype == np.float32 and set(np.unique(found)) == {0, 1}
    share, error = found.mean(axis=0), np.sqrt(GREY[0] * (1 - GREY[0]) / len(MANY))
    assert (np.abs(share - GREY[0]) <= 4.5 * error).all()
    assert np.abs(np.corrcoef(found[:, 4:7].T) - np.eye(3)).max() < 0.04  # each for itself


def test_one_seed_one_set_of_pictures():
    first = sample_pixels(MANY, 3)
    np.testing.assert_array_equal(first, sample_pixels(MANY, 3))
    assert (first != sample_pixels(MANY, 4)).any()


def test_black_and_white_stays_as_it_is():
    bits = (MANY > 0.3).astype("float32")
    np.testing.assert_array_equal(sample_pixels(bits, 0), bits)
    np.testing.assert_array_equal(threshold_pixels(bits), bits)


def rows(epoch):
    return np.concatenate([epoch[i][0] for i in range(len(epoch))])


def test_an_epoch_holds_each_image_once_and_the_next_one_other_pixels():
    images = np.zeros((10, 200), "float32")
    images[:, :10] = np.eye(10)  # who is who
    images[:, 10:] = 0.5
    fresh = FreshPixels(images, 4, seed=0)
    assert len(fresh) == 3 and [fresh[i][0].shape[0] for i in range(3)] == [4, 4, 2]
    first = rows(fresh)
    np.testing.assert_array_equal(first, rows(fresh))
    fresh.on_epoch_end()
    second = rows(fresh)
    np.testing.assert_array_equal(first[:, :10].sum(axis=0), np.ones(10))
    order, other = first[:, :10].argmax(axis=1), second[:, :10].argmax(axis=1)
    assert sorted(order) == sorted(other) == list(range(10))
    assert (order != other).any() and (order != np.arange(10)).any()
    same = first[np.argsort(order), 10:] == second[np.argsort(other), 10:]
    assert 0.4 < same.mean() < 0.6
    # nor are two batches of one epoch drawn alike
    assert 0.4 < (first[:4, 10:] == first[4:8, 10:]).mean() < 0.6


def test_the_same_place_of_the_next_epoch_has_other_pixels():
    fresh = FreshPixels(np.full((8, 200), 0.5, "float32"), 4, seed=0)  # shuffling changes nothing
    first = rows(fresh)
    fresh.on_epoch_end()
    assert 0.4 < (first == rows(fresh)).mean() < 0.6


def test_a_seed_repeats_the_batches():
    one, same, other = (FreshPixels(MANY[:50], 8, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(rows(one), rows(same))
    assert (rows(one) != rows(other)).any()


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.array([[0, 255]], "uint8"), "divide by 255. Received: uint8"),
        (np.array([[0.0, 1.5]]), r"lie in \[0, 1\]\. Received: 0\.0 to 1\.5"),
        (np.array([[-0.1, np.nan]]), "lie in"),
    ],
)
def test_other_pixels_are_refused(images, words):
    for function in (
        threshold_pixels,
        lambda x: sample_pixels(x, 0),
        lambda x: FreshPixels(x, 1, seed=0),
    ):
        with pytest.raises(ValueError, match=words):
            function(images)


def test_an_empty_epoch_is_refused():
    for images, batch in ((GREY[:0], 4), (GREY, 0)):
        with pytest.raises(ValueError, match="at least one image, and a batch size of at least 1"):
            FreshPixels(images, batch, seed=0)
