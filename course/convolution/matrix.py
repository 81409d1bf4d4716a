"""A convolution written as one matrix."""

import numpy as np

from course.convolution.axes import check_arrays, pair_of_ints, settings
from course.convolution.lengths import conv_length, conv_padding


def convolution_matrix(input_shape, kernel, stride=1, padding="valid", dilation=1):
    """The matrix C of a convolution: C @ x.ravel() is conv(x, ...).ravel().

    A row holds the kernel at the place of one window, a column what one pixel of x gives. C.T is
    the transposed convolution with the same kernel, stride, padding and dilation:
    (C.T @ z.ravel()).reshape(input_shape) is conv_transpose(z, ...), provided that this returns
    to `input_shape`. Several input lengths n share an output length m, so it may need an
    `output_padding`: n + 2 p - k_eff - s (m - 1) for "valid" and for an int p. For "same", None
    does it where the stride divides n, else n - s (m - 1) - (k_eff mod 2).

    Args:
        input_shape: (h, w).
        kernel: (kh, kw).
        stride, padding, dilation: as in `conv`.

    Shapes:
        -> (oh * ow, h * w), int64 for integers, else the kernel's dtype.

    Raises:
        ValueError: as in `conv`.

    Example:
        >>> convolution_matrix((1, 4), [[1, 2]])
        array([[1, 2, 0, 0],
               [0, 1, 2, 0],
               [0, 0, 1, 2]])
    """
    h, w = pair_of_ints("input_shape", input_shape)
    kernel = np.asarray(kernel)
    if kernel.ndim != 2:
        raise ValueError(f"Give one kernel (kh, kw). Received: kernel {kernel.shape}.")
    _, kernel = check_arrays(np.ones((h, w), np.int64), kernel, "conv")
    s, p, d = settings(stride, padding, dilation)
    axes = list(zip((h, w), kernel.shape, s, p, d, strict=True))
    oh, ow = (conv_length(*axis) for axis in axes)
    (top, bottom), (left, right) = (conv_padding(*axis) for axis in axes)
    matrix = np.zeros((oh * ow, h * w), kernel.dtype)
    for row, (i, j) in enumerate(np.ndindex(oh, ow)):
        padded = np.zeros((top + h + bottom, left + w + right), kernel.dtype)
        seen = padded[s[0] * i :: d[0], s[1] * j :: d[1]]
        seen[: kernel.shape[0], : kernel.shape[1]] = kernel
        matrix[row] = padded[top : top + h, left : left + w].ravel()
    return matrix
