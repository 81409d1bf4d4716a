"""course.layers.DenseTranspose: one kernel, against NumPy, and through save and load."""

import contextlib
import io

import numpy as np
import pytest

from course.layers import DenseTranspose
from course.quiet import keras

# Keras' own, when it writes a variable to a file under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(5, 12)).astype("float32")


def dense(units=4, **settings):
    return keras.layers.Dense(units, bias_initializer="random_normal", **settings)


def flat():
    """Encoder and decoder in one Sequential."""
    code = dense(activation="relu")
    return keras.Sequential([keras.Input((12,)), code, DenseTranspose(code, "sigmoid")])


def nested():
    """A Sequential of two Sequentials, as the chapters build it."""
    code = dense(activation="relu")
    encoder = keras.Sequential([keras.Input((12,)), code], name="encoder")
    decoder = keras.Sequential([keras.Input((4,)), DenseTranspose(code, "sigmoid")])
    return keras.Sequential([keras.Input((12,)), encoder, decoder])


def functional():
    """Two functional models inside a third; two kernels, the way back in reverse order."""
    first, second = dense(7, activation="tanh"), dense(4)
    image, z = keras.Input((12,)), keras.Input((4,))
    encoder = keras.Model(image, second(first(image)))
    decoder = keras.Model(z, DenseTranspose(first)(DenseTranspose(second, "tanh")(z)))
    return keras.Model(image, decoder(encoder(image)))


def mixed():
    """A functional model with a Sequential in it, and the code as a second output."""
    code, image = dense(), keras.Input((12,))
    z = keras.Sequential([keras.Input((12,)), code])(image)
    return keras.Model(image, [DenseTranspose(code)(z), z])


MODELS = pytest.mark.parametrize("build", [flat, nested, functional, mixed])


def predicted(model):
    outputs = model(X)
    return np.asarray(outputs[0] if isinstance(outputs, list | tuple) else outputs)


def kernels(model):
    return [weight for weight in model.trainable_weights if weight.name == "kernel"]


def loaded(model, path):
    model.save(path)
    return keras.models.load_model(path)


def test_it_multiplies_by_the_transpose_and_adds_its_own_bias():
    code = dense(3)
    code.build((None, 12))
    tied = DenseTranspose(code, "sigmoid")
    z = RNG.normal(size=(6, 3)).astype("float32")
    assert tied(z).shape == (6, 12) == tied.compute_output_shape((6, 3))
    assert not tied.bias.numpy().any()
    tied.bias.assign(np.arange(12) / 10)
    for shape in ((6, 3), (2, 3, 3), (1, 2, 3, 3)):
        z = RNG.normal(size=shape).astype("float32")
        a = np.einsum("...k,nk->...n", z, code.kernel.numpy()) + np.arange(12) / 10
        np.testing.assert_allclose(tied(z), 1 / (1 + np.exp(-a)), rtol=1e-5)


def test_784_32_784_has_25904_parameters_and_the_summary_says_so():
    code = keras.layers.Dense(32)
    model = keras.Sequential([keras.Input((784,)), code, DenseTranspose(code)])
    assert model.count_params() == 784 * 32 + 32 + 784 == 25_904
    assert [tuple(w.shape) for w in model.trainable_weights] == [(784, 32), (32,), (784,)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        model.summary(print_fn=lambda line: print(line))
    assert "Trainable params: 25,904" in printed.getvalue()
    rows = [layer.count_params() for layer in model.layers]
    assert rows == [25_120, 784], "the rows add up to the total"


@MODELS
def test_there_is_one_kernel_for_each_dense(build):
    model = build()
    wanted = 2 if build is functional else 1
    assert len(kernels(model)) == wanted
    assert model.count_params() == sum(w.numpy().size for w in model.trainable_weights)


@MODELS
def test_what_is_loaded_is_the_same_and_still_tied(build, tmp_path):
    model = build()
    again = loaded(model, tmp_path / "model.keras")
    np.testing.assert_array_equal(predicted(model), predicted(again))
    assert again.count_params() == model.count_params()
    assert len(kernels(again)) == len(kernels(model))
    # Move the kernel where the encoder has it: the decoder must feel it.
    before = predicted(again)
    for kernel in kernels(again):
        kernel.assign(kernel * 0)
    assert not np.allclose(before, predicted(again))
    assert np.ptp(predicted(again), axis=0).max() < 1e-6
    third = loaded(again, tmp_path / "again.keras")
    assert third.count_params() == model.count_params()


def test_training_goes_on_after_loading(tmp_path):
    model = nested()
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    model.fit(X, X, epochs=2, verbose=0)
    again = loaded(model, tmp_path / "model.keras")  # with the optimizer's state, or it warns
    for net in (model, again):
        net.fit(X, X, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(predicted(model), predicted(again), atol=1e-5)
    encoder, decoder = again.layers
    np.testing.assert_array_equal(encoder.layers[0].kernel, decoder.layers[0].kernel)


def test_half_a_model_can_be_saved_alone(tmp_path):
    model = nested()
    decoder = model.layers[1]
    alone = loaded(decoder, tmp_path / "decoder.keras")
    z = RNG.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(decoder(z), alone(z))
    assert [tuple(w.shape) for w in alone.trainable_weights] == [(12, 4), (12,)]


@MODELS
def test_weights_alone_can_be_saved(build, tmp_path):
    model, other = build(), build()
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(predicted(model), predicted(other))


def test_the_gradient_is_the_sum_of_both_uses():
    import tensorflow as tf

    model = flat()
    kernel, bias, back = model.get_weights()
    code = keras.layers.Dense(4, activation="relu")
    out = keras.layers.Dense(12, activation="sigmoid")
    untied = keras.Sequential([keras.Input((12,)), code, out])
    untied.set_weights([kernel, bias, kernel.T, back])

    def gradients(net):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(X) - X) ** 2)
        return [g.numpy() for g in tape.gradient(loss, net.trainable_weights)]

    tied_kernel, tied_bias, tied_back = gradients(model)
    there, bias, here, back = gradients(untied)
    np.testing.assert_allclose(tied_kernel, there + here.T, atol=1e-8, rtol=1e-5)
    np.testing.assert_allclose(tied_bias, bias, atol=1e-8, rtol=1e-5)
    np.testing.assert_allclose(tied_back, back, atol=1e-8, rtol=1e-5)
    assert np.abs(there).max() > 1e-4 and np.abs(here).max() > 1e-4


def test_a_penalty_on_the_kernel_counts_once():
    code = keras.layers.Dense(4, kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((12,)), code, DenseTranspose(code)])
    assert len(model.losses) == 1


def test_a_frozen_kernel_is_frozen_for_both_also_after_loading(tmp_path):
    model = nested()
    model.layers[0].trainable = False
    assert [w.name for w in model.trainable_weights] == ["bias"]
    again = loaded(model, tmp_path / "model.keras")
    assert [w.name for w in again.trainable_weights] == ["bias"]
    np.testing.assert_array_equal(predicted(model), predicted(again))


def test_a_copy_from_a_config_says_that_it_is_not_tied():
    with pytest.warns(UserWarning, match="tied to no other layer"):
        copy = keras.models.clone_model(flat())
    assert len(kernels(copy)) == 2


def test_an_activation_survives_the_config():
    code = dense()
    tied = DenseTranspose(code, keras.activations.tanh, name="back")
    config = tied.get_config()
    assert config["name"] == "back" and config["activation"] == "tanh"
    assert DenseTranspose(code).get_config()["activation"] == "linear"


@pytest.mark.parametrize("wrong", [None, 32, "dense", np.ones((3, 2)), keras.layers.Flatten()])
def test_another_thing_than_a_dense_is_refused(wrong):
    with pytest.raises(TypeError, match=r"needs the Dense layer .* Received: "):
        DenseTranspose(wrong)


def test_a_dense_without_a_kernel_is_refused():
    code = keras.layers.Dense(4, name="too_early")
    with pytest.raises(ValueError, match=r"on its input first\. Received: 'too_early'"):
        DenseTranspose(code)(np.ones((2, 4), "float32"))


def test_an_input_of_another_width_is_refused():
    code = keras.layers.Dense(4, name="code")
    code.build((None, 12))
    with pytest.raises(ValueError, match=r"'code' has 4 units.*Received: shape \(2, 12\)"):
        DenseTranspose(code)(np.ones((2, 12), "float32"))
