"""Spectra and the parity measure, against sums written out and closed forms."""

import cmath
import math

import numpy as np
import pytest

from course.spectra import parity_energy, power_spectrum

RNG = np.random.default_rng(7)


def slow_power(image):
    """|DFT|² / (h w)² by the definition, at frequencies from -1/2, without the mean."""
    h, w = image.shape
    power = np.zeros((h, w))
    for i in range(h):
        for j in range(w):
            u, v = (i - h // 2) / h, (j - w // 2) / w
            total = sum(
                image[a, b] * cmath.exp(-2j * math.pi * (u * a + v * b))
                for a in range(h)
                for b in range(w)
            )
            power[i, j] = abs(total) ** 2 / (h * w) ** 2
    power[h // 2, w // 2] = 0
    return power


def slow_parity(image):
    """Between-group variance over total variance; a group is a parity of row and column."""
    groups = {}
    for (i, j), value in np.ndenumerate(image):
        groups.setdefault((i % 2, j % 2), []).append(value)
    mean = math.fsum(image.ravel()) / image.size
    between = math.fsum(len(g) * (math.fsum(g) / len(g) - mean) ** 2 for g in groups.values())
    return between / math.fsum((v - mean) ** 2 for v in image.ravel())


@pytest.mark.parametrize("shape", [(4, 6), (5, 5), (3, 4), (1, 7)])
def test_the_spectrum_is_the_definition(shape):
    images = RNG.normal(size=(3, *shape)) + 5
    expected = [slow_power(image) for image in images]
    np.testing.assert_allclose(power_spectrum(images), expected, atol=1e-12)
    np.testing.assert_allclose(power_spectrum(images[..., None]), expected, atol=1e-12)


def test_the_spectrum_sums_to_the_variance():
    images = RNG.uniform(size=(4, 9, 6))
    spectrum = power_spectrum(images)
    np.testing.assert_allclose(spectrum.sum(axis=(1, 2)), images.var(axis=(1, 2)))
    assert (spectrum[:, 4, 3] == 0).all()  # the mean, without what rounding leaves


def test_a_wave_stands_at_its_frequency():
    rows, columns = np.indices((8, 8))
    spectrum = power_spectrum(np.cos(2 * np.pi * (rows / 4 + columns / 8))[None])[0]
    expected = np.zeros((8, 8))
    expected[4 + 2, 4 + 1] = expected[4 - 2, 4 - 1] = 0.25
    np.testing.assert_allclose(spectrum, expected, atol=1e-15)


@pytest.mark.parametrize("shape", [(4, 6), (2, 2), (20, 20)])
def test_parity_is_the_variance_between_four_groups(shape):
    images = RNG.normal(size=(5, *shape)) + RNG.normal(size=(5, 1, 1))
    images += RNG.normal(size=(5, 1, 1)) * (np.indices(shape)[1] % 2)
    expected = [slow_parity(image) for image in images]
    np.testing.assert_allclose(parity_energy(images), expected)
    np.testing.assert_allclose(parity_energy(images[..., None]), expected)
    np.testing.assert_allclose(parity_energy(1e-3 * images + 0.5), expected, rtol=1e-6)


def test_parity_is_the_power_at_three_frequencies():
    images = RNG.uniform(size=(6, 8, 12))
    spectrum = power_spectrum(images)
    corners = spectrum[:, 0, 0] + spectrum[:, 4, 0] + spectrum[:, 0, 6]
    np.testing.assert_allclose(parity_energy(images), corners / spectrum.sum(axis=(1, 2)))


def test_known_pictures():
    rows, columns = np.indices((6, 6))
    pictures = [(rows + columns) % 2, rows % 2, columns % 2, np.full((6, 6), 0.1), rows // 2]
    np.testing.assert_allclose(parity_energy(pictures), [1, 1, 1, 0, 0], atol=1e-12)


def test_a_faint_grid_is_found_on_grey_and_beside_a_bright_picture():
    bright, grid = np.full((4, 4), 1e6), np.indices((4, 4))[0] % 2
    faint = [bright, 1e-9 * grid, 0.5 + 1e-8 * grid]
    np.testing.assert_allclose(parity_energy(faint), [0, 1, 1])


def test_white_noise_has_what_the_docstring_says():
    images = RNG.normal(size=(4000, 6, 8))
    measured = parity_energy(images)
    error = measured.std() / math.sqrt(len(measured))
    assert abs(measured.mean() - 3 / 47) < 4 * error


def test_uint8_is_taken_as_numbers():
    board = (np.indices((4, 4)).sum(axis=0) % 2 * 255).astype("uint8")
    assert parity_energy(board[None]) == 1


@pytest.mark.parametrize("function", [parity_energy, power_spectrum])
@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (1, 4, 4, 3), (4,)])
def test_another_shape_is_named(function, shape):
    with pytest.raises(ValueError, match=r"\(n, h, w\).*Received: shape \("):
        function(np.zeros(shape))


@pytest.mark.parametrize("shape", [(1, 4, 5), (1, 5, 4)])
def test_odd_pictures_are_refused(shape):
    with pytest.raises(ValueError, match="even number of rows and columns"):
        parity_energy(np.zeros(shape))


def test_the_input_is_left_alone():
    images = RNG.uniform(size=(2, 4, 4))
    before = images.copy()
    power_spectrum(images), parity_energy(images)
    np.testing.assert_array_equal(images, before)
