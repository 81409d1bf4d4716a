"""Chapter 4 computed another way: pixel by pixel, and by asking Keras."""

import itertools

import numpy as np


def slow_unpool(values, places):
    h, w = values.shape
    picture = [[0.0] * (2 * w) for _ in range(2 * h)]
    for row, column in itertools.product(range(2 * h), range(2 * w)):
        if places[row // 2, column // 2] == 2 * (row % 2) + column % 2:
            picture[row][column] = float(values[row // 2, column // 2])
    return picture


def kernel_from_a_dot(factor):
    """What nearest upsampling makes of a single 1."""
    from course.quiet import keras

    return np.array(keras.layers.UpSampling2D(factor)(np.ones((1, 1, 1, 1))))[0, ..., 0]


def counted_from_keras(method, n, kernel, channels_in, channels_out):
    """Parameters by Keras; multiplications, window by window."""
    from course.quiet import keras

    make = keras.layers.Conv2DTranspose if method == 1 else keras.layers.Conv2D
    layer = make(channels_out, kernel, strides=3 - method, padding="same")
    layer.build((None, n, n, channels_in))
    windows = sum(1 for _ in itertools.product(range(n * method), repeat=2))
    return layer.count_params(), windows * int(np.prod(layer.kernel.shape))


def tile_by_pasting(kernel, stride):
    """Paste windows of ones on a long canvas, and look at one period of its middle."""
    windows = 2 * kernel + 3
    row = [0] * (stride * windows + kernel)
    for i in range(windows):
        for a in range(kernel):
            row[stride * i + a] += 1
    middle = stride * (kernel + 1)
    return [[a * b for b in row[middle:][:stride]] for a in row[middle:][:stride]]


def mended_by_keras(start, kernels, strides, paddings, goal):
    """Every choice of paddings that is one change away, built as a decoder."""
    from course.quiet import keras

    for choice in itertools.product(("same", "valid"), repeat=len(paddings)):
        if sum(a != b for a, b in zip(choice, paddings, strict=True)) != 1:
            continue
        shape = (None, start, 1, 1)
        for k, s, padding in zip(kernels.tolist(), strides.tolist(), choice, strict=True):
            layer = keras.layers.Conv2DTranspose(1, (k, 1), strides=(s, 1), padding=padding)
            shape = layer.compute_output_shape(shape)
        if shape[1] == goal:
            return list(choice)
    return None


ORACLES = {
    "4.1": slow_unpool,
    "4.2": kernel_from_a_dot,
    "4.3": counted_from_keras,
    "4.4": tile_by_pasting,
    "4.5": mended_by_keras,
}
