"""course.penalties: against NumPy, finite differences and TensorFlow's own differentiation."""

import math

import numpy as np
import pytest

from course.penalties import (
    Contractive,
    ContractiveDense,
    KLSparsity,
    contraction,
    dense_contraction,
    jacobian,
    rate_divergence,
)
from course.quiet import keras

# Keras' own, when it writes a variable to a file under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

RNG = np.random.default_rng(3)
X = RNG.uniform(-1, 1, size=(6, 5)).astype("float32")
H = RNG.uniform(0.02, 0.98, size=(8, 3)).astype("float32")


def coins(p, q):
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def deep():
    """An encoder without a closed form: a convolution, a tanh layer, a softplus layer."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Reshape((5, 1)),
            layers.Conv1D(3, 2, activation="tanh"),
            layers.Flatten(),
            layers.Dense(4, activation="softplus", bias_initializer="random_normal"),
        ]
    )


def nudged(encoder, x, step=1e-2):
    """The Jacobian by central differences: (b, k, n)."""
    columns = []
    for nudge in np.eye(x.shape[1], dtype="float32") * step:
        columns.append((np.asarray(encoder(x + nudge)) - encoder(x - nudge)) / (2 * step))
    return np.stack(columns, axis=-1)


def fitted(model, x=X, **settings):
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse", **settings)
    model.fit(x, x, epochs=40, batch_size=len(x), verbose=0)
    return model


# ---- rates


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_the_divergence_is_that_of_two_coins(p):
    rates = np.array([0.01, p, 0.3, 0.99], "float32")
    expected = [coins(p, float(q)) for q in rates]
    np.testing.assert_allclose(rate_divergence(p, rates), expected, rtol=1e-4, atol=1e-6)
    assert abs(float(rate_divergence(p, np.float32(p)))) < 1e-6


def test_the_ends_are_large_but_finite():
    ends = np.asarray(rate_divergence(0.05, np.array([0.0, 1.0], "float32")))
    assert np.isfinite(ends).all() and ends[0] > 0.5 and ends[1] > 10


def test_kl_takes_the_mean_over_the_batch_and_sums_over_the_units():
    layer = KLSparsity(0.1, 2.0)
    np.testing.assert_array_equal(layer(H), H)
    expected = 2 * sum(coins(0.1, float(q)) for q in H.mean(axis=0))
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)
    assert not layer.weights
    layer(H.reshape(2, 4, 3))
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)


def test_a_running_mean_moves_while_training_only():
    layer = KLSparsity(0.1, 1.0, momentum=0.9)
    running = np.full(3, 0.1)
    for batch in (H, 1 - H):
        layer(batch, training=True)
        running = 0.9 * running + 0.1 * batch.mean(axis=0)
        np.testing.assert_allclose(layer.running, running, rtol=1e-5)
        expected = sum(coins(0.1, q) for q in running)
        assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-4)
    layer(H * 0 + 0.9, training=False)
    np.testing.assert_allclose(layer.running, running, rtol=1e-5)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-4)


def test_momentum_does_not_weaken_the_gradient():
    import tensorflow as tf

    layer, h = KLSparsity(0.1, 1.0, momentum=0.8), tf.Variable(H)
    with tf.GradientTape() as tape:
        layer(h, training=True)
        loss = sum(layer.losses)
    found = tape.gradient(loss, h).numpy()
    q = 0.8 * 0.1 + 0.2 * H.mean(axis=0)
    slope = (1 - 0.1) / (1 - q) - 0.1 / q  # of KL(0.1 || q)
    np.testing.assert_allclose(found, np.tile(slope / len(H), (len(H), 1)), rtol=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("jit", [False, True])
def test_fit_drives_the_rates_to_the_wanted_one(momentum, jit, tmp_path):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((5,)),
        keras.layers.Dense(8, activation="sigmoid"),
        KLSparsity(0.1, 1.0, momentum),
    ]
    encoder = keras.Sequential(layers)
    model = keras.Sequential([keras.Input((5,)), encoder, keras.layers.Dense(5)])
    before = np.asarray(encoder(X)).mean(axis=0)
    fitted(model, jit_compile=jit)
    rates = np.asarray(encoder(X)).mean(axis=0)
    assert np.abs(before - 0.1).min() > 0.2 and np.abs(rates - 0.1).max() < 0.05
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(X), again(X))
    assert float(sum(again.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-6)
    config = again.layers[0].layers[1].get_config()
    assert (config["rate"], config["strength"], config["momentum"]) == (0.1, 1.0, momentum)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((0, 1), "rate must lie between 0 and 1"),
        ((1.0, 1), "rate must lie"),
        ((0.1, -1), "strength must be at least 0. Received: -1"),
        ((0.1, math.nan), "strength"),
        ((0.1, 1, 1.0), "momentum must be at least 0 and below 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        KLSparsity(*settings)


def test_keras_own_l1_is_the_mean_over_the_batch_of_the_sum_over_the_units():
    """What the module says of `activity_regularizer`; Keras 2 had another rule."""
    layer = keras.layers.Dense(3, activity_regularizer=keras.regularizers.L1(0.5))
    h = np.asarray(layer(X))
    assert float(sum(layer.losses)) == pytest.approx(0.5 * np.abs(h).sum() / len(X), rel=1e-5)


# ---- slopes


def test_the_jacobian_is_that_of_finite_differences():
    encoder = deep()
    found = np.asarray(jacobian(encoder, X))
    assert found.shape == (6, 4, 5)
    np.testing.assert_allclose(found, nudged(encoder, X), atol=1e-3)
    pictures = keras.Sequential([keras.Input((5, 1)), keras.layers.Flatten(), encoder])
    np.testing.assert_allclose(jacobian(pictures, X[..., None]), found, atol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_the_closed_form_is_automatic_differentiation_and_finite_differences(activation):
    layer = keras.layers.Dense(7, activation=activation, bias_initializer="random_normal")
    h = layer(X)
    closed = float(dense_contraction(h, layer.kernel, activation))
    automatic = float(contraction(layer, X))
    assert closed == pytest.approx(automatic, rel=1e-5)
    assert closed == pytest.approx((nudged(layer, X) ** 2).sum() / len(X), rel=1e-3)


def test_contraction_works_for_any_encoder():
    encoder = deep()
    exact = float(contraction(encoder, X))
    assert exact == pytest.approx((nudged(encoder, X) ** 2).sum() / len(X), rel=1e-2)


def test_images_in_double_precision_or_whole_numbers_may_be_given():
    encoder, whole = deep(), np.arange(10).reshape(2, 5)
    for x in (X.astype("float64"), whole):
        single = x.astype("float32")
        np.testing.assert_array_equal(jacobian(encoder, x), jacobian(encoder, single))
        assert float(contraction(encoder, x)) == float(contraction(encoder, single)) > 0


def test_a_seed_makes_the_directions_of_a_layer():
    encoder = deep()
    losses = []
    for seed in (1, 1, 2):
        layer = Contractive(encoder, 1.0, seed=seed)
        layer(X)
        losses.append(float(sum(layer.losses)))
    assert losses[0] == losses[1] != losses[2]
    assert layer.get_config()["seed"] == 2 and layer.get_config()["probes"] == 1


def test_random_directions_are_right_in_the_mean():
    encoder = deep()
    exact = float(contraction(encoder, X))
    guesses = [float(contraction(encoder, X, probes=1, seed=seed)) for seed in range(200)]
    error = np.std(guesses) / math.sqrt(len(guesses))
    assert np.std(guesses) > 0
    assert abs(np.mean(guesses) - exact) < 4 * error
    many = float(contraction(encoder, X, probes=400, seed=0))
    assert many == pytest.approx(exact, rel=0.1)
    assert float(contraction(encoder, X, 2, seed=1)) == float(contraction(encoder, X, 2, seed=1))


@pytest.mark.parametrize("probes", [None, 3])
def test_directions_give_the_gradient_of_the_penalty(probes):
    """The penalty is made to be minimised: its gradient must reach the weights."""
    import tensorflow as tf

    encoder = keras.layers.Dense(1, activation="tanh")  # one unit: each direction is exact
    encoder.build((None, 5))
    with tf.GradientTape() as tape:
        loss = contraction(encoder, X, probes, seed=0)
    found = tape.gradient(loss, encoder.kernel).numpy()
    kernel = encoder.kernel.numpy().copy()
    for i in range(5):
        values = []
        for step in (0.01, -0.01):
            moved = kernel.copy()
            moved[i] += step
            encoder.kernel.assign(moved)
            values.append(float(contraction(encoder, X)))
        assert found[i, 0] == pytest.approx((values[0] - values[1]) / 0.02, abs=2e-3)
        encoder.kernel.assign(kernel)


def test_contractive_dense_adds_its_penalty_and_is_a_dense_otherwise():
    layer = ContractiveDense(4, "tanh", 0.5)
    plain = keras.layers.Dense(4, activation="tanh")
    h = layer(X)
    plain.build(X.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(h, plain(X), rtol=1e-6)
    assert float(sum(layer.losses)) == pytest.approx(0.5 * float(contraction(plain, X)), rel=1e-5)


def test_contractive_adds_its_penalty_for_any_encoder():
    encoder = deep()
    layer = Contractive(encoder, 2.0, probes=None)
    np.testing.assert_allclose(layer(X), encoder(X), rtol=1e-5)
    assert float(sum(layer.losses)) == pytest.approx(2 * float(contraction(encoder, X)), rel=1e-5)
    assert layer.compute_output_shape((6, 5)) == (6, 4)
    guess = Contractive(encoder, 2.0, probes=200, seed=0)
    guess(X)
    assert float(sum(guess.losses)) == pytest.approx(float(sum(layer.losses)), rel=0.2)


def contractive_dense(strength):
    return ContractiveDense(6, "sigmoid", strength)


def contractive_any(strength):
    dense = keras.layers.Dense(6, activation="sigmoid")
    return Contractive(keras.Sequential([keras.Input((5,)), dense]), strength, seed=1)


def contractive_exact(strength):
    dense = keras.layers.Dense(6, activation="sigmoid")
    return Contractive(keras.Sequential([keras.Input((5,)), dense]), strength, probes=None)


@pytest.mark.parametrize(
    ("make", "jit"),
    [
        (contractive_dense, True),
        (contractive_dense, False),
        (contractive_any, True),
        (contractive_any, False),
        (contractive_exact, False),
    ],
)
def test_fit_lowers_the_slopes_and_the_model_can_be_saved(make, jit, tmp_path):
    found = {}
    for strength in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        encoder = make(strength)
        model = keras.Sequential([keras.Input((5,)), encoder, keras.layers.Dense(5)])
        fitted(model, jit_compile=jit)
        found[strength] = float(contraction(encoder, X))
    assert found[1.0] < 0.3 * found[0.0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(X), again(X))
    assert again.layers[0].strength == 1.0
    assert again.losses or again.evaluate(X, X, verbose=0) > 0


def test_a_contractive_dense_can_be_tied():
    from course.layers import DenseTranspose

    code = ContractiveDense(3, "sigmoid", 0.1)
    model = keras.Sequential([keras.Input((5,)), code, DenseTranspose(code)])
    assert model.count_params() == 5 * 3 + 3 + 5
    model(X)
    assert len(model.losses) == 1


def test_an_activation_without_a_closed_form_is_refused():
    with pytest.raises(ValueError, match=r"sigmoid and tanh\. Received: 'relu'.*Contractive"):
        ContractiveDense(4, "relu")
    with pytest.raises(ValueError, match=r"Received: 'softplus'"):
        dense_contraction(H, H, "softplus")
    with pytest.raises(ValueError, match="strength must be at least 0"):
        ContractiveDense(4, "tanh", -0.1)
    with pytest.raises(ValueError, match="strength must be at least 0"):
        Contractive(deep(), -0.1)


@pytest.mark.parametrize("probes", [0, -1])
def test_random_directions_are_one_or_more(probes):
    encoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=f"at least 1, or None for all. Received: {probes}"):
        contraction(encoder, np.zeros((1, 3), "float32"), probes)
    with pytest.raises(ValueError, match=f"Received: {probes}"):
        Contractive(encoder, 1.0, probes)
