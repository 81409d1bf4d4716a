"""Chapter 3 computed another way: by Keras' own layers, and by loops over plain numbers."""

import numpy as np


def by_keras(x, kernel, stride):
    from course.quiet import keras

    y = keras.ops.conv_transpose(
        np.asarray(x, "float32")[None, :, :, None],
        np.asarray(kernel, "float32")[:, :, None, None],
        strides=stride,
        padding="valid",
    )
    return np.rint(np.asarray(y)[0, :, :, 0]).astype(int)


def lengths_by_keras(layers):
    from course.quiet import keras

    found = []
    for n, kernel, stride, same in layers.tolist():
        layer = keras.layers.Conv1DTranspose(
            1, kernel, strides=stride, padding="same" if same else "valid"
        )
        found.append(layer.compute_output_shape((1, n, 1))[1])
    return found


def matrix_by_unit_pictures(shape, kernel):
    """Column p of C is what the convolution makes of a picture with one dot, at pixel p."""
    h, w = (int(n) for n in shape)
    kh, kw = kernel.shape
    columns = []
    for p in range(h * w):
        column = []
        for i in range(h - kh + 1):
            for j in range(w - kw + 1):
                a, b = p // w - i, p % w - j
                column.append(int(kernel[a, b]) if 0 <= a < kh and 0 <= b < kw else 0)
        columns.append(column)
    return np.array(columns).T


def vanishes(value, kernel):
    rows, k = np.asarray(value).tolist(), kernel.tolist()
    sums = [
        sum(rows[i + a][j + b] * k[a][b] for a in range(2) for b in range(2))
        for i in range(3)
        for j in range(3)
    ]
    return any(map(any, rows)) and not any(sums)


ORACLES = {
    "3.1": lambda x, kernel: by_keras(x, kernel, 1),
    "3.2": lambda x, kernel: by_keras(x, kernel, 2)[[0, 2, 4]],
    "3.3": lengths_by_keras,
    "3.4": matrix_by_unit_pictures,
    "3.5": vanishes,
}
