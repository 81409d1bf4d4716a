"""The statistic of a batch against loops over pairs, and what a layer must do besides."""

import math

import numpy as np
import pytest

from course.layers import MinibatchDiscrimination
from course.quiet import keras

# Keras reads its variables in a way that NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

RNG = np.random.default_rng(10)


def slow_statistic(x, kernel, num_kernels, kernel_dim):
    """Row by row and pair by pair, as in the paper. -> (b, num_kernels)"""
    tables = (x @ kernel).reshape(len(x), kernel_dim, num_kernels)
    o = np.zeros((len(x), num_kernels))
    for i, k in np.ndindex(o.shape):
        for other in tables:
            o[i, k] += math.exp(
                -sum(abs(tables[i, line, k] - other[line, k]) for line in range(kernel_dim))
            )
    return o


def called(x, *args, **settings):
    layer = MinibatchDiscrimination(*args, **settings)
    return layer, np.asarray(layer(np.asarray(x, "float32")))


@pytest.mark.parametrize("b", [1, 2, 7])
@pytest.mark.parametrize(("num_kernels", "kernel_dim"), [(1, 1), (3, 1), (1, 4), (5, 3)])
def test_the_statistic_is_that_of_a_loop(b, num_kernels, kernel_dim):
    x = RNG.normal(size=(b, 6)).astype("float32")
    layer, y = called(x, num_kernels, kernel_dim)
    kernel = np.asarray(layer.kernel)
    assert y.shape == (b, 6 + num_kernels) == layer.compute_output_shape((b, 6))
    np.testing.assert_array_equal(y[:, :6], x)
    expected = slow_statistic(x, kernel, num_kernels, kernel_dim)
    np.testing.assert_allclose(y[:, 6:], expected, rtol=1e-5)
    layer.average = True
    np.testing.assert_allclose(np.asarray(layer(x))[:, 6:], expected / b, rtol=1e-5)


def test_known_distances_by_hand():
    """One kernel of two numbers that copies the row: the distance is |a| + |b|."""
    layer = MinibatchDiscrimination(1, 2)
    layer.build((None, 2))
    layer.kernel.assign(np.eye(2))
    rows = np.array([[0, 0], [np.log(2), 0], [np.log(2), np.log(4)]], "float32")
    y = np.asarray(layer(rows))[:, 2]
    np.testing.assert_allclose(
        y, [1 + 1 / 2 + 1 / 8, 1 / 2 + 1 + 1 / 4, 1 / 8 + 1 / 4 + 1], rtol=1e-6
    )


def test_equal_rows_give_the_batch_and_far_rows_give_one():
    row = RNG.normal(size=(1, 5))
    _, alike = called(np.repeat(row, 8, axis=0), 3, 4)
    np.testing.assert_allclose(alike[:, 5:], 8)
    _, far = called(1e4 * RNG.normal(size=(8, 5)), 3, 4)
    np.testing.assert_allclose(far[:, 5:], 1)
    _, alone = called(row, 3, 4)  # the row itself is counted
    np.testing.assert_allclose(alone[:, 5:], 1)
    _, share = called(np.repeat(row, 8, axis=0), 3, 4, average=True)
    np.testing.assert_allclose(share[:, 5:], 1)


def test_the_order_of_the_rows_does_not_matter():
    x = RNG.normal(size=(9, 4)).astype("float32")
    layer, y = called(x, 3, 2)
    order = RNG.permutation(9)
    np.testing.assert_allclose(np.asarray(layer(x[order])), y[order], rtol=1e-6)


def test_one_row_feels_the_others():
    import tensorflow as tf

    x = tf.Variable(RNG.normal(size=(3, 4)).astype("float32"))
    layer, _ = called(x, 2, 3)
    with tf.GradientTape() as tape:
        first = tf.reduce_sum(layer(x)[0, 4:])
    to_rows, to_kernel = tape.gradient(first, [x, layer.kernel])
    assert np.all(np.abs(to_rows).max(axis=1) > 1e-4)  # rows 1 and 2 too
    step = 1e-3
    for i, j in ((1, 2), (0, 1)):
        nudge = np.zeros((3, 4), "float32")
        nudge[i, j] = step
        up, down = (np.asarray(layer(np.asarray(x) + s * nudge))[0, 4:].sum() for s in (1, -1))
        assert float(to_rows[i, j]) == pytest.approx((up - down) / (2 * step), abs=2e-3)
    assert np.abs(to_kernel).max() > 0


def test_what_is_trained_and_what_is_saved(tmp_path):
    model = keras.Sequential(
        [keras.Input((5,)), MinibatchDiscrimination(3, 2, average=True), keras.layers.Dense(1)]
    )
    assert [tuple(w.shape) for w in model.layers[0].trainable_weights] == [(5, 6)]
    assert not model.layers[0].non_trainable_weights
    assert model.output_shape == (None, 1)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = RNG.normal(size=(4, 5)).astype("float32")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    assert again.layers[0].get_config() == model.layers[0].get_config()


@pytest.mark.parametrize("arguments", [(0, 3), (3, 0), (-1, 3)])
def test_a_size_below_one_is_refused(arguments):
    with pytest.raises(ValueError, match=r"must be at least 1\. Received: (0|-1)\."):
        MinibatchDiscrimination(*arguments)


@pytest.mark.parametrize("size", [2.0, "2", True, None])
def test_a_size_that_is_no_int_is_refused(size):
    with pytest.raises(TypeError, match=r"num_kernels must be an int.*Received"):
        MinibatchDiscrimination(size, 3)
    with pytest.raises(TypeError, match=r"kernel_dim must be an int.*Received"):
        MinibatchDiscrimination(3, size)


@pytest.mark.parametrize("shape", [(2, 7, 7, 3), (5,)])
def test_images_are_refused_with_what_to_do(shape):
    with pytest.raises(ValueError, match="put a Flatten or a Dense layer before"):
        MinibatchDiscrimination(2, 2)(np.ones(shape, "float32"))
    with pytest.raises(ValueError, match="put a Flatten or a Dense layer before"):
        MinibatchDiscrimination(2, 2)(keras.Input((None,)))
