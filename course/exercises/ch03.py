"""Exercises of chapter 3: transposed convolution by hand, with numbers drawn for each student.

The arithmetic is `course.convolution`, which the chapter shows, so the answers are no secret here.
"""

import numpy as np

from course.convolution import conv, conv_length, conv_transpose, conv_transpose_length
from course.exercises.exercise import Exercise


def _question(rng):
    """Small whole numbers, and a kernel of three rows: 1, -1 and 0 in some order."""
    x = rng.integers(-2, 4, size=(3, 3))
    x[1, 1] = rng.integers(1, 4)
    kernel = np.repeat(rng.permutation([1, -1, 0])[:, None], 3, axis=1)
    if rng.integers(2):
        kernel = kernel.T.copy()
    return [{"x": x, "kernel": kernel}]


def _paste(x, kernel):
    return conv_transpose(x, kernel)


def _margin(x, kernel):
    """this slides the kernel over the input with a margin of zeros. Paste it instead: the kernel's
    first number lands first."""
    return conv(x, kernel, padding=2)


def _overwritten(x, kernel):
    """where windows overlap, the values add up. Here the last one has overwritten the others."""
    y = np.zeros((5, 5), dtype=int)
    for i, j in np.ndindex(3, 3):
        y[i : i + 3, j : j + 3] = x[i, j] * kernel
    return y


def _shrunk(x, kernel):
    """this is a convolution: it shrinks. Pasting grows: the last window ends at 2 + 3 − 1 = 4."""
    return conv(x, kernel)


def _shuffled(rng):
    """The numbers 0 to 8 in some order; a kernel of ones."""
    return [{"x": rng.permutation(9).reshape(3, 3), "kernel": np.ones((3, 3), dtype=int)}]


def _even_rows(x, kernel):
    return conv_transpose(x, kernel, stride=2)[:5:2]


def _even_rows_overwritten(x, kernel):
    """where windows overlap, the values add up. Here the last one has overwritten the others."""
    y = np.zeros((7, 7), dtype=int)
    for i, j in np.ndindex(3, 3):
        y[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = x[i, j] * kernel
    return y[:5:2]


def _first_rows(x, kernel):
    """these are rows 0, 1 and 2. Rows 0, 2 and 4 were asked."""
    return conv_transpose(x, kernel, stride=2)[:3]


def _stride_1(x, kernel):
    """this is stride 1. Here the windows move on by two."""
    return conv_transpose(x, kernel)[::2]


def _layers(rng):
    """Five layers, one a row: input length, kernel, stride, and 1 for "same"."""
    n, kernel = rng.integers(6, 13, size=5), rng.integers(2, 6, size=5)
    stride, same = rng.integers(1, 4, size=5), np.array([0, 0, 1, 1, 0])
    kernel[2] = rng.integers(4, 6)  # longer than the stride: here "same" cuts
    kernel[4], stride[4] = 2, 3  # shorter than the stride
    return [{"layers": np.stack([n, kernel, stride, same], axis=1)}]


def _lengths(layers, length=conv_transpose_length):
    return [length(n, k, s, "same" if same else "valid") for n, k, s, same in layers.tolist()]


def _by_the_formula(layers):
    """the last layer's kernel is shorter than its stride: s(M − 1) + max(k, s)."""
    return [s * n if same else s * (n - 1) + k for n, k, s, same in layers.tolist()]


def _all_valid(layers):
    """two of the layers are "same", the ones with a 1 at the end."""
    return [conv_transpose_length(n, k, s) for n, k, s, _ in layers.tolist()]


def _convolutions(layers):
    """these are the sizes of convolutions. Transposed convolution grows."""
    return _lengths(layers, conv_length)


def _matrices(rng):
    cases = [{"shape": np.array([2, 2]), "kernel": np.array([[5, 7]])}]
    for shape, size in (((4, 4), (3, 3)), ((3, 5), (2, 2)), ((5, 4), (2, 3))):
        kernel = rng.permutation(np.arange(1, 10))[: size[0] * size[1]].reshape(size)
        cases.append({"shape": np.array(shape), "kernel": kernel})
    return cases


def _edge_kernel(rng):
    """Two numbers, each beside itself or its negative, and sometimes turned."""
    a, b = rng.choice([1, 2, 3, 4, 5], size=2, replace=False)
    sign = rng.choice([-1, 1])
    kernel = np.array([[a, sign * a], [b, sign * b]])
    return [{"kernel": kernel.T.copy() if rng.integers(2) else kernel}]


def _vanishes(value, kernel):
    if value.shape != (4, 4) or value.dtype.kind not in "iuf":
        return f"Return four rows of four numbers. Received: shape {value.shape}."
    if not np.isfinite(value).all():
        return "Every number must be finite."
    if not value.any():
        return f"Hint: {_nothing.__doc__}"
    value = value.astype(float)
    left = conv(value / np.abs(value).max(), kernel.astype(float))  # nothing is too large to add
    if not np.abs(left).max() <= 1e-9:
        return f"Hint: {_diagonal.__doc__}"
    return None


def _nothing(kernel):
    """a picture of zeros proves nothing, because nothing was there to lose."""
    return np.zeros((4, 4))


def _diagonal(kernel):
    """its convolution is not zero everywhere. Which two neighbours does your kernel cancel?"""
    return np.eye(4)


EXERCISES = (
    Exercise(
        "3.1", "paste with stride 1", 2, _question,
        answer=_paste, mistakes=(_margin, _overwritten, _shrunk),
    ),
    Exercise(
        "3.2", "paste with stride 2", 2, _shuffled,
        answer=_even_rows, mistakes=(_even_rows_overwritten, _first_rows, _stride_1),
    ),
    Exercise(
        "3.3", "five sizes", 2, _layers,
        answer=_lengths, mistakes=(_by_the_formula, _all_valid, _convolutions),
    ),
    Exercise("3.4", "build the convolution matrix", 3, _matrices),
    Exercise(
        "3.5", "what no layer brings back", 2, _edge_kernel,
        accepts=_vanishes, mistakes=(_nothing, _diagonal),
    ),
)  # fmt: skip
