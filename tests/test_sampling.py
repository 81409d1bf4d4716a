"""Sampling against its definition: mean, spread, gradients, seeds, save and load."""

import numpy as np
import pytest

from course.layers import Sampling
from course.quiet import keras

# Keras' own, when it writes a variable to a file under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

MEAN = np.array([[0.0, 3.0, -2.0]], "float32")
LOG_VAR = np.log(np.array([[1.0, 0.25, 4.0]], "float32"))
N = 20_000


def draw(layer, n=N):
    return np.asarray(layer([np.tile(MEAN, (n, 1)), np.tile(LOG_VAR, (n, 1))]))


def test_the_draws_are_normal_with_that_mean_and_spread():
    from scipy import stats

    z = draw(Sampling(seed=0))
    standard = (z - MEAN) / np.array([1.0, 0.5, 2.0])
    for column in standard.T:
        assert stats.kstest(column, "norm").pvalue > 0.001
    assert np.abs(np.corrcoef(standard.T) - np.eye(3)).max() < 4 / np.sqrt(N)
    assert z.dtype == np.float32 and z.shape == (N, 3)


def test_without_spread_the_code_is_the_mean():
    z = Sampling()([MEAN, np.full_like(MEAN, -200.0)])
    np.testing.assert_array_equal(z, MEAN)


def test_each_call_draws_anew_and_a_seed_repeats_the_sequence():
    layer, again, other = Sampling(seed=5), Sampling(seed=5), Sampling(seed=6)
    first, second = draw(layer, 4), draw(layer, 4)
    assert (first != second).all()
    np.testing.assert_array_equal(first, draw(again, 4))
    np.testing.assert_array_equal(second, draw(again, 4))
    assert (draw(other, 4) != first).all()


def test_without_a_seed_the_seed_of_keras_rules():
    found = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        found.append(draw(Sampling(), 4))
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).all()


def test_the_gradient_passes_through_mean_and_spread():
    import tensorflow as tf

    mean, log_var = tf.Variable(MEAN), tf.Variable(LOG_VAR)
    with tf.GradientTape() as tape:
        z = Sampling(seed=0)([mean, log_var])
    by_mean, by_log_var = tape.gradient(z, [mean, log_var])
    np.testing.assert_array_equal(by_mean, np.ones_like(MEAN))
    np.testing.assert_allclose(by_log_var, (z.numpy() - MEAN) / 2, rtol=1e-5)  # σ ε / 2


def small(seed):
    x = keras.Input((4,))
    pair = [keras.layers.Dense(3)(x), keras.layers.Dense(3)(x)]
    return keras.Model(x, Sampling(seed=seed, name="sampling")(pair))


def test_it_is_saved_and_loaded(tmp_path):
    model, x = small(7), np.ones((5, 4), "float32")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_layer("sampling").get_config()["seed"] == 7
    np.testing.assert_array_equal(model(x), again(x))
    assert not Sampling().weights


@pytest.mark.parametrize("jit", [False, True])
def test_it_can_be_trained_through(jit):
    model, x = small(0), np.ones((8, 4), "float32")
    model.compile("adam", "mse", jit_compile=jit)
    history = model.fit(x, np.ones((8, 3)), epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_shapes_are_known_before_any_value_is():
    pair = [keras.KerasTensor((None, 7, 3)), keras.KerasTensor((None, 7, 3))]
    assert Sampling()(pair).shape == (None, 7, 3)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (MEAN, r"list of two tensors.*Received: one tensor, shape \(1, 3\)"),
        ([MEAN], "Received: 1 tensors"),
        ([MEAN, LOG_VAR, MEAN], "Received: 3 tensors"),
        ([MEAN, LOG_VAR[:, :2]], r"need one shape.*Received: \(1, 3\) and \(1, 2\)"),
        ([MEAN, LOG_VAR[0]], "need one shape"),
        ([MEAN, LOG_VAR[:, :1]], "need one shape"),  # it would broadcast
        ([MEAN[0], LOG_VAR[0]], "need one shape"),
    ],
)
def test_other_inputs_are_refused(inputs, words):
    with pytest.raises(ValueError, match=words):
        Sampling()(inputs)


def test_other_inputs_are_refused_after_it_was_built():
    layer = Sampling()
    layer([MEAN, LOG_VAR])
    with pytest.raises(ValueError, match="need one shape"):
        layer([MEAN, LOG_VAR[:, :1]])


@pytest.mark.parametrize("seed", [1.5, "a", True, -1])
def test_a_seed_is_an_int(seed):
    with pytest.raises(ValueError, match="seed must be an int, at least 0, or None"):
        Sampling(seed=seed)
