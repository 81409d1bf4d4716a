"""The sampling step of a variational autoencoder: a mean, a spread and chance make a code."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course")
class Sampling(keras.layers.Layer):
    """Draw a code from the normal distribution that the encoder names.

    z = µ + σ ε with ε ~ N(0, I) and σ = exp(z_log_var / 2). The chance is in ε, so the gradient
    reaches µ and σ: the reparameterisation trick (Kingma & Welling 2014, section 2.4).

    Args:
        seed: an int, or None for one drawn from Keras' own generator.

    Shapes:
        [z_mean (batch, ..., k), z_log_var, the same shape] -> z, the same shape.

    Raises:
        ValueError: if the input is not such a pair.

    Example:
        >>> z = Sampling()([z_mean, z_log_var])
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
            raise ValueError(f"seed must be an int, at least 0, or None. Received: {seed!r}.")
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        _require_pair(input_shape)

    def call(self, inputs):
        pair = isinstance(inputs, (list, tuple))
        _require_pair([tuple(t.shape) for t in inputs] if pair else tuple(inputs.shape))
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.draws)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    def compute_output_shape(self, input_shape):
        _require_pair(input_shape)
        return tuple(input_shape[0])

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


def _require_pair(shapes):
    """Two shapes that agree wherever both are known."""
    nested = isinstance(shapes, (list, tuple)) and all(
        isinstance(shape, (list, tuple)) for shape in shapes
    )
    if not nested or len(shapes) != 2:
        received = f"{len(shapes)} tensors" if nested else f"one tensor, shape {tuple(shapes)}"
        raise ValueError(
            f"Sampling takes a list of two tensors, [z_mean, z_log_var]. Received: {received}."
        )
    z_mean, z_log_var = (tuple(shape) for shape in shapes)
    agree = len(z_mean) == len(z_log_var) and all(
        a == b or a is None or b is None for a, b in zip(z_mean, z_log_var, strict=True)
    )
    if not agree or len(z_mean) < 2:
        raise ValueError(
            "z_mean and z_log_var need one shape, (batch, k): a number each for every latent "
            f"variable. Received: {z_mean} and {z_log_var}."
        )
