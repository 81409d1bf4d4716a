"""Transposed convolution one paste at a time, for pictures and for the eye."""

from dataclasses import dataclass

import numpy as np

from course.convolution.axes import canvas_axis, check_arrays, pair, settings


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class PasteStep:
    """One number of the input, pasted.

    Args:
        index: (i, j), its place in the input.
        rows, columns: ranges of the canvas that its window covers, stride * i to
            stride * i + k_eff - 1, with the dilation as step.
        contribution: its number times the kernel, on an empty canvas.
        total: the canvas so far, this paste included.
        crop: two slices, the part of the canvas that padding keeps.
    """

    index: tuple[int, int]
    rows: range
    columns: range
    contribution: np.ndarray
    total: np.ndarray
    crop: tuple[slice, slice]

    @property
    def output(self):
        """What padding keeps of the canvas so far; after the last step, the result."""
        return self.total[self.crop]


def paste_steps(x, kernel, stride=1, padding="valid", output_padding=None, dilation=1):
    """Yield a `PasteStep` for each number of x, row by row.

    The canvas is the "valid" output before any crop. It has empty rows at the end where an output
    padding, or a kernel shorter than the stride, asks for more than the windows reach.

    Args:
        x: one image, (h, w).
        kernel: (kh, kw).
        stride, padding, output_padding, dilation: as in `conv_transpose`.

    Raises:
        ValueError: as in `conv_transpose`, at the call; if x is not (h, w).

    Example:
        >>> [step.output.tolist() for step in paste_steps([[1, 2]], [[1, 3]])]
        [[[1, 3, 0]], [[1, 5, 6]]]
    """
    x, kernel = check_arrays(x, kernel, "conv_transpose")
    if x.ndim != 2:
        raise ValueError(
            "Steps are for one image (h, w) and one kernel (kh, kw): take one channel of each. "
            f"Received: x {x.shape}, kernel {kernel.shape}."
        )
    s, p, d = settings(stride, padding, dilation)
    o = pair("output_padding", output_padding)
    axes = zip(x.shape, kernel.shape, s, p, o, d, strict=True)
    (height, keep_rows), (width, keep_columns) = (canvas_axis(*axis) for axis in axes)
    canvas = np.zeros((height, width), x.dtype)
    return _steps(x, kernel, s, d, canvas, (keep_rows, keep_columns))


def _steps(x, kernel, s, d, total, crop):
    for i, j in np.ndindex(x.shape):
        rows = range(s[0] * i, s[0] * i + d[0] * len(kernel), d[0])
        columns = range(s[1] * j, s[1] * j + d[1] * kernel.shape[1], d[1])
        contribution = np.zeros_like(total)
        contribution[np.ix_(rows, columns)] = x[i, j] * kernel
        total = total + contribution
        yield PasteStep((i, j), rows, columns, contribution, total, crop)
