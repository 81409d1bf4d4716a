"""course.convolution: sizes, values and steps, against Keras, plain loops and the notes' cases."""

import itertools
import random
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from course.convolution import (
    conv,
    conv_length,
    conv_padding,
    conv_transpose,
    conv_transpose_length,
    convolution_matrix,
    overlap_counts,
    paste_steps,
    same_crop,
)
from course.quiet import keras

SIZES, KERNELS, STRIDES, DILATIONS = range(1, 10), range(1, 6), range(1, 5), (2, 3)


def whole(rng, *shape):
    """Small whole numbers: float32 adds them without error, so Keras' values are exact."""
    return rng.integers(-4, 5, shape)


def keras_or_none(operation, x, kernel, **arguments):
    """What Keras makes of whole numbers; None where it fails, or leaves nothing."""
    x, kernel = (array.astype("float32") for array in (x, kernel))
    try:
        result = np.asarray(operation(x, kernel, **arguments))
    except Exception:  # ValueError from Keras, several kinds from TensorFlow
        return None
    return result if result.size else None


def keras_conv(x, kernel, stride=1, padding="valid", dilation=1):
    """The same for a convolution.

    The layer says whether there is an output: where there is none, keras.ops.conv with oneDNN
    returns memory that nobody wrote.
    """
    arguments = {"strides": stride, "padding": padding, "dilation_rate": dilation}
    try:
        keras.layers.Conv2D(1, kernel.shape[:2], **arguments).compute_output_shape(x.shape)
    except ValueError:
        return None
    return keras_or_none(keras.ops.conv, x, kernel, **arguments)


def agree(ours, x, kernel, expected, **arguments):
    """The same shape and the same values as Keras, or a ValueError where it gives nothing."""
    if expected is None:
        with pytest.raises(ValueError, match="Received"):  # NumPy's own do not count
            ours(x, kernel, **arguments)
        return
    result = ours(x, kernel, **arguments)
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result, expected, err_msg=f"{x.shape} {kernel.shape} {arguments}")


def two_axes(cases, seed=0):
    """Each case for the rows beside another one for the columns."""
    cases = list(cases)
    others = random.Random(seed).sample(cases, len(cases))
    for rows, columns in zip(cases, others, strict=True):
        yield tuple(zip(rows, columns, strict=True))


def spread_kernel(kernel, dilation):
    """The same kernel, with its zeros written out."""
    kh, kw = (k + (k - 1) * (d - 1) for k, d in zip(kernel.shape[:2], dilation, strict=True))
    full = np.zeros((kh, kw, *kernel.shape[2:]), kernel.dtype)
    full[:: dilation[0], :: dilation[1]] = kernel
    return full


# Against Keras


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv_is_keras_conv(padding):
    rng = np.random.default_rng(0)
    failed = 0
    for size, k, s in two_axes(itertools.product(SIZES, KERNELS, STRIDES)):
        x, kernel = whole(rng, 2, *size, 2), whole(rng, *k, 2, 3)
        expected = keras_conv(x, kernel, s, padding)
        agree(conv, x, kernel, expected, stride=s, padding=padding)
        failed += expected is None
    assert (failed > 0) == (padding == "valid")


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", ["none", "all"])
def test_conv_transpose_is_keras_conv_transpose(padding, output_padding):
    rng = np.random.default_rng(1)
    cases = itertools.product(SIZES, KERNELS, STRIDES, range(4))
    # Without an output padding one round is enough; with it, each that is below the stride.
    cases = [c for c in cases if (c[3] < c[2] if output_padding == "all" else c[3] == 0)]
    given_values = failed = 0
    for size, k, s, o in two_axes(cases):
        o = o if output_padding == "all" else None
        x, kernel = whole(rng, 2, *size, 2), whole(rng, *k, 3, 2)
        expected = keras_or_none(
            keras.ops.conv_transpose, x, kernel, strides=s, padding=padding, output_padding=o
        )
        agree(conv_transpose, x, kernel, expected, stride=s, padding=padding, output_padding=o)
        if expected is None:
            failed += 1
        else:
            given_values += 1
            axes = zip(size, k, s, o or (None, None), strict=True)
            lengths = tuple(conv_transpose_length(n, a, b, padding, c) for n, a, b, c in axes)
            assert lengths == expected.shape[1:3]
    assert given_values > 170 and (failed > 0) == (padding == "same" and output_padding == "all")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_dilation_is_keras_dilation(padding):
    # On a CPU without oneDNN, TensorFlow takes no dilation in conv_transpose, so Keras gets the
    # kernel with its zeros written out, which is what dilation means.
    rng = np.random.default_rng(2)
    for size, k, d in two_axes(itertools.product(SIZES, KERNELS, DILATIONS)):
        x, kernel = whole(rng, 1, *size, 2), whole(rng, *k, 2, 2)
        full = spread_kernel(kernel, d)
        for o in (None, 0):
            expected = keras_or_none(
                keras.ops.conv_transpose, x, full, padding=padding, output_padding=o
            )
            arguments = {"padding": padding, "output_padding": o, "dilation": d}
            agree(conv_transpose, x, kernel, expected, **arguments)
        expected = keras_conv(x, kernel, padding=padding, dilation=d)
        agree(conv, x, kernel, expected, padding=padding, dilation=d)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_dilation_of_the_compiled_operation(padding):
    import tensorflow as tf

    rng = np.random.default_rng(3)
    x, kernel = whole(rng, 1, 4, 5, 2), whole(rng, 3, 2, 3, 2)

    @tf.function(jit_compile=True)  # this way it takes a dilation on every CPU
    def compiled(x, kernel):
        return keras.ops.conv_transpose(x, kernel, padding=padding, dilation_rate=(2, 3))

    expected = keras_or_none(compiled, x, kernel)
    assert expected is not None
    agree(conv_transpose, x, kernel, expected, padding=padding, dilation=(2, 3))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride, output_padding", [(2, None), ((3, 2), (1, 0)), ((1, 4), None)])
def test_the_layer_with_real_numbers(padding, stride, output_padding):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 6, 5, 4)).astype("float32")
    options = {"strides": stride, "padding": padding, "use_bias": False}
    layer = keras.layers.Conv2DTranspose(
        7, (3, 5), output_padding=output_padding, kernel_initializer="glorot_normal", **options
    )
    expected = np.asarray(layer(x))
    result = conv_transpose(x, np.asarray(layer.kernel), stride, padding, output_padding)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    layer = keras.layers.Conv2D(7, (3, 5), **options)
    expected = np.asarray(layer(x))
    result = conv(x, np.asarray(layer.kernel), stride, padding)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


lengths = st.tuples(st.integers(1, 12), st.integers(1, 12))
kernels = st.tuples(st.integers(1, 6), st.integers(1, 6))
small = st.tuples(st.integers(1, 5), st.integers(1, 5))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.data(), lengths, kernels, small, small, st.sampled_from(["valid", "same"]), st.booleans())
def test_any_mix_of_rectangles(data, size, k, s, d, padding, named):
    if max(s) > 1:
        d = (1, 1)
    o = data.draw(st.tuples(*(st.integers(0, step - 1) for step in s))) if named else None
    channels, filters, batch = (data.draw(st.integers(1, 3)) for _ in range(3))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    x, kernel = whole(rng, batch, *size, channels), whole(rng, *k, filters, channels)
    expected = keras_or_none(
        keras.ops.conv_transpose,
        x,
        spread_kernel(kernel, d),
        strides=s,
        padding=padding,
        output_padding=o,
    )
    arguments = {"stride": s, "padding": padding, "dilation": d}
    agree(conv_transpose, x, kernel, expected, output_padding=o, **arguments)
    kernel = whole(rng, *k, channels, filters)
    expected = keras_conv(x, kernel, s, padding, d)
    agree(conv, x, kernel, expected, **arguments)


REFUSED = [
    {"strides": 2, "dilation_rate": 2},
    {"strides": (2, 1), "dilation_rate": (1, 2)},  # on different axes, too
    {"strides": (1, 3), "output_padding": (0, 3)},
    {"strides": 1, "output_padding": 1},
    {"strides": 2, "output_padding": 0, "padding": "same", "kernel_size": 2},
    {"strides": 1, "output_padding": 0, "padding": "same", "kernel_size": 4},
]


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_layer_refuses_is_refused(case):
    case = {"kernel_size": 3, **case}
    with pytest.raises(Exception):  # noqa: B017 - Keras' or TensorFlow's
        keras.layers.Conv2DTranspose(1, **case)(np.ones((1, 4, 4, 1), "float32"))
    kernel = np.ones((case["kernel_size"],) * 2, int)
    with pytest.raises(ValueError, match="Received"):
        conv_transpose(
            np.ones((4, 4), int),
            kernel,
            case["strides"],
            case.get("padding", "valid"),
            case.get("output_padding"),
            case.get("dilation_rate", 1),
        )


@pytest.mark.parametrize("k", KERNELS)
@pytest.mark.parametrize("s", STRIDES)
def test_same_is_a_crop_of_valid_in_keras(k, s):
    rng = np.random.default_rng(5)
    x, kernel = rng.integers(1, 9, (1, 5, 1, 1)), rng.integers(1, 9, (k, 1, 1, 1))
    valid, same = (
        keras_or_none(keras.ops.conv_transpose, x, kernel, strides=(s, 1), padding=padding)
        for padding in ("valid", "same")
    )
    before, after = same_crop(k, s)
    np.testing.assert_array_equal(valid[:, before : valid.shape[1] - after], same)
    assert 0 <= after - before <= 1


# Against loops


def loop_conv(x, kernel, s, p, d):
    """The sum of the definition, for whole numbers and zeros outside the image."""

    def pixel(i, j):
        return x[i][j] if 0 <= i < len(x) and 0 <= j < len(x[0]) else 0

    def reaches(n, k, axis):
        first = range(0, n + 2 * p[axis], s[axis])
        return [i for i in first if i + (k - 1) * d[axis] < n + 2 * p[axis]]

    return [
        [
            sum(
                pixel(i - p[0] + a * d[0], j - p[1] + b * d[1]) * kernel[a][b]
                for a in range(len(kernel))
                for b in range(len(kernel[0]))
            )
            for j in reaches(len(x[0]), len(kernel[0]), 1)
        ]
        for i in reaches(len(x), len(kernel), 0)
    ]


def loop_transpose(x, kernel, s, p, o, d):
    """A dictionary of canvas places; nothing is known of lengths but the largest place."""
    canvas = {}
    for i, j in itertools.product(range(len(x)), range(len(x[0]))):
        for a, b in itertools.product(range(len(kernel)), range(len(kernel[0]))):
            place = i * s[0] + a * d[0], j * s[1] + b * d[1]
            canvas[place] = canvas.get(place, 0) + x[i][j] * kernel[a][b]
    height, width = (max(place[axis] for place in canvas) + 1 + o[axis] for axis in (0, 1))
    return [
        [canvas.get((i, j), 0) for j in range(p[1], width - p[1])]
        for i in range(p[0], height - p[0])
    ]


pads = st.tuples(st.integers(0, 3), st.integers(0, 3))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.data(), lengths, kernels, small, pads)
def test_whole_numbers_and_explicit_padding(data, size, k, s, p):
    d = data.draw(small) if max(s) == 1 else (1, 1)
    o = data.draw(st.tuples(*(st.integers(0, step - 1) for step in s)))
    rng = np.random.default_rng(0)
    # Beyond 2 ** 53 a float would lose the last digits.
    x, kernel = rng.integers(2**27, 2**28, size), rng.integers(2**27, 2**28, k)
    expected = loop_transpose(x.tolist(), kernel.tolist(), s, p, o, d)
    if expected and expected[0]:
        result = conv_transpose(x, kernel, s, p, o, d)
        assert result.dtype == np.int64 and result.tolist() == expected
        lengths = [conv_transpose_length(*axis) for axis in zip(size, k, s, p, o, d, strict=True)]
        assert lengths == list(result.shape)
    else:
        with pytest.raises(ValueError, match="nothing is left"):
            conv_transpose(x, kernel, s, p, o, d)
    expected = loop_conv(x.tolist(), kernel.tolist(), s, p, d)
    if expected and expected[0]:
        result = conv(x, kernel, s, p, d)
        assert result.dtype == np.int64 and result.tolist() == expected
        lengths = [conv_length(*axis) for axis in zip(size, k, s, p, d, strict=True)]
        assert lengths == list(result.shape)
    else:
        with pytest.raises(ValueError, match="does not fit"):
            conv(x, kernel, s, p, d)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.data(), lengths, kernels, small, st.sampled_from(["valid", "same", 0, 1, (2, 0)]))
def test_the_transposed_operation_is_the_adjoint(data, size, k, s, padding):
    """sum(conv(x) * z) = sum(x * conv_transpose(z)), and C and C.T say the same."""
    d = data.draw(small) if max(s) == 1 else (1, 1)
    rng = np.random.default_rng(1)
    x, kernel = whole(rng, 2, *size, 3), whole(rng, *k, 3, 2)
    try:
        y = conv(x, kernel, s, padding, d)
    except ValueError as error:
        assume("does not fit" not in str(error))
        raise
    o = back_to(size, y.shape[1:3], k, s, padding, d)
    z = whole(rng, *y.shape)
    back = conv_transpose(z, kernel, s, padding, o, d)  # the layouts make it the same kernel
    assert back.shape == x.shape
    assert np.sum(y * z) == np.sum(x * back)

    c = convolution_matrix(size, kernel[..., 0, 0], s, padding, d)
    assert c.dtype == np.int64 and c.shape == (y[0, ..., 0].size, x[0, ..., 0].size)
    image, code = x[0, ..., 0], z[0, ..., 0]
    np.testing.assert_array_equal(
        c @ image.ravel(), conv(image, kernel[..., 0, 0], s, padding, d).ravel()
    )
    np.testing.assert_array_equal(
        (c.T @ code.ravel()).reshape(size),
        conv_transpose(code, kernel[..., 0, 0], s, padding, o, d),
    )


def back_to(size, smaller, k, s, padding, d):
    """The output padding that returns to `size`, as convolution_matrix's docstring has it."""
    spans = [(a - 1) * b + 1 for a, b in zip(k, d, strict=True)]
    each = zip(size, smaller, spans, s, strict=True)
    if padding == "same":
        rests = [(n - step * (m - 1), span % 2, step) for n, m, span, step in each]
        return tuple(None if rest == step else rest - odd for rest, odd, step in rests)
    p = padding if isinstance(padding, tuple) else ({"valid": 0}.get(padding, padding),) * 2
    return tuple(
        n + 2 * pad - span - step * (m - 1) for (n, m, span, step), pad in zip(each, p, strict=True)
    )


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.data(), lengths, kernels, small, st.sampled_from(["valid", "same", 1]), st.booleans())
def test_steps_add_up(data, size, k, s, padding, named):
    d = data.draw(small) if max(s) == 1 else (1, 1)
    o = data.draw(st.tuples(*(st.integers(0, step - 1) for step in s))) if named else None
    rng = np.random.default_rng(2)
    x, kernel = rng.integers(1, 9, size), rng.integers(1, 9, k)
    try:
        result = conv_transpose(x, kernel, s, padding, o, d)
    except ValueError:
        with pytest.raises(ValueError, match="Received"):
            paste_steps(x, kernel, s, padding, o, d)  # at the call, not at the first step
        return
    steps = list(paste_steps(x, kernel, s, padding, o, d))
    assert [step.index for step in steps] == list(np.ndindex(size))
    total = np.zeros_like(steps[0].total)
    for step in steps:
        i, j = step.index
        assert list(step.rows) == [i * s[0] + a * d[0] for a in range(k[0])]
        assert list(step.columns) == [j * s[1] + b * d[1] for b in range(k[1])]
        inside = step.contribution[step.rows.start :: d[0], step.columns.start :: d[1]]
        np.testing.assert_array_equal(inside[: k[0], : k[1]], x[i, j] * kernel)
        assert np.count_nonzero(step.contribution) == kernel.size
        total = total + step.contribution
        np.testing.assert_array_equal(step.total, total)
        np.testing.assert_array_equal(step.output, total[step.crop])
    np.testing.assert_array_equal(steps[-1].output, result)
    windows = np.count_nonzero([step.contribution[step.crop] for step in steps], axis=0)
    np.testing.assert_array_equal(overlap_counts(size, k, s, padding, o, d), windows)


# The notes, by hand

ONES = np.ones((3, 3), int)


def test_the_question_of_the_notes():
    x = [[1, 2, 1], [0, 1, 0], [1, -1, 1]]
    kernel = [[1, 1, 1], [-1, -1, -1], [0, 0, 0]]
    assert conv_transpose(x, kernel).tolist() == [
        [1, 3, 4, 3, 1],
        [-1, -2, -3, -2, -1],
        [1, -1, 0, -1, 1],
        [-1, 0, -1, 0, -1],
        [0, 0, 0, 0, 0],
    ]


def test_the_nine_windows_of_the_notes():
    x = np.arange(9).reshape(3, 3)
    result = conv_transpose(x, ONES, stride=2)
    assert result.tolist() == [
        [0, 0, 1, 1, 3, 2, 2],
        [0, 0, 1, 1, 3, 2, 2],
        [3, 3, 8, 5, 12, 7, 7],
        [3, 3, 7, 4, 9, 5, 5],
        [9, 9, 20, 11, 24, 13, 13],
        [6, 6, 13, 7, 15, 8, 8],
        [6, 6, 13, 7, 15, 8, 8],
    ]
    steps = list(paste_steps(x, ONES, stride=2))
    assert len(steps) == 9 and steps[5].index == (1, 2)
    assert (steps[5].rows, steps[5].columns) == (range(2, 5), range(4, 7))
    assert steps[8].rows[-1] == steps[8].columns[-1] == 6
    assert steps[1].contribution.tolist() == [[0, 0, 1, 1, 1, 0, 0]] * 3 + [[0] * 7] * 4
    assert steps[0].total.shape == (7, 7) and steps[0].crop == (slice(0, 7), slice(0, 7))
    assert not steps[0].total.any() and steps[8].total.sum() == 9 * 36
    same = list(paste_steps(x, ONES, stride=2, padding="same"))
    assert same[8].total.shape == (7, 7) and same[8].crop == (slice(0, 6), slice(0, 6))
    np.testing.assert_array_equal(same[8].output, result[:6, :6])


def test_small_strides_and_kernels_of_the_notes():
    x, kernel = [[0, 1], [2, 3]], [[0, 1], [2, 3]]
    assert conv_transpose(x, kernel).tolist() == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    expected = [[0, 0, 0, 1], [0, 0, 2, 3], [0, 2, 0, 3], [4, 6, 6, 9]]
    assert conv_transpose(x, kernel, stride=2).tolist() == expected
    assert conv_transpose(x, kernel, stride=2, padding="same").tolist() == expected
    x, kernel = [[1, 2, 4], [3, 5, 9]], [[-1, 1]]
    assert conv(x, kernel).tolist() == [[1, 2], [2, 4]]  # the kernel is not rotated


def test_four_by_four_of_the_notes():
    x = np.arange(16).reshape(4, 4)
    valid, same = (conv_transpose(x, ONES, 2, padding) for padding in ("valid", "same"))
    assert valid.shape == (9, 9) and same.shape == (8, 8)
    np.testing.assert_array_equal(same, valid[:8, :8])
    four = np.ones((4, 4), int)
    valid, same = (conv_transpose(x, four, 2, padding) for padding in ("valid", "same"))
    assert valid.shape == (10, 10) and same.shape == (8, 8)
    np.testing.assert_array_equal(same, valid[1:9, 1:9])


def test_lengths_by_hand():
    # (W - F + 2 P) / S + 1
    assert conv_length(28, 3) == 26 and conv_length(28, 5, padding=2) == 28
    assert conv_length(7, 3, stride=2) == 3 and conv_length(7, 3, stride=3, padding=1) == 3
    assert conv_length(28, 3, 2, "same") == 14 and conv_length(29, 3, 2, "same") == 15
    assert conv_length(5, 3, dilation=2) == 1 and conv_length(1, 5, padding="same") == 1
    # s (M - 1) + k - 2 p
    assert conv_transpose_length(3, 3, 2) == 7 and conv_transpose_length(4, 3, 2, 1) == 7
    assert conv_transpose_length(4, 4, 2, 1) == 8 and conv_transpose_length(4, 3, 2) == 9
    assert conv_transpose_length(4, 3, 2, "same") == 8
    assert conv_transpose_length(4, 3, 2, "same", 0) == 7
    assert conv_transpose_length(4, 3, 2, 1, 1) == 8
    assert conv_transpose_length(4, 2, 3) == 12  # the formula says 11
    assert conv_transpose_length(4, 2, 3, output_padding=0) == 11
    assert conv_transpose_length(4, 2, 3, 1) == 10
    assert conv_transpose_length(4, 3, dilation=2) == 8
    assert conv_transpose_length(np.int64(4), 3, np.int32(2), "SAME") == 8
    assert conv_length(4, 3, padding="Valid") == 2
    assert type(conv_transpose_length(np.int64(4), 3, 2)) is int
    assert type(conv_length(np.int64(4), 3)) is int


def test_crops_and_paddings_by_hand():
    crops = {(3, 2): (0, 1), (4, 2): (1, 1), (5, 2): (1, 2), (2, 2): (0, 0), (3, 1): (1, 1)}
    assert {case: same_crop(*case) for case in crops} == crops
    assert same_crop(2, 3) == (0, 0) and same_crop(4, 1) == (1, 2)
    assert same_crop(3, 2, output_padding=0) == (1, 1) and same_crop(3, dilation=2) == (2, 2)
    assert same_crop(5, 2, output_padding=1) == (1, 2) and same_crop(1, 4, 3) == (0, 0)
    assert conv_padding(28, 3, 2, "same") == (0, 1) and conv_padding(28, 3, 1, "same") == (1, 1)
    assert conv_padding(28, 4, 2, "same") == (1, 1) and conv_padding(3, 1, 2, "same") == (0, 0)
    assert conv_padding(9, 3, 2) == (0, 0) and conv_padding(9, 3, 2, 2) == (2, 2)


def test_the_matrix_of_the_notes():
    kernel = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    first = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]
    c = convolution_matrix((4, 4), kernel)
    assert c.tolist() == [np.roll(first, shift).tolist() for shift in (0, 1, 4, 5)]
    z = np.array([[1, 0], [0, -1]])
    assert (c.T @ z.ravel()).reshape(4, 4).tolist() == conv_transpose(z, kernel).tolist()
    assert convolution_matrix(3, np.eye(2)).dtype == np.float64
    assert convolution_matrix((2, 2), [[1, 2]], padding="same").tolist() == [
        [1, 2, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 2],
        [0, 0, 0, 1],
    ]


def test_overlaps_by_hand():
    assert overlap_counts((1, 3), (1, 3), 2).tolist() == [[1, 1, 2, 1, 2, 1, 1], [0] * 7]
    assert set(overlap_counts((5, 5), 3, 2)[2:-2, 2:-2].ravel()) == {1, 2, 4}
    for even in (2, 4):
        assert len(set(overlap_counts((5, 5), even, 2)[2:-2, 2:-2].ravel())) == 1
    assert overlap_counts((2, 2), 1, 2, "same").tolist() == [[1, 0] * 2, [0] * 4] * 2


# Kinds of numbers


def test_kinds_of_numbers():
    big = np.full((3, 3), 255, np.uint8)
    assert conv(big, big).tolist() == [[9 * 255**2]]
    assert conv_transpose(big, big).max() == 9 * 255**2
    for dtype in (np.float16, np.float32, np.float64):
        x = np.ones((3, 3), dtype)
        for other in (x, x.astype(np.int64), x.astype(np.uint8)):
            assert conv(x, other).dtype == conv(other, x).dtype == dtype
            assert conv_transpose(x, other).dtype == dtype
        assert next(paste_steps(x, x)).total.dtype == dtype
        assert convolution_matrix((3, 3), x).dtype == dtype
    assert conv(np.ones((2, 2), np.float32), np.ones((2, 2))).dtype == np.float64
    assert conv(np.ones((2, 2), bool), [[True, True]]).tolist() == [[2], [2]]


def test_nan_spreads_as_far_as_its_window():
    x = np.zeros((3, 3))
    x[0, 0] = np.nan
    assert np.isnan(conv_transpose(x, ONES, 2)).sum() == 9
    assert np.isnan(conv(x, np.ones((2, 2)))).tolist() == [[True, False], [False, False]]


def test_an_empty_batch_and_untouched_arguments():
    assert conv_transpose(np.ones((0, 4, 4, 2)), np.ones((3, 3, 5, 2)), 2).shape == (0, 9, 9, 5)
    assert conv(np.ones((0, 4, 4, 2)), np.ones((3, 3, 2, 5))).shape == (0, 2, 2, 5)
    x, kernel = np.arange(9.0).reshape(3, 3), np.ones((2, 2))
    results = conv(x, kernel), conv_transpose(x, kernel), [s.total for s in paste_steps(x, kernel)]
    results[0][:], results[1][:], results[2][0][:] = 9, 9, 9
    assert x.tolist() == np.arange(9.0).reshape(3, 3).tolist() and (kernel == 1).all()


def test_a_step_keeps_its_values():
    step, later = itertools.islice(paste_steps(ONES, ONES), 2)
    with pytest.raises(FrozenInstanceError):
        step.total = None
    assert step.total.sum() == 9 and later.total.sum() == 18  # each has its own copy


# Errors

IMAGE, BATCH, KERNEL = np.ones((4, 4)), np.ones((1, 4, 4, 3)), np.ones((3, 3, 3, 3))
ERRORS = [
    (lambda: conv_length(4, 5), "window of 5 does not fit into 4 places. Received: n 4, kernel 5"),
    (lambda: conv_length(4, 3, dilation=3), "window of 7 .* kernel 3, .*dilation 3.*'same'"),
    (lambda: conv_length(4, 7, padding=1), "does not fit into 6 places.*padding 1 on each side"),
    (lambda: conv_length(0, 3), "n must be an int of at least 1. Received: 0"),
    (lambda: conv_length(4.0, 3), r"n must be an int .* Received: 4\.0"),
    (lambda: conv_length(True, 1), "n must be an int .* Received: True"),
    (lambda: conv_length(4, -3), "kernel must be an int of at least 1. Received: -3"),
    (lambda: conv_length(4, 3, stride=0), "stride must be .* Received: 0"),
    (lambda: conv_length(4, 3, dilation=float("nan")), "dilation must be .* Received: nan"),
    (lambda: conv_length(4, 3, padding=-1), "padding must be an int of at least 0. Received: -1"),
    (lambda: conv_length(4, 3, padding=None), "padding must be .* Received: None"),
    (lambda: conv_length(4, 3, padding="full"), "'valid', 'same' or an int. Received: 'full'"),
    (lambda: conv_length(9, 3, 2, dilation=2), "stride 2, dilation 2. Set one of them to 1"),
    (lambda: conv(IMAGE, IMAGE[:2, :2], (2, 1), dilation=(1, 2)), "stride 2, dilation 2"),
    (lambda: conv_padding(4, 5), "does not fit"),
    (lambda: conv_transpose_length(4, 3, 2, "valid", 2), "padding 2, stride 2. Give None, or 0 to"),
    (lambda: conv_transpose_length(4, 3, 2, "same", 2), "less than the stride"),
    (lambda: conv_transpose_length(4, 3, 2, "same", True), "output_padding must be .* True"),
    (lambda: conv_transpose_length(4, 3, 2, "same", -1), "output_padding must be .* -1"),
    (lambda: conv_transpose_length(4, 2, 2, "same", 0), r"odd window.*2 places.*None, or 1 to 1"),
    (lambda: conv_transpose_length(1, 2, 1, "same", 0), r"odd window.*Give None, or another"),
    (lambda: conv_transpose_length(2, 2, 1, 2), "cuts 4 places off an output of 3: nothing"),
    (lambda: same_crop(2, 2, 0), "odd window"),
    (lambda: conv(IMAGE, BATCH), r"x \(4, 4\), kernel \(1, 4, 4, 3\)"),
    (lambda: conv(IMAGE[None], KERNEL), r"Give x \(h, w\) .* \(kh, kw, c_in, c_out\)"),
    (lambda: conv_transpose(BATCH, IMAGE), r"kernel \(kh, kw, c_out, c_in\)"),
    (lambda: conv(BATCH, KERNEL[:, :, :2]), r"x has 3 channels .* takes 2 \(its axis 2\)"),
    (lambda: conv_transpose(BATCH, KERNEL[..., :2]), r"3 channels .* takes 2 \(its axis 3\)"),
    (lambda: conv(BATCH[:, :0], KERNEL), "at least one row"),
    (lambda: conv_transpose(IMAGE, IMAGE[:0]), "at least one row"),
    (lambda: conv(IMAGE, IMAGE * 1j), "kernel must hold integers or floats. Received: complex"),
    (lambda: conv_transpose([["a"]], [[1]]), "x must hold integers or floats"),
    (lambda: conv(IMAGE, IMAGE, stride=(1, 1, 1)), r"stride takes one .* \(1, 1, 1\)"),
    (lambda: conv(IMAGE, IMAGE, padding=(1,)), r"padding takes one .* \(1,\)"),
    (lambda: conv_transpose(IMAGE, IMAGE, output_padding=[0] * 3), "output_padding takes one"),
    (lambda: paste_steps(BATCH, KERNEL), "Steps are for one image"),
    (lambda: paste_steps(IMAGE, IMAGE, 2, output_padding=2), "less than the stride"),
    (lambda: convolution_matrix((4, 4), KERNEL), r"Give one kernel \(kh, kw\)"),
    (lambda: convolution_matrix((4, 0), IMAGE), "input_shape must be an int of at least 1"),
    (lambda: convolution_matrix((2, 2), IMAGE), "does not fit"),
    (lambda: overlap_counts((4, 4), 2.5), r"kernel must be an int .* 2\.5"),
    (lambda: overlap_counts((4, 4, 1), 2), "input_shape takes one"),
]


@pytest.mark.parametrize("call, message", ERRORS)
def test_it_says_what_was_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_it_does_not_load_tensorflow():
    code = (
        "import sys, course.convolution as c; c.conv_transpose([[1]], [[1]]); "
        "print({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'keras'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
