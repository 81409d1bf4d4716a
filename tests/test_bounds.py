"""The bounds against models whose ln p(x) is known: probabilistic PCA, and a sum over a grid."""

import numpy as np
import pytest
from scipy import stats

from course.bounds import elbo, importance_weighted_bound
from course.losses import bernoulli_nll
from course.quiet import keras
from course.variational import VariationalAutoencoder, build_mlp_vae

RNG = np.random.default_rng(8)
D, K = 6, 2
MIX = RNG.normal(size=(K, D)) * np.array([[2.0], [1.0]])
POINTS = (RNG.normal(size=(400, K)) @ MIX + 0.5 * RNG.normal(size=(400, D)) + 1).astype("float32")


def linear_vae(**settings):
    x, z = keras.Input((D,)), keras.Input((K,))
    z_mean = keras.layers.Dense(K)(x)
    # The spread of the exact posterior is the same for every x: a bias is enough.
    z_log_var = keras.layers.Dense(K, kernel_initializer="zeros")(x)
    encoder = keras.Model(x, [z_mean, z_log_var])
    decoder = keras.Model(z, keras.layers.Dense(D)(z))
    return VariationalAutoencoder(encoder, decoder, "gaussian", **settings)


def ppca():
    """Tipping & Bishop 1999: W, mean, noise variance, and ln p(x) of each point."""
    mean = POINTS.mean(axis=0, dtype=float)
    values, vectors = np.linalg.eigh(np.cov((POINTS - mean).T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    noise = values[K:].mean()
    weights = vectors[:, :K] * np.sqrt(values[:K] - noise)  # (D, K)
    covariance = weights @ weights.T + noise * np.eye(D)
    return weights, mean, noise, stats.multivariate_normal(mean, covariance).logpdf(POINTS)


def at_the_optimum():
    weights, mean, noise, log_p = ppca()
    precision = weights.T @ weights + noise * np.eye(K)  # diagonal
    kernel = np.linalg.solve(precision, weights.T).T  # (D, K)
    vae = linear_vae()
    vae.encoder.layers[1].set_weights([kernel, -mean @ kernel])
    log_var = np.log(noise / np.diag(precision))
    vae.encoder.layers[2].set_weights([np.zeros((D, K)), log_var])
    vae.decoder.layers[1].set_weights([weights.T, mean])
    vae.log_var.assign(np.log(noise))
    return vae, log_p


def test_the_linear_vae_at_its_optimum_is_probabilistic_pca():
    """ln p(x) is the ELBO only in the mean over ε; one draw scatters around it."""
    vae, log_p = at_the_optimum()
    found = elbo(vae, POINTS, samples=4000)
    assert abs(found.nats - log_p.mean()) < 4.5 * found.sampling_error < 0.01
    gap = found.per_image - log_p
    assert np.abs(gap).max() < 6 * found.sampling_error * np.sqrt(len(POINTS))


@pytest.mark.parametrize("samples", [1, 2, 100])
def test_with_the_exact_posterior_all_weights_are_equal(samples):
    vae, log_p = at_the_optimum()
    found = importance_weighted_bound(vae, POINTS, samples)
    np.testing.assert_allclose(found.per_image, log_p, atol=2e-4)
    if samples > 1:
        assert found.sampling_error < 1e-5


def test_no_other_posterior_or_decoder_is_as_good():
    vae, log_p = at_the_optimum()
    best = elbo(vae, POINTS, samples=500).nats
    for layer in (vae.encoder.layers[1], vae.encoder.layers[2], vae.decoder.layers[1]):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel + 0.3, bias])
        assert elbo(vae, POINTS, samples=500).nats < best - 0.02
        assert importance_weighted_bound(vae, POINTS, 500).nats < log_p.mean() - 0.001
        layer.set_weights([kernel, bias])


def test_training_from_scratch_finds_the_optimum():
    keras.utils.set_random_seed(0)
    vae, (_, _, noise, log_p) = linear_vae(seed=0), ppca()
    schedule = keras.optimizers.schedules.CosineDecay(2e-2, 2000)
    vae.compile(keras.optimizers.Adam(schedule), jit_compile=True, steps_per_execution=10)
    vae.fit(POINTS, epochs=200, batch_size=40, verbose=0)
    found = elbo(vae, POINTS, samples=500)
    assert -0.1 < found.nats - log_p.mean() < 3 * found.sampling_error
    assert float(vae.log_var.value) == pytest.approx(np.log(noise), abs=0.1)


# ---- a decoder that is not linear: sum over a grid of z instead of drawing


def bernoulli_vae():
    keras.utils.set_random_seed(2)
    vae = build_mlp_vae(2, width=8, pixels=10, hidden=1)
    for part, spread in ((vae.encoder, 0.1), (vae.decoder, 0.4)):
        part.set_weights([w + RNG.normal(0, spread, w.shape) for w in part.get_weights()])
    x = (RNG.uniform(size=(30, 10)) < 0.5).astype("float32")
    return vae, x


def on_a_grid(vae, x):
    """ELBO and ln p(x) by sums over z."""
    side = np.linspace(-9, 9, 301)
    z = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    area = (side[1] - side[0]) ** 2
    logits = np.asarray(vae.decoder(z.astype("float32")), dtype=float)
    log_p_z = stats.norm.logpdf(z).sum(axis=1)
    means, log_vars = (np.asarray(t, dtype=float) for t in vae.encoder(x))
    bounds, log_p = [], []
    for image, mean, log_var in zip(x, means, log_vars, strict=True):
        joint = -bernoulli_nll(np.tile(image, (len(z), 1)), logits) + log_p_z
        log_q = stats.norm.logpdf(z, mean, np.exp(log_var / 2)).sum(axis=1)
        bounds.append((np.exp(log_q) * (joint - log_q)).sum() * area)
        log_p.append(np.log(np.exp(joint).sum() * area))
    return np.array(bounds), np.array(log_p)


def test_the_bounds_are_what_a_grid_says():
    vae, x = bernoulli_vae()
    bounds, log_p = on_a_grid(vae, x)
    found = elbo(vae, x, samples=4000)
    assert abs(found.nats - bounds.mean()) < 4.5 * found.sampling_error < 0.03
    many = importance_weighted_bound(vae, x, 20_000)
    assert abs(many.nats - log_p.mean()) < 4.5 * many.sampling_error < 0.03
    assert found.nats < many.nats
    few = [importance_weighted_bound(vae, x, k, seed=5).nats for k in (1, 5, 50)]
    assert few[0] < few[1] < few[2] < many.nats + 0.02


def test_the_errors_are_those_of_repetitions():
    vae, x = bernoulli_vae()
    for bound, samples in ((elbo, 20), (importance_weighted_bound, 400)):
        runs = [bound(vae, x, samples, seed=seed) for seed in range(60)]
        spread = np.std([run.nats for run in runs])
        assert np.mean([run.sampling_error for run in runs]) == pytest.approx(spread, rel=0.35)
        per_image = runs[0].per_image
        expected = per_image.std(ddof=1) / np.sqrt(len(x))
        assert runs[0].standard_error == pytest.approx(expected)
        assert runs[0].nats == pytest.approx(per_image.mean()) and runs[0].samples == samples


# ---- chunks, seeds, forms


class Watched:
    """A decoder that notes the largest batch it was given."""

    def __init__(self, decoder):
        self.decoder, self.inputs, self.largest = decoder, decoder.inputs, 0

    def __call__(self, z):
        self.largest = max(self.largest, len(z))
        return self.decoder(z)


@pytest.mark.parametrize("bound", [elbo, importance_weighted_bound])
def test_the_memory_bounds_a_step_and_changes_nothing(bound):
    vae, x = bernoulli_vae()
    x = x[:8]
    whole = bound(vae, x, 120, seed=1)
    for memory_mb in (0.0001, 0.01, 0.1):
        watched = Watched(vae.decoder)
        found = bound((vae.encoder, watched), x, 120, seed=1, memory_mb=memory_mb)
        np.testing.assert_allclose(found.per_image, whole.per_image, rtol=1e-5)
        assert found.sampling_error == pytest.approx(whole.sampling_error, rel=1e-3)
        assert watched.largest <= max(1, memory_mb * 1e6 / (4 * 10))
    assert watched.largest > 100


def test_an_image_gets_the_same_draws_in_whatever_company():
    vae, x = bernoulli_vae()
    many = importance_weighted_bound(vae, x, 7)
    few = importance_weighted_bound(vae, x[:3], 7)
    np.testing.assert_allclose(many.per_image[:3], few.per_image, rtol=1e-6)
    twins = elbo(vae, np.repeat(x[:1], 50, axis=0)).per_image
    assert np.std(twins) > 1e-3  # but no two images share them


def test_a_seed_makes_the_draws():
    vae, x = bernoulli_vae()
    values = [elbo(vae, x, seed=seed).nats for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


def test_weights_too_small_for_a_float_are_summed_in_the_logarithm():
    vae, x = bernoulli_vae()
    vae.decoder.layers[-1].bias.assign(np.full(10, -5000.0))  # ln p(x|z) near -25,000
    found = importance_weighted_bound(vae, np.ones_like(x), 60)
    assert np.isfinite(found.per_image).all() and found.nats < -40_000
    assert found.nats > elbo(vae, np.ones_like(x), 60).nats


def test_beta_has_no_part():
    vae, x = bernoulli_vae()
    heavy = VariationalAutoencoder(vae.encoder, vae.decoder, beta=50.0)
    assert elbo(vae, x).nats == elbo(heavy, x).nats == elbo((vae.encoder, vae.decoder), x).nats


def test_it_says_what_it_found():
    vae, x = bernoulli_vae()
    found = elbo(vae, x)
    assert str(found) == f"{found.nats:.2f} ± {found.standard_error:.2f} nats an image"
    assert np.isnan(found.sampling_error)
    assert np.isnan(elbo(vae, x[:1], 5).standard_error)


@pytest.mark.parametrize("bound", [elbo, importance_weighted_bound])
def test_what_cannot_be_is_refused(bound):
    vae, x = bernoulli_vae()
    for images, samples in ((x[:0], 1), (x, 0), (x[0], 1)):
        with pytest.raises(ValueError, match="at least one image"):
            bound(vae, images, samples)
    with pytest.raises(ValueError, match=r"Give a VariationalAutoencoder, or the pair"):
        bound(vae.decoder, x)
    with pytest.raises(ValueError, match="Pixels must lie"):
        bound(vae, x * 255)
    with pytest.raises(ValueError, match="two tensors"):
        bound((vae.decoder, vae.decoder), x[:, :2])
    with pytest.raises(ValueError, match="need one shape"):
        bound((vae.encoder, keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])), x)
