"""The variational autoencoder: what it costs, how it trains, and that it can be kept."""

import numpy as np
import pytest
from scipy import stats

from course.layers import Sampling
from course.quiet import keras
from course.variational import VariationalAutoencoder, build_mlp_vae

# Keras' own, when it writes a variable to a file under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

RNG = np.random.default_rng(6)
X = (RNG.uniform(size=(50, 12)) < RNG.uniform(size=(1, 12))).astype("float32")
POINTS = RNG.normal(size=(50, 12)).astype("float32")


def small(**settings):
    return build_mlp_vae(2, width=16, pixels=12, hidden=1, **{"seed": 3} | settings)


def trained(vae, x=X, epochs=3, validation_data=None, **settings):
    vae.compile(keras.optimizers.Adam(1e-2), **settings)
    arguments = dict(batch_size=16, epochs=epochs, verbose=0, validation_data=validation_data)
    return vae.fit(x, **arguments).history


# ---- what it costs


def test_the_costs_are_those_of_scipy():
    vae = small()
    z_mean, z_log_var = (np.asarray(t, dtype=float) for t in vae.encoder(X))
    sigma = np.exp(z_log_var / 2)
    reconstruction, kl = (np.asarray(t) for t in vae.costs(X))
    expected = 0.5 * (z_mean**2 + sigma**2 - 1 - z_log_var).sum(axis=1)
    np.testing.assert_allclose(kl, expected, rtol=1e-4, atol=1e-5)
    # the same seed draws the same z
    z = np.asarray(Sampling(seed=3)([np.float32(z_mean), np.float32(z_log_var)]))
    p = 1 / (1 + np.exp(-np.asarray(vae.decoder(z), dtype=float)))
    expected = -stats.bernoulli.logpmf(X, p).sum(axis=1)
    np.testing.assert_allclose(reconstruction, expected, rtol=1e-4)
    assert reconstruction.shape == kl.shape == (50,)


def test_a_gaussian_costs_what_scipy_says_and_learns_its_spread():
    vae = small(likelihood="gaussian")
    outputs = np.asarray(vae.decoder(np.zeros((50, 2), "float32")))
    vae.log_var.assign(np.log(0.49))
    expected = -stats.norm.logpdf(POINTS, outputs, 0.7).sum(axis=1)
    np.testing.assert_allclose(vae.negative_log_likelihood(POINTS, outputs), expected, rtol=1e-5)
    trained(vae, POINTS)
    assert abs(float(vae.log_var.value) - np.log(0.49)) > 0.02
    fixed = small(likelihood="gaussian", sigma=0.7)
    trained(fixed, POINTS)
    assert float(fixed.log_var.value) == pytest.approx(np.log(0.49), rel=1e-6)


@pytest.mark.parametrize(("beta", "jit"), [(0.0, False), (1.0, False), (4.0, True)])
def test_the_loss_is_reconstruction_plus_beta_times_kl(beta, jit):
    history = trained(small(beta=beta), validation_data=X[:20], jit_compile=jit)
    for start in ("", "val_"):
        loss, reconstruction, kl = (
            np.array(history[start + name]) for name in ("loss", "reconstruction", "kl")
        )
        np.testing.assert_allclose(loss, reconstruction + beta * kl, rtol=1e-5)
        assert (kl > 0).all() and (reconstruction > 0).all()


def test_an_epoch_reports_the_mean_over_images_though_the_last_batch_is_smaller():
    vae = small()
    vae.encoder.get_layer("z_log_var").bias.assign([-60.0, -60.0])  # no chance
    vae.compile(keras.optimizers.SGD(0.0))
    by_image = np.asarray(vae.costs(X)).mean(axis=1)
    for history in (
        {k: v[0] for k, v in vae.fit(X, batch_size=16, verbose=0).history.items()},
        vae.evaluate(X, batch_size=16, verbose=0, return_dict=True),
    ):
        np.testing.assert_allclose([history["reconstruction"], history["kl"]], by_image, rtol=1e-4)


def test_a_penalty_of_a_layer_counts():
    dense = keras.layers.Dense(12, kernel_regularizer=keras.regularizers.L2(10.0))
    vae = VariationalAutoencoder(small().encoder, keras.Sequential([keras.Input((2,)), dense]))
    vae.compile("sgd")
    found = vae.evaluate(X, verbose=0, return_dict=True)
    norm = 10 * float(np.sum(dense.kernel.numpy() ** 2))
    assert found["loss"] - found["reconstruction"] - found["kl"] == pytest.approx(norm, rel=1e-3)


# ---- training


@pytest.mark.parametrize(("likelihood", "jit"), [("bernoulli", True), ("gaussian", False)])
def test_fit_lowers_the_loss_and_moves_every_weight(likelihood, jit):
    keras.utils.set_random_seed(0)
    vae = small(likelihood=likelihood)
    before = vae.get_weights()
    x = X if likelihood == "bernoulli" else POINTS
    loss = trained(vae, x, epochs=20, jit_compile=jit)["loss"]
    assert loss[-1] < loss[0] - 1
    moved = [np.any(a != b) for a, b in zip(before, vae.get_weights(), strict=True)]
    assert all(moved)


def test_a_large_beta_empties_the_code_and_none_fills_it():
    kl = {}
    for beta in (0.0, 1.0, 100.0):
        keras.utils.set_random_seed(0)
        kl[beta] = trained(small(beta=beta), epochs=25)["kl"][-1]
    assert kl[0.0] > 2 * kl[1.0] and kl[100.0] < 0.05 < kl[1.0]


def test_images_may_have_any_shape_and_be_called_on_a_plain_input():
    layers = keras.layers
    image = keras.Input((6, 2, 1))
    h = layers.Flatten()(image)
    encoder = keras.Model(image, [layers.Dense(3)(h), layers.Dense(3)(h)])
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(12), layers.Reshape((6, 2, 1))])
    vae = VariationalAutoencoder(encoder, decoder)
    x = X.reshape(-1, 6, 2, 1)
    trained(vae, x)
    symbolic = keras.Input((6, 2, 1))
    model = keras.Model(symbolic, vae(symbolic))
    np.testing.assert_allclose(model(x), vae(x), rtol=1e-6)
    np.testing.assert_allclose(vae.predict(x, verbose=0), vae(x), rtol=1e-5)


def test_a_copy_is_made_of_the_mean_code_without_chance():
    vae = small()
    z_mean, _ = vae.encoder(X)
    expected = 1 / (1 + np.exp(-np.asarray(vae.decoder(z_mean))))
    np.testing.assert_allclose(vae(X), expected, rtol=1e-5)
    np.testing.assert_array_equal(vae(X), vae(X))
    decoded = vae.decode(np.asarray(z_mean))
    assert isinstance(decoded, np.ndarray)
    np.testing.assert_allclose(decoded, expected, rtol=1e-5)
    gaussian = small(likelihood="gaussian")
    z_mean, _ = gaussian.encoder(X)
    np.testing.assert_allclose(gaussian(X), gaussian.decoder(z_mean), rtol=1e-5)


def test_one_seed_one_training():
    losses = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        losses.append(trained(small(seed=None))["loss"])
    assert losses[0] == losses[1] != losses[2]


# ---- keeping it


@pytest.mark.parametrize(
    ("settings", "jit"),
    [
        ({"beta": 0.5}, True),
        ({"likelihood": "gaussian"}, False),
        ({"likelihood": "gaussian", "sigma": 2}, False),
    ],
)
def test_a_loaded_model_gives_the_same_and_goes_on_training(settings, jit, tmp_path):
    vae = small(**settings)
    trained(vae, jit_compile=jit)
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(vae(X), again(X))
    for name in ("beta", "likelihood", "sigma", "seed", "latent_dim"):
        assert getattr(again, name) == getattr(vae, name)
    step = int(again.optimizer.iterations.value)
    assert step == int(vae.optimizer.iterations.value) > 0
    # Adam's memory came along; the chance starts anew from the seed.
    for model in (vae, again):
        model.sampling.draws.state.assign([11, 0])
    arguments = dict(epochs=2, batch_size=16, shuffle=False, verbose=0)
    first, second = vae.fit(X, **arguments).history, again.fit(X, **arguments).history
    np.testing.assert_allclose(first["loss"], second["loss"], rtol=1e-5)
    np.testing.assert_allclose(vae(X), again(X), rtol=1e-4, atol=1e-5)


def test_a_loaded_model_trains_without_compiling_it_again(tmp_path):
    vae = small()
    trained(vae, epochs=20)
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")
    before = again.evaluate(X, verbose=0, return_dict=True)["loss"]
    loss = again.fit(X, epochs=30, batch_size=16, verbose=0).history["loss"]
    assert loss[-1] < before


def test_weights_alone_can_be_kept(tmp_path):
    vae, other = small(), small()
    trained(vae)
    vae.save_weights(tmp_path / "vae.weights.h5")
    other.load_weights(tmp_path / "vae.weights.h5")
    np.testing.assert_array_equal(vae(X), other(X))


# ---- what does not fit


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"likelihood": "laplace"}, "must be one of bernoulli, gaussian. Received: 'laplace'"),
        ({"beta": -1}, "beta must be a number, at least 0. Received: -1"),
        ({"beta": np.nan}, "beta must be"),
        ({"sigma": 1.0}, 'belongs to likelihood="gaussian"'),
        ({"likelihood": "gaussian", "sigma": 0}, "sigma must be above 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        small(**settings)


def model_of(inputs, *outputs):
    x = keras.Input((inputs,))
    made = [keras.layers.Dense(n)(x) for n in outputs]
    return keras.Model(x, made if len(made) > 1 else made[0])


@pytest.mark.parametrize(
    ("encoder", "decoder", "words"),
    [
        ((12, 2), (2, 12), r"two outputs of one shape.*Received: \(None, 2\)"),
        ((12, 2, 3), (2, 12), "two outputs of one shape"),
        ((12, 2, 2, 2), (2, 12), "two outputs of one shape"),
        ((12, 2, 2), (3, 12), r"must take the encoder's code, \(None, 2\).*\(None, 3\)"),
        ((12, 2, 2), (2, 11), r"shape of the images, \(None, 12\).*\(None, 11\)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(encoder, decoder, words):
    with pytest.raises(ValueError, match=words):
        VariationalAutoencoder(model_of(*encoder), model_of(*decoder))


def test_parts_without_an_input_are_refused():
    with pytest.raises(ValueError, match=r"encoder must be a Keras model.*keras\.Input"):
        VariationalAutoencoder(keras.Sequential([keras.layers.Dense(2)]), model_of(2, 12))
    with pytest.raises(ValueError, match="decoder must be a Keras model"):
        VariationalAutoencoder(model_of(12, 2, 2), lambda z: z)


@pytest.mark.parametrize("case", ["y", "loss", "validation"])
def test_other_targets_and_losses_are_refused(case):
    vae = small()
    vae.compile("adam", loss="mse" if case == "loss" else None)
    arguments = {
        "y": {"y": X},
        "loss": {},
        "validation": {"validation_data": (X, X)},
    }[case]
    with pytest.raises(ValueError, match=r"images are its targets: write\s+compile\(optimizer\)"):
        vae.fit(X, verbose=0, **arguments)


def test_the_dense_vae_has_the_layers_that_it_says():
    vae = build_mlp_vae(20)
    widths = 784 * 256 + 256, 256 * 256 + 256, 2 * (256 * 20 + 20)
    back = 20 * 256 + 256, 256 * 256 + 256, 256 * 784 + 784
    assert vae.encoder.count_params() == sum(widths) and vae.decoder.count_params() == sum(back)
    assert vae.latent_dim == 20 and vae.beta == 1 and vae.likelihood == "bernoulli"
    linear = build_mlp_vae(2, pixels=12, hidden=0)
    assert [tuple(w.shape) for w in linear.decoder.weights] == [(2, 12), (12,)]
