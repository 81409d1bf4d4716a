"""What the functions on arrays share: arguments for two axes, places on an axis, fitting shapes."""

import numpy as np

from course.convolution.lengths import (
    check_together,
    conv_padding,
    conv_transpose_length,
    integer,
)

LAYOUTS = {"conv": "(kh, kw, c_in, c_out)", "conv_transpose": "(kh, kw, c_out, c_in)"}


def pair(name, value):
    """One value for both axes, or a pair (rows, columns)."""
    if not isinstance(value, tuple | list):
        return value, value
    if len(value) != 2:
        raise ValueError(
            f"{name} takes one value for both axes, or a pair (rows, columns). Received: {value!r}."
        )
    return tuple(value)


def pair_of_ints(name, value):
    """The same for ints of at least 1."""
    rows, columns = pair(name, value)
    return integer(name, rows), integer(name, columns)


def settings(stride, padding, dilation):
    """Pairs (rows, columns) of stride, padding and dilation."""
    s, d = pair_of_ints("stride", stride), pair_of_ints("dilation", dilation)
    check_together(max(s), max(d))  # Keras looks at both axes at once
    return s, pair("padding", padding), d


def places(start, step, count):
    """The slice of `count` places, `step` apart, from `start` on."""
    return slice(start, start + step * count, step)


def canvas_axis(n, kernel, stride, padding, output_padding, dilation):
    """One axis of the canvas of a transposed convolution: its length, and the slice that stays."""
    length = conv_transpose_length(n, kernel, stride, padding, output_padding, dilation)
    before, after = conv_padding(length, kernel, stride, padding, dilation)
    return before + length + after, slice(before, before + length)


def check_arrays(x, kernel, operation):
    """x and kernel as arrays of one dtype, or an error that says what does not fit.

    Args:
        operation: "conv" or "conv_transpose", for the layout of the kernel.
    """
    x, kernel = np.asarray(x), np.asarray(kernel)
    layout = LAYOUTS[operation]
    shapes = f"Received: x {x.shape}, kernel {kernel.shape}."
    if (x.ndim, kernel.ndim) not in ((2, 2), (4, 4)):
        raise ValueError(
            f"Give x (h, w) with a kernel (kh, kw), or x (b, h, w, c_in) with a kernel {layout}. "
            + shapes
        )
    if 0 in x.shape[-3:] or 0 in kernel.shape:
        raise ValueError(f"Give arrays with at least one row, column and channel. {shapes}")
    axis = layout.strip("()").split(", ").index("c_in")
    if x.ndim == 4 and x.shape[3] != kernel.shape[axis]:
        raise ValueError(
            f"x has {x.shape[3]} channels (its last axis), but the kernel {layout} takes "
            f"{kernel.shape[axis]} (its axis {axis}). {shapes}"
        )
    for name, array in (("x", x), ("kernel", kernel)):
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{name} must hold integers or floats. Received: {array.dtype}.")
    floats = [array.dtype for array in (x, kernel) if array.dtype.kind == "f"]
    dtype = np.result_type(*floats) if floats else np.int64  # uint8 would overflow
    return x.astype(dtype, copy=False), kernel.astype(dtype, copy=False)
