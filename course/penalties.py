"""Penalties on a code: few units may speak (sparse), small changes must not matter (contractive).

Each is a mean over the images of the batch, so that its strength does not depend on the batch size.
L1 needs nothing from here: `activity_regularizer=keras.regularizers.L1(strength)` on the code's
layer is the mean over the batch of the sum of |h| over the units.
"""

import keras
from keras import ops

SLOPES = {  # of an activation, from its value h
    "sigmoid": lambda h: h * (1 - h),
    "tanh": lambda h: 1 - ops.square(h),
}


@keras.saving.register_keras_serializable("course")
class KLSparsity(keras.layers.Layer):
    """Hand activations on, and add a loss unless each unit is on at a given mean rate.

    strength · Σ over units KL(p ‖ p̂) between two coins that show heads with probability p, the
    rate that is wanted, and p̂, the unit's mean activation (Ng 2011, *Sparse autoencoder*).

    Args:
        rate: p, between 0 and 1.
        strength: the factor, at least 0.
        momentum: 0 takes p̂ from the batch alone. Otherwise p̂ is a running mean, momentum · old +
            (1 − momentum) · batch, moved while training; its gradient is taken as if it were the
            batch's mean, so that momentum does not weaken the penalty. It starts at `rate`.

    Shapes:
        (batch, ..., units) -> the same; p̂ is the mean over all axes but the last. The activations
        must lie in (0, 1), as a sigmoid's do; for a ReLU take L1.

    Raises:
        ValueError: for a rate, strength or momentum out of range.

    Example:
        >>> code = keras.layers.Dense(256, activation="sigmoid")(x)
        >>> code = KLSparsity(rate=0.05, strength=0.01)(code)
    """

    def __init__(self, rate, strength, momentum=0.0, **kwargs):
        super().__init__(**kwargs)
        if not 0 < rate < 1:
            raise ValueError(f"rate must lie between 0 and 1, such as 0.05. Received: {rate}.")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1. Received: {momentum}.")
        self.rate, self.strength, self.momentum = rate, _strength(strength), momentum

    def build(self, input_shape):
        if self.momentum:
            self.running = self.add_weight(
                shape=(input_shape[-1],),
                initializer=keras.initializers.Constant(self.rate),
                trainable=False,
                name="running",
            )

    def call(self, inputs, training=False):
        p_hat = ops.mean(inputs, axis=list(range(len(inputs.shape) - 1)))  # (units,)
        if self.momentum:
            running = ops.convert_to_tensor(self.running)
            if training:
                running = ops.stop_gradient(self.momentum * running + (1 - self.momentum) * p_hat)
                self.running.assign(running)
            p_hat = running + p_hat - ops.stop_gradient(p_hat)  # the batch's gradient
        self.add_loss(self.strength * ops.sum(rate_divergence(self.rate, p_hat)))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("rate", "strength", "momentum")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable("course")
class ContractiveDense(keras.layers.Dense):
    """A Dense layer that adds a loss for its slope, in closed form.

    strength · mean over images of ‖J‖², see `dense_contraction` (Rifai et al. 2011).

    Args:
        units: width of the code.
        activation: "sigmoid" or "tanh".
        strength: the factor, at least 0.
        kwargs: what `keras.layers.Dense` takes.

    Shapes:
        (batch, inputs) -> (batch, units), float32.

    Raises:
        ValueError: for another activation, or a strength below 0.
    """

    def __init__(self, units, activation="sigmoid", strength=1.0, **kwargs):
        super().__init__(units, activation=activation, **kwargs)
        _slope(keras.activations.serialize(self.activation))
        self.strength = _strength(strength)

    def call(self, inputs, training=None):
        h = super().call(inputs, training=training)
        name = keras.activations.serialize(self.activation)
        self.add_loss(self.strength * dense_contraction(h, self.kernel, name))
        return h

    def get_config(self):
        return super().get_config() | {"strength": self.strength}


@keras.saving.register_keras_serializable("course")
class Contractive(keras.layers.Layer):
    """Wrap any encoder, and add a loss for its slope by automatic differentiation.

    strength · mean over images of ‖J‖², see `contraction`.

    Args:
        encoder: a model or layer that treats each image apart from the others.
        strength: the factor, at least 0.
        probes: random directions a step. Each costs about one more backward pass; None takes all,
            exactly, one pass for each latent variable. On a CPU train with jit_compile=False:
            compiled, random numbers are drawn slowly.
        seed: of the directions.

    Shapes:
        as `encoder`, whose output is (batch, k).
    """

    def __init__(self, encoder, strength, probes=1, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.strength = encoder, _strength(strength)
        self.probes, self.seed = _probes(probes), seed
        self.directions = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z, loss = _code_and_contraction(self.encoder, inputs, self.probes, self.directions)
        self.add_loss(self.strength * loss)
        return z

    def compute_output_shape(self, input_shape):
        return self.encoder.compute_output_shape(input_shape)

    def get_config(self):
        return super().get_config() | {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "strength": self.strength,
            "probes": self.probes,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**config | {"encoder": encoder})


def rate_divergence(p, p_hat):
    """KL(p ‖ p̂) in nats between coins that show heads with probability p and p̂.

    Args:
        p: a number between 0 and 1.
        p_hat: numbers from 0 to 1; a little is taken off the ends, where KL is infinite.

    Shapes:
        p_hat of any shape -> the same.
    """
    tiny = keras.config.epsilon()
    p_hat = ops.clip(p_hat, tiny, 1 - tiny)
    return p * ops.log(p / p_hat) + (1 - p) * ops.log((1 - p) / (1 - p_hat))


def dense_contraction(h, kernel, activation):
    """Mean over images of ‖J‖², the squared slopes of one dense layer, in closed form.

    J has a row for each unit j and a column for each input i, and J_ji = s_j W_ij with s_j the
    slope of the activation. So ‖J‖² = Σ_j s_j² Σ_i W_ij².

    Args:
        h: the layer's output, (batch, units).
        kernel: W, (inputs, units).
        activation: "sigmoid", where s = h(1 − h), or "tanh", where s = 1 − h².

    Shapes:
        (batch, units) and (inputs, units) -> a number.

    Raises:
        ValueError: for another activation.
    """
    slope = _slope(activation)(h)
    return ops.mean(ops.sum(ops.square(slope) * ops.sum(ops.square(kernel), axis=0), axis=-1))


def jacobian(encoder, x):
    """How each number of the code moves with each number of the input, for each image.

    Shapes:
        x (batch, ...) -> (batch, k, inputs) with the input's axes laid flat.
    """
    import tensorflow as tf

    x = ops.convert_to_tensor(x, dtype=keras.config.floatx())
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = encoder(x)  # (b, k)
    return tf.reshape(tape.batch_jacobian(z, x), (x.shape[0], z.shape[-1], -1))


def contraction(encoder, x, probes=None, seed=None):
    """Mean over images of ‖J‖², the sum of all squared slopes, for any encoder.

    With `probes` it is estimated from that many random directions v of ±1 in the code: the mean of
    ‖Jᵀv‖² is ‖J‖² (Hutchinson 1990).

    Args:
        encoder: a model or layer that treats each image apart from the others.
        x: images, (batch, ...).
        probes: how many directions; None means exactly.
        seed: of the directions.

    Shapes:
        (batch, ...) -> a number.
    """
    directions = keras.random.SeedGenerator(seed)
    return _code_and_contraction(encoder, x, _probes(probes), directions)[1]


def _code_and_contraction(encoder, x, probes, directions):
    import tensorflow as tf

    x = ops.convert_to_tensor(x, dtype=keras.config.floatx())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = encoder(x)  # (b, k)
        targets = []
        for _ in range(probes or 0):
            v = ops.sign(keras.random.uniform(ops.shape(z), -1, 1, seed=directions))
            targets.append(ops.sum(z * v))
    if probes is None:
        total = ops.sum(ops.square(tape.batch_jacobian(z, x)))
    else:
        total = sum(ops.sum(ops.square(tape.gradient(t, x))) for t in targets) / probes
    return z, total / ops.cast(ops.shape(x)[0], z.dtype)


def _slope(activation):
    if activation not in SLOPES:
        raise ValueError(
            f"The closed form is known here for {' and '.join(SLOPES)}. Received: {activation!r}. "
            "For any other layer use `contraction`, or wrap it in `Contractive`."
        )
    return SLOPES[activation]


def _probes(probes):
    if probes is not None and not probes >= 1:
        raise ValueError(f"probes must be at least 1, or None for all. Received: {probes}.")
    return probes


def _strength(strength):
    if not strength >= 0:
        raise ValueError(f"strength must be at least 0. Received: {strength}.")
    return strength
