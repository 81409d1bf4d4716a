"""A dense layer that borrows another one's kernel: tied weights."""

import warnings

import keras


@keras.saving.register_keras_serializable("course")
class DenseTranspose(keras.layers.Layer):
    """Multiply by the transposed kernel of `dense`, and add a bias of its own.

    x = f(z Wᵀ + c) where `dense` computes z = g(x W + b): the decoder owns no matrix, and the
    gradient of W is the sum of what both uses ask for. (Vincent et al. 2010, section 2.1.)

    The two stay tied when a model is saved and loaded. `keras.models.clone_model` copies each
    layer by itself; the copies are not tied to each other, and a warning says so.

    Args:
        dense: a `keras.layers.Dense`. It must be built before this layer is, so let the encoder
            see its input first. Freezing either layer freezes the kernel for both.
        activation: what `keras.activations.get` takes; None means linear.

    Shapes:
        (batch, ..., dense.units) -> (batch, ..., inputs of dense), float32.

    Raises:
        TypeError: if `dense` is no Dense layer.
        ValueError: if it is not built yet, or its units do not fit the input.

    Example:
        >>> dense = keras.layers.Dense(32, activation="relu")
        >>> layers = [keras.Input((784,)), dense, DenseTranspose(dense, "sigmoid")]
        >>> keras.Sequential(layers).count_params()
        25904
    """

    def __init__(self, dense, activation=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(dense, keras.layers.Dense):
            raise TypeError(
                "DenseTranspose needs the Dense layer whose kernel it shares. Received: "
                f"{dense!r}. If the layer is inside a model, give model.layers[i]."
            )
        # Past Keras' own bookkeeping: as a sublayer, `dense` would lend this layer its bias too.
        object.__setattr__(self, "dense", dense)
        _mark_as_shared(dense)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        if not self.dense.built:
            raise ValueError(
                "Build `dense` before the layer that is tied to it: call it, or the encoder that "
                f"holds it, on its input first. Received: {self.dense.name!r}, which has no kernel "
                "yet."
            )
        if input_shape[-1] != self.dense.units:
            raise ValueError(
                f"{self.dense.name!r} has {self.dense.units} units, so the layer tied to it takes "
                f"inputs (batch, ..., {self.dense.units}). Received: shape {tuple(input_shape)}."
            )
        self.kernel = self.dense.kernel  # (inputs, units)
        self.bias = self.add_weight(shape=(self.kernel.shape[0],), initializer="zeros", name="bias")

    def call(self, inputs):
        outputs = keras.ops.matmul(inputs, keras.ops.transpose(self.kernel))
        return self.activation(outputs + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.dense.kernel.shape[0])

    def count_params(self):
        """Its own numbers, the bias: the kernel is counted with `dense`, so that sums are right."""
        return super().count_params() - self.dense.kernel.shape[0] * self.dense.units

    def save_own_variables(self, store):
        store["bias"] = self.bias  # Keras saves `dense` too, once, wherever it meets it first

    def load_own_variables(self, store):
        self.bias.assign(store["bias"])

    def get_config(self):
        return super().get_config() | {
            "dense": keras.saving.serialize_keras_object(self.dense),
            "activation": keras.activations.serialize(self.activation),
        }

    @classmethod
    def from_config(cls, config):
        if "shared_object_id" not in config["dense"]:  # Keras marks it when it saves a whole model
            warnings.warn(
                "This DenseTranspose is made from a config alone and gets a Dense of its own: it "
                "is tied to no other layer. To copy a tied model, build it anew and use "
                "set_weights, or save and load it.",
                stacklevel=2,
            )
        dense = keras.saving.deserialize_keras_object(config["dense"])
        return cls(**config | {"dense": dense})


def _mark_as_shared(dense):
    """Let `dense` say whenever it is saved that something else may refer to it.

    Keras gives a layer its mark only when it meets it a second time. A Sequential has by then
    copied what it knew of the layer, and an encoder and a decoder would load with a kernel each.
    So `dense` sees to it that Keras has always met it once before.
    """
    if hasattr(dense.get_config, "inside"):
        return
    plain = dense.get_config

    def get_config():
        if not get_config.inside:
            get_config.inside = True
            try:
                keras.saving.serialize_keras_object(dense)
            finally:
                get_config.inside = False
        return plain()

    get_config.inside = False
    object.__setattr__(dense, "get_config", get_config)
