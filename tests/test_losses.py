"""course.losses against SciPy's distributions, Monte Carlo, and numerical integration."""

import numpy as np
import pytest
from scipy import stats

from course.losses import bernoulli_nll, gaussian_nll, kl_to_standard_normal
from course.quiet import keras

RNG = np.random.default_rng(4)
MEAN = RNG.normal(size=(5, 3))
LOG_VAR = RNG.normal(size=(5, 3))
BITS = (RNG.uniform(size=(4, 2, 3, 1)) < 0.5).astype("float32")
LOGITS = RNG.normal(0, 3, size=(4, 2, 3, 1)).astype("float32")


# ---- KL


def test_kl_is_that_of_two_gaussians():
    """The general closed form, with matrices: ½ (tr Σ + µᵀµ − k − ln det Σ)."""
    expected = []
    for mean, log_var in zip(MEAN, LOG_VAR, strict=True):
        cov = np.diag(np.exp(log_var))
        expected.append(0.5 * (np.trace(cov) + mean @ mean - 3 - np.linalg.slogdet(cov)[1]))
    found = kl_to_standard_normal(MEAN, LOG_VAR)
    assert isinstance(found, np.ndarray) and found.shape == (5,)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_kl_is_the_mean_of_the_log_ratio():
    n = 200_000
    found = kl_to_standard_normal(MEAN, LOG_VAR)
    for mean, log_var, kl in zip(MEAN, LOG_VAR, found, strict=True):
        sigma = np.exp(log_var / 2)
        z = mean + sigma * RNG.normal(size=(n, 3))
        ratio = (stats.norm.logpdf(z, mean, sigma) - stats.norm.logpdf(z)).sum(axis=1)
        assert abs(ratio.mean() - kl) < 4.5 * ratio.std() / np.sqrt(n)


def test_kl_by_hand():
    zero = np.zeros((1, 4))
    assert kl_to_standard_normal(zero, zero) == 0
    np.testing.assert_allclose(kl_to_standard_normal(zero + 1, zero), 0.5 * 4)
    # σ = 2 stands for ln σ² = 2 ln 2, neither 2 nor ln 2
    np.testing.assert_allclose(
        kl_to_standard_normal(zero, zero + 2 * np.log(2)), 4 * (1.5 - np.log(2)), rtol=1e-6
    )


# ---- Bernoulli


def test_bernoulli_is_scipys():
    p = 1 / (1 + np.exp(-LOGITS.astype(float)))
    expected = -stats.bernoulli.logpmf(BITS, p).sum(axis=(1, 2, 3))
    found = bernoulli_nll(BITS, LOGITS)
    assert isinstance(found, np.ndarray) and found.shape == (4,)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_bernoulli_of_grey_pixels_is_the_cross_entropy():
    grey = RNG.uniform(size=(6, 9))
    logits = RNG.normal(size=(6, 9))
    p = 1 / (1 + np.exp(-logits))
    expected = -(grey * np.log(p) + (1 - grey) * np.log1p(-p)).sum(axis=1)
    np.testing.assert_allclose(bernoulli_nll(grey, logits), expected, rtol=1e-5)


def test_bernoulli_is_exact_for_large_logits():
    x = np.array([[0.0], [1.0], [0.0], [1.0]], "float32")
    logits = np.array([[100.0], [100.0], [-100.0], [-100.0]], "float32")
    found = bernoulli_nll(x, logits)
    np.testing.assert_allclose(found, [100, 0, 0, 100], atol=1e-30, rtol=1e-6)
    assert np.isfinite(bernoulli_nll(x, logits * 1e30)).all()


def test_the_gradient_of_bernoulli_is_probability_minus_pixel():
    import tensorflow as tf

    for scale in (1.0, 40.0):
        logits = tf.Variable(LOGITS * scale)
        with tf.GradientTape() as tape:
            loss = keras.ops.sum(bernoulli_nll(BITS, logits))
        p = 1 / (1 + np.exp(-LOGITS.astype(float) * scale))
        np.testing.assert_allclose(tape.gradient(loss, logits), p - BITS, atol=1e-5)


# ---- Gaussian


def test_gaussian_is_scipys_constants_included():
    x = RNG.normal(size=(5, 2, 3))
    mean = RNG.normal(size=(5, 2, 3))
    log_var = RNG.normal(size=(5, 2, 3))
    expected = -stats.norm.logpdf(x, mean, np.exp(log_var / 2)).sum(axis=(1, 2))
    np.testing.assert_allclose(gaussian_nll(x, mean, log_var), expected, rtol=1e-5)
    for one in (-2.0, np.float64(-2.0), np.array(-2.0)):
        expected = -stats.norm.logpdf(x, mean, np.exp(-1)).sum(axis=(1, 2))
        found = gaussian_nll(x, mean, one)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert isinstance(found, np.ndarray)
    expected = -stats.norm.logpdf(x, mean).sum(axis=(1, 2))
    np.testing.assert_allclose(gaussian_nll(x, mean), expected, rtol=1e-5)


def test_a_density_integrates_to_one():
    grid = np.linspace(-30, 30, 20_001)[:, None]
    p = np.exp(-gaussian_nll(grid, np.full_like(grid, 0.7), 1.3))
    assert p.sum() * (grid[1, 0] - grid[0, 0]) == pytest.approx(1, abs=1e-6)


# ---- all


def test_double_precision_is_kept_and_may_be_mixed():
    for function in (kl_to_standard_normal, gaussian_nll):
        assert function(MEAN, LOG_VAR).dtype == np.float64
        assert function(MEAN.astype("float32"), LOG_VAR.astype("float32")).dtype == np.float32
    single = bernoulli_nll(BITS, LOGITS)
    np.testing.assert_allclose(bernoulli_nll(BITS.astype(float), LOGITS), single, rtol=1e-6)
    np.testing.assert_allclose(bernoulli_nll(BITS.astype("uint8"), LOGITS), single, rtol=1e-6)
    mixed = gaussian_nll(MEAN, keras.ops.convert_to_tensor(MEAN.astype("float32")))
    assert mixed.dtype == "float64"


def test_tensors_give_tensors_and_can_be_traced():
    import tensorflow as tf

    tensor = keras.ops.convert_to_tensor
    assert tf.is_tensor(kl_to_standard_normal(tensor(MEAN), LOG_VAR))
    assert tf.is_tensor(bernoulli_nll(BITS, tensor(LOGITS)))
    assert tf.is_tensor(gaussian_nll(MEAN, tensor(MEAN)))

    @tf.function(input_signature=[tf.TensorSpec((None, 2, 3, 1))] * 2)
    def traced(x, logits):
        return bernoulli_nll(x, logits) + gaussian_nll(x, logits, tf.constant(0.0))

    expected = bernoulli_nll(BITS, LOGITS) + gaussian_nll(BITS, LOGITS)
    np.testing.assert_allclose(traced(BITS, LOGITS), expected, rtol=1e-5)
    symbolic = keras.KerasTensor((None, 3))
    assert kl_to_standard_normal(symbolic, symbolic).shape == (None,)
    assert bernoulli_nll(symbolic, symbolic).shape == (None,)


@pytest.mark.parametrize(
    ("function", "a", "b", "words"),
    [
        (kl_to_standard_normal, MEAN, LOG_VAR[:, :1], r"z_mean and z_log_var need one shape"),
        (kl_to_standard_normal, MEAN[0], LOG_VAR[0], r"\(3,\) and \(3,\)"),
        (kl_to_standard_normal, BITS, BITS, r"Give a row of latent variables.*\(4, 2, 3, 1\)"),
        (kl_to_standard_normal, MEAN, 0.0, "z_log_var must be an array or a tensor"),
        (bernoulli_nll, BITS[..., 0], LOGITS, "reshape one of them"),  # it would broadcast
        (bernoulli_nll, BITS, LOGITS[:1], "x and logits need one shape"),
        (bernoulli_nll, LOGITS, BITS, r"divide by 255, or swap x and logits\. Received: -"),
        (bernoulli_nll, BITS * 255, LOGITS, r"Received: 0\.0 to 255\.0"),
        (bernoulli_nll, BITS * np.nan, LOGITS, "Pixels must lie"),
        (bernoulli_nll, BITS[:0], LOGITS[:0], "Received: no pixel"),
        (gaussian_nll, MEAN, LOG_VAR[:, :1], "x and mean need one shape"),
    ],
)
def test_what_does_not_fit_is_refused(function, a, b, words):
    with pytest.raises(ValueError, match=words):
        function(a, b)


def test_a_tensor_of_wrong_pixels_is_refused_where_it_can_be_seen():
    with pytest.raises(ValueError, match="Pixels must lie"):
        bernoulli_nll(keras.ops.convert_to_tensor(BITS * 2), LOGITS)


def test_a_spread_for_each_column_is_refused():
    with pytest.raises(ValueError, match="x and log_var need one shape"):
        gaussian_nll(MEAN, MEAN, np.zeros(3))
