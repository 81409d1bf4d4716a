"""Convolution and transposed convolution of arrays, with the values that Keras gives.

Both go through the numbers of the kernel, not through the windows: a kernel of 3 x 3 makes nine
products of whole arrays. `conv` collects with the slices with which `conv_transpose` spreads.
The products are many small ones (a row of an image each): a single large one would start BLAS's
threads, and beside TensorFlow's, on a busy machine, they waited up to 100 times as long.
"""

import numpy as np

from course.convolution.axes import canvas_axis, check_arrays, pair, pair_of_ints, places, settings
from course.convolution.lengths import conv_length, conv_padding


def conv(x, kernel, stride=1, padding="valid", dilation=1):
    """Slide the kernel over x; each output is the sum of products under the window.

    y[i, j] = sum over a, b of x[s i + d a, s j + d b] kernel[a, b], and over the input channels.
    The kernel is not rotated: what Keras calls convolution is a cross-correlation.

    Args:
        x: an image, or a batch of images with channels.
        kernel: in the layout of `Conv2D`.
        stride, padding, dilation: as in `conv_length`; one value for both axes, or a pair (rows,
            columns).

    Shapes:
        (h, w) with (kh, kw) -> (oh, ow);
        (b, h, w, c_in) with (kh, kw, c_in, c_out) -> (b, oh, ow, c_out).
        Integers give int64, exactly; floats keep their dtype, and NaN spreads as in NumPy.

    Raises:
        ValueError: as in `conv_length`; if shapes or channels do not fit together.

    Example:
        >>> conv([[1, 2, 4], [3, 5, 9]], [[-1, 1]])
        array([[1, 2],
               [2, 4]])
    """
    x, kernel = check_arrays(x, kernel, "conv")
    if x.ndim == 2:  # one image, one channel
        x, kernel = x[None, :, :, None], kernel[:, :, None, None]
        return conv(x, kernel, stride, padding, dilation)[0, :, :, 0]
    s, p, d = settings(stride, padding, dilation)
    axes = list(zip(x.shape[1:3], kernel.shape[:2], s, p, d, strict=True))
    h, w = (conv_length(*axis) for axis in axes)
    x = np.pad(x, [(0, 0), *(conv_padding(*axis) for axis in axes), (0, 0)])
    y = np.zeros((len(x), h, w, kernel.shape[3]), x.dtype)
    for a, b in np.ndindex(kernel.shape[:2]):
        rows, columns = places(d[0] * a, s[0], h), places(d[1] * b, s[1], w)
        y += x[:, rows, columns] @ kernel[a, b]
    return y


def conv_transpose(x, kernel, stride=1, padding="valid", output_padding=None, dilation=1):
    """Paste the kernel, times each number of x, onto a canvas; add where pastes overlap; crop.

    canvas[s i + d a, s j + d b] += x[i, j] kernel[a, b], summed over the input channels. The
    padding says which part of the canvas is the output (see `conv_transpose_length`).

    Args:
        x: an image, or a batch of images with channels.
        kernel: in the layout of `Conv2DTranspose`, where output channels stand before input
            channels.
        stride, padding, output_padding, dilation: as in `conv_transpose_length`; one value for
            both axes, or a pair (rows, columns).

    Shapes:
        (h, w) with (kh, kw) -> (oh, ow);
        (b, h, w, c_in) with (kh, kw, c_out, c_in) -> (b, oh, ow, c_out).
        Integers give int64, exactly; floats keep their dtype, and NaN spreads as in NumPy.

    Raises:
        ValueError: as in `conv_transpose_length`; if shapes or channels do not fit together.

    Example:
        >>> conv_transpose([[1, 2]], [[1, 1, 1]], stride=2)
        array([[1, 1, 3, 2, 2],
               [0, 0, 0, 0, 0]])
    """
    x, kernel = check_arrays(x, kernel, "conv_transpose")
    if x.ndim == 2:  # one image, one channel
        x, kernel = x[None, :, :, None], kernel[:, :, None, None]
        return conv_transpose(x, kernel, stride, padding, output_padding, dilation)[0, :, :, 0]
    s, p, d = settings(stride, padding, dilation)
    o = pair("output_padding", output_padding)
    h, w = x.shape[1:3]
    axes = zip((h, w), kernel.shape[:2], s, p, o, d, strict=True)
    (height, keep_rows), (width, keep_columns) = (canvas_axis(*axis) for axis in axes)
    canvas = np.zeros((len(x), height, width, kernel.shape[2]), x.dtype)
    for a, b in np.ndindex(kernel.shape[:2]):
        rows, columns = places(d[0] * a, s[0], h), places(d[1] * b, s[1], w)
        canvas[:, rows, columns] += x @ kernel[a, b].T
    return canvas[:, keep_rows, keep_columns]


def overlap_counts(input_shape, kernel, stride=1, padding="valid", output_padding=None, dilation=1):
    """How many windows of a transposed convolution reach each output pixel.

    Where the counts differ from pixel to pixel, an untrained decoder draws a checkerboard (Odena,
    Dumoulin & Olah 2016).

    Args:
        input_shape: (h, w).
        kernel: its size, an int or a pair.
        stride, padding, output_padding, dilation: as in `conv_transpose`.

    Shapes:
        -> (oh, ow), int64.

    Raises:
        ValueError: as in `conv_transpose`.

    Example:
        >>> overlap_counts((1, 3), (1, 3), stride=(1, 2))
        array([[1, 1, 2, 1, 2, 1, 1]])
    """
    x = np.ones(pair_of_ints("input_shape", input_shape), np.int64)
    ones = np.ones(pair_of_ints("kernel", kernel), np.int64)
    return conv_transpose(x, ones, stride, padding, output_padding, dilation)
