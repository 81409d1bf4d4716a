"""Fréchet distance against closed forms and SciPy; coverage by hand; intervals against repeats."""

import math

import numpy as np
import pytest
import scipy.linalg

from course.generation import class_coverage, frechet_distance, sample_interval

RNG = np.random.default_rng(7)


def exact(n, mean, cov):
    """Points whose sample mean and covariance are exactly these."""
    rows = RNG.normal(size=(n, len(mean)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    return rows @ scipy.linalg.sqrtm(cov).real.T + mean


def test_diagonal_gaussians_in_closed_form():
    sigma_a, sigma_b = np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 1.0])
    a = exact(50, np.zeros(3), np.diag(sigma_a**2))
    b = exact(70, np.array([1.0, -2.0, 0.0]), np.diag(sigma_b**2))
    expected = 5.0 + np.sum((sigma_a - sigma_b) ** 2)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_full_covariances_against_the_matrix_root():
    d = 6
    mixing = RNG.normal(size=(2, d, d))
    a, b = RNG.normal(size=(300, d)) @ mixing[0] + 1, RNG.normal(size=(200, d)) @ mixing[1]
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    gap = a.mean(axis=0) - b.mean(axis=0)
    expected = gap @ gap + np.trace(cov_a + cov_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-8)


def test_equal_clouds_have_no_distance_and_a_shift_adds_its_square():
    a = RNG.normal(size=(40, 5)).astype("float32")
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(a, a + np.float32(1)) == pytest.approx(5, rel=1e-5)


def test_singular_covariances_do_no_harm():
    """Fewer rows than features, a feature that is constant, and a cloud that is one point."""
    a = RNG.normal(size=(10, 30))
    a[:, 3] = 0
    b = a + 2
    assert frechet_distance(a, b) == pytest.approx(120, rel=1e-6)
    point = np.zeros((10, 30))
    expected = np.square(a.mean(axis=0)).sum() + a.var(axis=0, ddof=1).sum()
    assert frechet_distance(a, point) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(point, point) == 0
    one = RNG.normal(size=(20, 1))
    assert frechet_distance(one, 3 * one) == pytest.approx(
        4 * one.mean() ** 2 + 4 * one.var(ddof=1), rel=1e-9
    )


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (np.ones((3, 2)), np.ones((3, 4)), "features of one kind"),
        (np.ones(3), np.ones((3, 1)), "Give finite features"),
        (np.ones((1, 2)), np.ones((3, 2)), "n >= 2"),
        (np.full((3, 2), np.nan), np.ones((3, 2)), "6 not finite"),
    ],
)
def test_wrong_features_are_named(a, b, words):
    with pytest.raises(ValueError, match=words):
        frechet_distance(a, b)


def test_coverage_by_hand():
    coverage = class_coverage([0, 0, 1, 3], classes=4)
    np.testing.assert_array_equal(coverage.shares, [0.5, 0.25, 0, 0.25])
    assert coverage.rarest == 0
    assert coverage.entropy == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4))
    even = class_coverage(np.arange(50) % 10)
    assert even.entropy == pytest.approx(math.log(10))
    assert even.rarest == pytest.approx(0.1)
    assert class_coverage([7, 7]).entropy == 0


@pytest.mark.parametrize("read", [[], [10], [-1, 2], [[1, 2]], [0.5, 1.0]])
def test_what_is_no_class_is_refused(read):
    with pytest.raises(ValueError, match="Give a class from 0 to 9"):
        class_coverage(np.array(read) if read else np.array([], int))


def test_the_interval_of_a_mean_is_that_of_the_normal_formula():
    x = RNG.normal(3, 2, size=2000)
    value, low, high = sample_interval(np.mean, x, draws=2000)
    error = x.std() / math.sqrt(len(x))
    assert value == pytest.approx(x.mean())
    assert low == pytest.approx(value - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(value + 1.96 * error, abs=0.15 * error)


def test_the_interval_of_a_distance_is_as_wide_as_repeats_spread():
    """Draw clouds anew 300 times; the interval from one pair must have the width of that."""

    def clouds(rng):
        return rng.normal(size=(200, 4)), rng.normal(0.3, 1.3, size=(200, 4))

    repeats = [frechet_distance(*clouds(np.random.default_rng(i))) for i in range(300)]
    spread = np.quantile(repeats, 0.975) - np.quantile(repeats, 0.025)
    intervals = [
        sample_interval(frechet_distance, *clouds(np.random.default_rng([9, i])), draws=200)
        for i in range(10)
    ]
    widths = [high - low for _, low, high in intervals]
    assert 0.75 * spread < np.mean(widths) < 1.25 * spread


def test_the_interval_holds_the_measured_value():
    """Few rows and many features: the draws themselves all lie above it."""
    a, b = RNG.normal(size=(2, 60, 20))
    value, low, high = sample_interval(frechet_distance, a, b, draws=50)
    assert low < value < high
    rows = np.random.default_rng(1).integers(60, size=60)
    assert frechet_distance(a[rows], b[rows]) > high


def test_two_samples_are_drawn_apart_and_repeat():
    a, b = RNG.normal(size=(2, 30))
    first = sample_interval(lambda a, b: np.mean(a) - np.mean(b), a, b, seed=1)
    assert first == sample_interval(lambda a, b: np.mean(a) - np.mean(b), a, b, seed=1)
    same = sample_interval(lambda a, b: np.mean(a) - np.mean(b), a, a, seed=1)
    assert same[0] == 0 and same[2] > 0.1  # not in pairs


@pytest.mark.parametrize(
    ("samples", "settings", "words"),
    [
        ((), {}, "Received: none"),
        ((np.ones(1),), {}, "at least two rows"),
        ((np.ones(3),), {"confidence": 1.0}, "confidence lies between"),
    ],
)
def test_wrong_samples_are_named(samples, settings, words):
    with pytest.raises(ValueError, match=words):
        sample_interval(np.mean, *samples, **settings)
