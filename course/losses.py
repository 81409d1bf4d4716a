"""What a picture costs, in nats: likelihoods, and the divergence of a code from N(0, I).

Each returns one number for each example, **summed** over pixels or over latent variables. NumPy
arrays give an array, tensors a tensor.
"""

import math

import numpy as np

from course.quiet import keras

ops = keras.ops


def kl_to_standard_normal(z_mean, z_log_var):
    """KL( N(µ, σ²) ‖ N(0, I) ) of each example, in nats, summed over the latent variables.

    Σ ½ (µ² + σ² − 1 − ln σ²) (Kingma & Welling 2014, appendix B).

    Args:
        z_mean: µ.
        z_log_var: ln σ², not σ.

    Shapes:
        (batch, k) and (batch, k) -> (batch,).

    Raises:
        ValueError: if the shapes differ or are not (batch, k).

    Example:
        >>> kl_to_standard_normal(np.array([[0.0, 1.0]]), np.zeros((1, 2)))
        array([0.5])
    """
    _require_same("z_mean", z_mean, "z_log_var", z_log_var)
    if len(z_mean.shape) != 2:
        raise ValueError(
            "Give a row of latent variables for each example, (batch, k). "
            f"Received: shape {tuple(z_mean.shape)}."
        )
    mean, log_var = _tensors(z_mean, z_log_var)
    each = 0.5 * (ops.square(mean) + ops.exp(log_var) - 1 - log_var)
    return _as_given(ops.sum(each, axis=-1), z_mean, z_log_var)


def bernoulli_nll(x, logits):
    """−ln p(x) of each image when every pixel is a coin of its own, in nats, summed over pixels.

    For pixels 0 or 1 it is a likelihood. For grey pixels it is the cross-entropy: a loss that
    works, but the probability of nothing (Loaiza-Ganem & Cunningham 2019).

    Args:
        x: pixels in [0, 1].
        logits: ln(p / (1 − p)) of the probability of ink; what a linear layer gives.

    Shapes:
        (batch, ...) and (batch, ...) -> (batch,).

    Raises:
        ValueError: if the shapes differ, or pixels are seen that lie outside [0, 1].
    """
    _require_same("x", x, "logits", logits)
    require_pixels(x)
    ink, a = _tensors(x, logits)
    # ln(1 + e^a) - ink a, and no exponential of a large number.
    each = ops.maximum(a, 0) - ink * a + ops.log1p(ops.exp(-ops.abs(a)))
    return _as_given(_sum_of_each(each), x, logits)


def gaussian_nll(x, mean, log_var=0.0):
    """−ln p(x) of each example for a normal distribution, in nats, summed over its numbers.

    Σ ½ (ln 2π + ln σ² + (x − mean)² / σ²), with every constant: for images it is the density of
    a continuous variable, so it may be negative.

    Args:
        x: the examples.
        mean: their predicted means.
        log_var: ln σ²: a number for all, or of the shape of x.

    Shapes:
        (batch, ...) and (batch, ...) -> (batch,).

    Raises:
        ValueError: if the shapes do not fit.
    """
    _require_same("x", x, "mean", mean)
    if not isinstance(log_var, (int, float)) and tuple(log_var.shape) != ():
        _require_same("x", x, "log_var", log_var)
    value, centre, spread = _tensors(x, mean, log_var)
    each = math.log(2 * math.pi) + spread + ops.square(value - centre) * ops.exp(-spread)
    return _as_given(0.5 * _sum_of_each(each), x, mean, log_var)


def _tensors(*inputs):
    """All as tensors of one floating-point type; a Python number takes the others'."""
    types = [i.dtype if hasattr(i, "dtype") else float for i in inputs]
    dtype = keras.backend.result_type(*types, float)
    return [
        ops.cast(i, dtype) if hasattr(i, "dtype") else ops.convert_to_tensor(i, dtype=dtype)
        for i in inputs
    ]


def _sum_of_each(values):
    return ops.sum(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)


def _as_given(result, *inputs):
    """A NumPy array if no input was a tensor."""
    plain = all(isinstance(i, (np.ndarray, np.generic, int, float)) for i in inputs)
    return ops.convert_to_numpy(result) if plain else result


def _require_same(name, value, other_name, other):
    for known, given in ((name, value), (other_name, other)):
        if not hasattr(given, "shape"):
            raise ValueError(
                f"{known} must be an array or a tensor, (batch, ...). Received: {given!r}."
            )
    shape, other_shape = tuple(value.shape), tuple(other.shape)
    same = len(shape) == len(other_shape) and all(
        a == b or a is None or b is None for a, b in zip(shape, other_shape, strict=True)
    )
    if not same or len(shape) < 2:
        # (b, 28, 28) against (b, 28, 28, 1) would broadcast to (b, 28, 28, b) without a word.
        raise ValueError(
            f"{name} and {other_name} need one shape, (batch, ...); reshape one of them. "
            f"Received: {shape} and {other_shape}."
        )


def require_pixels(x):
    """Refuse pixels outside [0, 1] where they can be seen: not while Keras traces a graph.

    Raises:
        ValueError: if there is none, or one lies outside.
    """
    if keras.utils.is_keras_tensor(x) or not (isinstance(x, np.ndarray) or hasattr(x, "numpy")):
        return
    values = np.asarray(x)
    if not values.size or not (values.min() >= 0 and values.max() <= 1):
        seen = f"{values.min()} to {values.max()}" if values.size else "no pixel"
        raise ValueError(
            f"Pixels must lie in [0, 1]: divide by 255, or swap x and logits. Received: {seen}."
        )
