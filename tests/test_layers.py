"""Layers against NumPy: values, shapes, gradients, what is trained, save and load."""

import numpy as np
import pytest

from course.layers import MaxPoolWithPlaces, MaxUnpool, PixelShuffle
from course.quiet import keras

RNG = np.random.default_rng(11)
SIZES = (1, 2, 3)


def images(size, b=2, h=2, w=3, c=2):
    """Whole numbers without ties, so that values and places are exact."""
    shape = (b, h * size, w * size, c)
    return RNG.permutation(np.prod(shape)).reshape(shape).astype("float32") - 20


def slow_pool(x, size):
    """Values and places, window by window."""
    b, h, w, c = x.shape
    values = np.zeros((b, h // size, w // size, c), x.dtype)
    places = np.zeros(values.shape, "int32")
    for n, i, j, k in np.ndindex(values.shape):
        window = x[n, i * size : (i + 1) * size, j * size : (j + 1) * size, k].ravel().tolist()
        values[n, i, j, k] = max(window)
        places[n, i, j, k] = window.index(max(window))
    return values, places


def slow_unpool(values, places, size):
    b, h, w, c = values.shape
    x = np.zeros((b, h * size, w * size, c), values.dtype)
    for n, i, j, k in np.ndindex(values.shape):
        row, column = divmod(int(places[n, i, j, k]), size)
        if row < size:
            x[n, i * size + row, j * size + column, k] = values[n, i, j, k]
    return x


def slow_shuffle(x, size):
    b, h, w, channels = x.shape
    c = channels // size**2
    out = np.zeros((b, h * size, w * size, c), x.dtype)
    for n, row, column, k in np.ndindex(out.shape):
        i, a = divmod(row, size)
        j, d = divmod(column, size)
        out[n, row, column, k] = x[n, i, j, (a * size + d) * c + k]
    return out


def numpy_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("size", SIZES)
def test_pooling_keeps_values_and_places(size):
    x = images(size)
    values, places = map(numpy_of, MaxPoolWithPlaces(size)(x))
    expected_values, expected_places = slow_pool(x, size)
    np.testing.assert_array_equal(values, expected_values)
    np.testing.assert_array_equal(places, expected_places)
    assert places.dtype == np.int32 and values.dtype == np.float32
    np.testing.assert_array_equal(values, numpy_of(keras.layers.MaxPooling2D(size)(x)))


@pytest.mark.parametrize("size", SIZES)
def test_unpooling_puts_values_back(size):
    values = images(1)
    places = RNG.integers(0, size**2 + 1, size=values.shape)  # size ** 2 lies outside
    np.testing.assert_array_equal(
        numpy_of(MaxUnpool(size)(values, places)), slow_unpool(values, places, size)
    )


@pytest.mark.parametrize("size", SIZES)
def test_there_and_back_keeps_the_largest_of_each_window(size):
    x = images(size)
    values, places = MaxPoolWithPlaces(size)(x)
    back = numpy_of(MaxUnpool(size)(values, places))
    blocks = x.reshape(2, 2, size, 3, size, 2)
    is_largest = (blocks == blocks.max(axis=(2, 4), keepdims=True)).reshape(x.shape)
    np.testing.assert_array_equal(back, x * is_largest)


def test_the_first_of_equals_wins():
    _, places = MaxPoolWithPlaces(2)(np.ones((1, 2, 2, 1), "float32"))
    assert numpy_of(places).item() == 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("c", [1, 3])
def test_shuffle_lays_channels_out_as_blocks(size, c):
    x = images(1, c=c * size**2)
    shuffled = numpy_of(PixelShuffle(size)(x))
    np.testing.assert_array_equal(shuffled, slow_shuffle(x, size))
    if size > 1:  # Keras' own function takes no 1
        np.testing.assert_array_equal(shuffled, numpy_of(keras.ops.depth_to_space(x, size)))


def test_shuffle_and_a_convolution_are_a_transposed_convolution():
    x, kernel = images(1, c=3), RNG.normal(size=(2, 2, 4, 3)).astype("float32")
    dense = kernel.reshape(16, 3).T.reshape(1, 1, 3, 16)  # (1, 1, c_in, (i, j, c_out))
    shuffled = PixelShuffle(2)(keras.ops.conv(x, dense))
    transposed = keras.ops.conv_transpose(x, kernel, strides=2)
    np.testing.assert_allclose(numpy_of(shuffled), numpy_of(transposed), rtol=1e-5)


def symbolic(size=2):
    """Pool, unpool and shuffle in one model."""
    inputs = keras.Input((4, 6, 8))
    values, places = MaxPoolWithPlaces(size)(inputs)
    outputs = PixelShuffle(size)(MaxUnpool(size)(values, places))
    return keras.Model(inputs, [values, places, outputs])


def test_shapes_of_a_model_and_nothing_to_train():
    model = symbolic()
    assert model.output_shape == [(None, 2, 3, 8), (None, 2, 3, 8), (None, 8, 12, 2)]
    assert model.outputs[1].dtype == "int32"
    assert not model.weights


@pytest.mark.parametrize("jit", [False, True])
def test_a_model_predicts_what_the_layers_do(jit):
    model, x = symbolic(), images(2, c=8)
    model.compile(jit_compile=jit)
    values, places, out = model.predict(x, verbose=0)
    expected_values, expected_places = slow_pool(x, 2)
    np.testing.assert_array_equal(values, expected_values)
    np.testing.assert_array_equal(places, expected_places)
    unpooled = slow_unpool(expected_values, expected_places, 2)
    np.testing.assert_array_equal(out, slow_shuffle(unpooled, 2))


def test_save_and_load(tmp_path):
    model, x = symbolic(), images(2, c=8)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    for a, b in zip(model.predict(x, verbose=0), loaded.predict(x, verbose=0), strict=True):
        np.testing.assert_array_equal(a, b)
    for layer in (MaxPoolWithPlaces(3), MaxUnpool(3), PixelShuffle(3)):
        assert type(layer).from_config(layer.get_config()).size == 3


def test_the_gradient_goes_through_the_places():
    import tensorflow as tf

    x, weight = tf.constant(images(2)), images(2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, places = MaxPoolWithPlaces(2)(x)
        total = tf.reduce_sum(MaxUnpool(2)(values, places) * weight)
    expected = weight * (slow_unpool(*slow_pool(x.numpy(), 2), 2) != 0)
    np.testing.assert_array_equal(tape.gradient(total, x), expected)


@pytest.mark.parametrize("layer", [MaxPoolWithPlaces, MaxUnpool, PixelShuffle])
@pytest.mark.parametrize("size", [0, -1, 2.0, "2", True, None, (2, 2)])
def test_another_size_is_refused(layer, size):
    with pytest.raises(ValueError, match="size must be an int, at least 1"):
        layer(size)


def test_images_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"2x2 must fill the image.*images of 3x4"):
        MaxPoolWithPlaces(2)(np.zeros((1, 3, 4, 1)))
    with pytest.raises(ValueError, match=r"multiple of 4 .*\(1, 2, 2, 6\)"):
        PixelShuffle(2)(np.zeros((1, 2, 2, 6)))
    with pytest.raises(ValueError, match=r"a place for each value.*\(1, 2, 2, 1\) and \(1, 2, 1"):
        MaxUnpool(2)(np.zeros((1, 2, 2, 1)), np.zeros((1, 2, 1, 1), "int32"))
    for call in (MaxPoolWithPlaces(2), PixelShuffle(2)):
        with pytest.raises(ValueError, match=r"\(batch, h, w, c.*Received: \(2, 2\)"):
            call(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="h, w and c known"):
        MaxPoolWithPlaces(2)(keras.Input((None, 4, 1)))
