"""course.compression: levels of a code, and the sheets that go through JPEG and PNG."""

import io
import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from course import compression
from course.compression import jpeg, png_bits, quantise
from course.data.drawn import draw_digits


@pytest.fixture(scope="module")
def digits():
    return draw_digits(105, seed=0)[0].astype("float32") / 255


def test_levels_by_hand():
    z = [[-9, 0.1, 0.24, 0.26, 0.6, 1, 9]]
    np.testing.assert_allclose(quantise(z, 0, 1, 3), [[0, 0, 0, 0.5, 0.5, 1, 1]])
    each = quantise([[0.4, 0.4]], [0, 0], [1, 0.5], 2)  # a range for each latent variable
    np.testing.assert_allclose(each, [[0, 0.5]])
    np.testing.assert_allclose(quantise([[3, 9]], [2, 5], [4, 5], 2)[0, 1], 5)  # it never moved


@given(
    arrays(np.float64, (5, 2), elements=st.floats(-1e3, 1e3)),
    st.floats(-10, 10),
    st.floats(0.01, 10),
    st.integers(2, 300),
)
def test_a_level_is_the_nearest_one(z, low, width, levels):
    grid = np.linspace(low, low + width, levels)
    nearest = np.abs(z[..., None] - grid).min(axis=-1)
    rounded = quantise(z, low, low + width, levels)
    np.testing.assert_allclose(np.abs(z - rounded), nearest, atol=1e-9)
    assert np.abs(rounded[..., None] - grid).min(axis=-1).max() < 1e-9


def test_levels_that_make_no_sense():
    for levels in (1, 0, 2.5):
        with pytest.raises(ValueError, match=f"Received: {levels}"):
            quantise(np.zeros((1, 1)), 0, 1, levels)
    with pytest.raises(ValueError, match="low must not be above high"):
        quantise(np.zeros((1, 1)), 1, 0, 4)


@pytest.mark.parametrize("n", [1, 9, 10, 105])
def test_images_keep_their_order_and_place_in_the_sheet(digits, n):
    bits, decoded = jpeg(digits[:n], 95)
    assert decoded.shape == (n, 28, 28) and bits > 0
    assert np.abs(decoded - digits[:n]).mean(axis=(1, 2)).max() < 0.02
    np.testing.assert_array_equal(jpeg(digits[:n, ..., None], 95)[1], decoded)


def test_neighbours_in_the_sheet_do_not_touch(digits):
    pair = digits[:2].copy()
    pair[1] = 1 - pair[1]
    np.testing.assert_array_equal(jpeg(pair, 1)[1][0], jpeg(digits[:2], 1)[1][0])


def test_quality_costs_bits_and_saves_error(digits):
    results = [jpeg(digits, quality) for quality in (1, 10, 50, 95)]
    bits = [r[0] for r in results]
    errors = [np.mean((r[1] - digits) ** 2) for r in results]
    assert bits == sorted(bits) and errors == sorted(errors, reverse=True)


@pytest.fixture
def written(monkeypatch):
    """The files that were written, in order."""
    files = []

    class Kept(io.BytesIO):
        def tell(self):
            files.append(self.getvalue())
            return super().tell()

    monkeypatch.setattr(compression.io, "BytesIO", Kept)
    return files


@pytest.mark.parametrize("n", [1, 105])
def test_bits_are_those_of_the_file_for_each_image(digits, written, n):
    bits, _ = jpeg(digits[:n], 50)
    assert written[-1].startswith(b"\xff\xd8") and bits == 8 * len(written[-1]) / n
    bits = png_bits(digits[:n])
    assert written[-1].startswith(b"\x89PNG") and bits == 8 * len(written[-1]) / n


def test_png_keeps_every_grey_level(digits, written):
    bits = png_bits(digits**1.5)
    sheet = np.asarray(Image.open(io.BytesIO(written[-1])))
    for i in (0, 9, 10, 104):
        top, left = i // 10 * 32, i % 10 * 32
        expected = np.rint(digits[i] ** 1.5 * 255)
        np.testing.assert_array_equal(sheet[top : top + 28, left : left + 28], expected)
    raw = np.rint(digits**1.5 * 255).astype(np.uint8).tobytes()
    assert 0.5 < bits * 105 / (8 * len(zlib.compress(raw, 9))) < 1.5


def test_values_outside_the_range_are_clipped():
    wild = np.full((1, 28, 28), 3.0)
    assert math.isclose(jpeg(wild, 95)[1].mean(), 1, abs_tol=0.02)
    assert math.isclose(jpeg(-wild, 95)[1].mean(), 0, abs_tol=0.02)


def test_it_says_what_was_wrong(digits):
    for wrong in (np.zeros((0, 28, 28)), np.zeros((2, 32, 32)), np.zeros(784)):
        with pytest.raises(ValueError, match="28 x 28 pixels"):
            png_bits(wrong)
    with pytest.raises(ValueError, match=r"divide by 255\. Received: uint8"):
        jpeg(np.zeros((1, 28, 28), np.uint8), 50)
    for quality in (0, 96):
        with pytest.raises(ValueError, match=f"from 1 to 95. Received: {quality}"):
            jpeg(digits, quality)


def test_one_file_holds_so_many_images_and_no_more(digits):
    most = 20_460
    assert jpeg(np.resize(digits, (most, 28, 28)), 5)[1].shape == (most, 28, 28)
    with pytest.raises(ValueError, match=r"holds 20,460 images. Received: 20,461"):
        jpeg(np.resize(digits, (most + 1, 28, 28)), 5)
