"""How long the result of a convolution is, and of a transposed one: one axis, plain integers.

In the formulas n is the length of the input, k the kernel, s the stride, d the dilation and p the
padding. A kernel whose numbers lie d apart spans k_eff = (k - 1) d + 1 places; for d = 1 that is k.
"""

import operator


def conv_length(n, kernel, stride=1, padding="valid", dilation=1):
    """Length of a convolution's output along one axis.

    floor((n + 2 p - k_eff) / s) + 1, with p = 0 for "valid"; "same" gives ceil(n / s), whatever
    the kernel.

    Args:
        n, kernel, stride, dilation: ints of at least 1.
        padding: "valid", "same", or how many zeros to put on each side, an int of at least 0.

    Raises:
        ValueError: if a number is no such int; if the window does not fit once; if stride and
            dilation are both above 1, which Keras does not take either.

    Example:
        >>> conv_length(28, 5, stride=2), conv_length(28, 5, stride=2, padding="same")
        (12, 14)
    """
    n, k, s, p, d = _checked(n, kernel, stride, padding, dilation)
    if p == "same":
        return -(-n // s)
    span = _span(k, d)
    if n + 2 * p < span:
        raise ValueError(
            f"A window of {span} does not fit into {n + 2 * p} places. Received: n {n}, kernel "
            f"{k}, padding {p} on each side, dilation {d}. Take a smaller kernel or dilation, "
            "more padding, or padding 'same'."
        )
    return (n + 2 * p - span) // s + 1


def conv_padding(n, kernel, stride=1, padding="valid", dilation=1):
    """Zeros that a convolution puts before and after its n numbers: (before, after).

    "same" shares out what the last window lacks, max((ceil(n / s) - 1) s + k_eff - n, 0), and puts
    the odd zero after. The transposed convolution that returns to n numbers cuts the same
    (before, after) off the canvas on which it pastes.

    Args:
        n, kernel, stride, padding, dilation: as in `conv_length`.

    Raises:
        ValueError: as in `conv_length`.

    Example:
        >>> conv_padding(28, 3, stride=2, padding="same")
        (0, 1)
    """
    n, k, s, p, d = _checked(n, kernel, stride, padding, dilation)
    length = conv_length(n, k, s, p, d)
    if p != "same":
        return p, p
    lacking = max((length - 1) * s + _span(k, d) - n, 0)
    return lacking // 2, lacking - lacking // 2


def conv_transpose_length(n, kernel, stride=1, padding="valid", output_padding=None, dilation=1):
    """Length of a transposed convolution's output along one axis, as `Conv2DTranspose` has it.

    The windows reach over s (n - 1) + k_eff places. From there:

    - "valid" and an int p: s (n - 1) + max(k_eff, s) - 2 p, with p = 0 for "valid";
      with an output padding o: s (n - 1) + k_eff + o - 2 p.
    - "same": s n; with an output padding o: s (n - 1) + (k_eff mod 2) + o.

    Several inputs of a convolution with stride s have the same output length; `output_padding`
    says which of these s lengths the way back should have. What surprises: with a kernel shorter
    than the stride, "valid" adds empty places at the end, up to s n. "same" with output_padding 0
    is not s n: n 4, k 3, s 2 gives 7. And "same" with output_padding 0 and an even k_eff has no
    length: Keras announces one (6 for n 4, k 2, s 2), but TensorFlow then fails.

    Args:
        n, kernel, stride, padding, dilation: as in `conv_length`.
        output_padding: None, or an int from 0 to stride - 1.

    Raises:
        ValueError: as in `conv_length`; if `output_padding` is not below the stride; if nothing
            is left of the output.

    Example:
        >>> conv_transpose_length(4, 3, stride=2), conv_transpose_length(4, 3, 2, "same")
        (9, 8)
    """
    n, k, s, p, d = _checked(n, kernel, stride, padding, dilation)
    span = _span(k, d)
    o = output_padding
    if o is not None:
        o = integer("output_padding", o, least=0)
        if o >= s:
            raise ValueError(
                "output_padding must be less than the stride. "
                f"Received: output_padding {o}, stride {s}. Give None, or 0 to {s - 1}."
            )
    if p == "same":
        if o == 0 and span % 2 == 0:
            choices = f"None, or 1 to {s - 1}" if s > 1 else "None"
            raise ValueError(
                f"'same' with output_padding 0 needs an odd window. Received: a window of {span} "
                f"places (kernel {k}, dilation {d}). Give {choices}, or another kernel."
            )
        return s * n if o is None else s * (n - 1) + span % 2 + o
    length = s * (n - 1) + (max(span, s) if o is None else span + o) - 2 * p
    if length < 1:
        raise ValueError(
            f"Padding {p} cuts {2 * p} places off an output of {length + 2 * p}: nothing is left. "
            f"Received: n {n}, kernel {k}, stride {s}, dilation {d}. Take a smaller padding."
        )
    return length


def same_crop(kernel, stride=1, output_padding=None, dilation=1):
    """What "same" cuts off the canvas of a transposed convolution: (before, after).

    The canvas is the "valid" output. Rows `before` to `before + length - 1` of it are the "same"
    output; the other cut comes off the end. None of this depends on the input's length:
    max(k_eff - s, 0) places in all, or max(k_eff - (k_eff mod 2) - o, 0) with an output padding o,
    the smaller half before. A kernel shorter than the stride cuts nothing.

    Args:
        kernel, stride, output_padding, dilation: as in `conv_transpose_length`.

    Raises:
        ValueError: as in `conv_transpose_length`.

    Example:
        >>> same_crop(3, stride=2), same_crop(4, stride=2), same_crop(5, stride=2)
        ((0, 1), (1, 1), (1, 2))
    """
    length = conv_transpose_length(1, kernel, stride, "same", output_padding, dilation)
    return conv_padding(length, kernel, stride, "same", dilation)


def _span(kernel, dilation):
    return (kernel - 1) * dilation + 1


def _checked(n, kernel, stride, padding, dilation):
    """The arguments as plain ints; padding as "same" or an int, 0 for "valid"."""
    n, kernel = integer("n", n), integer("kernel", kernel)
    stride, dilation = integer("stride", stride), integer("dilation", dilation)
    check_together(stride, dilation)
    if isinstance(padding, str):
        if padding.lower() not in ("valid", "same"):
            raise ValueError(f"padding must be 'valid', 'same' or an int. Received: {padding!r}.")
        return n, kernel, stride, 0 if padding.lower() == "valid" else "same", dilation
    return n, kernel, stride, integer("padding", padding, least=0), dilation


def check_together(stride, dilation):
    """Refuse what Keras refuses: a stride and a dilation both above 1, on any axes."""
    if stride > 1 and dilation > 1:
        raise ValueError(
            "Keras does not take a stride and a dilation that are both above 1. "
            f"Received: stride {stride}, dilation {dilation}. Set one of them to 1."
        )


def integer(name, value, least=1):
    """The value as an int, or an error: a bool or a float, even 2.0, is no size."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ValueError(f"{name} must be an int of at least {least}. Received: {value!r}.")
    return number
