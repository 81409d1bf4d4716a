"""course.metrics against loops, closed forms and planes at a known angle."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course.metrics import mse_per_image, psnr, subspace_cosines


@given(arrays(np.float64, (2, 3, 2, 2), elements=st.floats(-2, 2)))
def test_mse_is_the_mean_of_squares_of_each_image(pair):
    x, x_hat = pair
    expected = [
        math.fsum((a - b) ** 2 for a, b in zip(x[i].flat, x_hat[i].flat, strict=True)) / 4
        for i in range(3)
    ]
    np.testing.assert_allclose(mse_per_image(x, x_hat), expected, rtol=1e-12, atol=1e-300)


def test_mse_of_grey_levels_does_not_wrap_around():
    black, grey = np.uint8([[0, 10]]), np.uint8([[20, 0]])
    np.testing.assert_allclose(mse_per_image(black, grey), [(20**2 + 10**2) / 2])
    np.testing.assert_allclose(mse_per_image(grey, black), [(20**2 + 10**2) / 2])
    np.testing.assert_allclose(mse_per_image([[True, True]], [[False, True]]), [0.5])


def test_mse_keeps_the_precision_it_is_given():
    assert mse_per_image(np.ones((2, 3), "f4"), np.zeros((2, 3), "f4")).dtype == np.float32
    assert mse_per_image(np.ones((2, 3)), np.zeros((2, 3), "f4")).dtype == np.float64


@pytest.mark.parametrize(
    ("x", "x_hat"),
    [((3, 4), (4, 3)), ((3, 1), (3,)), ((0, 4), (0, 4)), ((3,), (3,))],
)
def test_mse_refuses_what_is_no_pair(x, x_hat):
    with pytest.raises(ValueError, match=r"same shape .* Received: \("):
        mse_per_image(np.zeros(x), np.zeros(x_hat))


def test_psnr_in_closed_form():
    np.testing.assert_allclose(psnr([1, 0.1, 0.01, 0.0025]), [0, 10, 20, 26.0206], atol=1e-4)
    assert psnr(0) == math.inf
    with pytest.raises(ValueError, match=r"Received: -0\.5"):
        psnr([0.1, -0.5])


@pytest.mark.parametrize("angle", [0, 0.3, 1.0, math.pi / 2])
def test_planes_that_share_one_line_and_open_by_an_angle(angle):
    a = [[1, 0, 0], [0, 1, 0]]
    b = [[1, 0, 0], [0, math.cos(angle), math.sin(angle)]]
    np.testing.assert_allclose(subspace_cosines(a, b), [1, math.cos(angle)], atol=1e-12)


def test_cosines_do_not_depend_on_the_bases():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 9))
    cosines = subspace_cosines(a, b)
    np.testing.assert_allclose(subspace_cosines(rng.normal(size=(4, 4)) @ a, 7 * b), cosines)
    np.testing.assert_allclose(subspace_cosines(a, rng.normal(size=(4, 4)) @ a), 1)
    assert np.all(np.diff(cosines) <= 0) and 0 <= cosines[-1] <= cosines[0] <= 1
    # Eigenvalues of the product of the projectors are the squares of the cosines.
    projectors = np.linalg.pinv(a) @ a @ np.linalg.pinv(b) @ b
    expected = np.sort(np.linalg.eigvals(projectors).real)[::-1][:4]
    np.testing.assert_allclose(cosines**2, expected, atol=1e-9)


def test_cosines_refuse_what_is_no_basis():
    with pytest.raises(ValueError, match="rows that span 1 dimensions"):
        subspace_cosines([[1, 2], [2, 4]], [[1, 0], [0, 1]])
    for a, b in [((2, 3), (1, 3)), ((3, 2), (3, 2)), ((3,), (3,))]:
        with pytest.raises(ValueError, match="two bases of the same shape"):
            subspace_cosines(np.ones(a), np.ones(b))
