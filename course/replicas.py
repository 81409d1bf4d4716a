"""Several small networks of one build, side by side in one graph: an experiment over seeds."""

import course.quiet  # noqa: F401  first, so that TensorFlow starts without its notice

# isort: split
import keras
import numpy as np
import tensorflow as tf


class Replicas(keras.Model):
    """Copies of a model that share nothing but the graph.

    Many tiny networks cost little more than one: most of the time of a tiny step is overhead.
    Each replica has its own weights, drawn by its own call of `build`, and sees its own batch. Adam
    and SGD work on each weight by itself, so a mean loss over all replicas trains each one as if it
    were alone (its gradient is divided by their number, which Adam does not notice).

    Args:
        build: a function without arguments that returns a built model without moving means, seeds
            or other weights that are not trained. It is called once for each replica.
        count: how many, an int >= 1.

    Shapes:
        (count, batch, ...) -> (count, batch, ...), what each replica makes of its own batch.

    Raises:
        ValueError: if the model has weights that are not trained, or there is no replica.

    Example:
        >>> four = Replicas(build_generator, 4)
        >>> four(z).shape  # z (4, 64, 2)
        (4, 64, 2)
    """

    def __init__(self, build, count, **kwargs):
        super().__init__(**kwargs)
        if count < 1:
            raise ValueError(f"count must be at least 1. Received: {count}.")
        models = [build() for _ in range(count)]
        if models[0].non_trainable_variables:
            names = ", ".join(v.path for v in models[0].non_trainable_variables)
            raise ValueError(
                "Replicas need a model whose weights are all trained: leave out batch "
                f"normalisation and dropout. Received: one with {names}."
            )
        object.__setattr__(self, "_one", models[0])  # past Keras: its own weights are not ours
        for i, variable in enumerate(models[0].trainable_variables):
            values = np.stack([np.asarray(model.trainable_variables[i]) for model in models])
            weight = self.add_weight(shape=values.shape, name=f"{variable.name}_{i}")
            weight.assign(values)
        self.lead = (count,)
        self.input_shape = (count, *models[0].input_shape)
        self.built = True

    def call(self, x):
        def one(parts):
            *weights, batch = parts
            pairs = zip(self._one.trainable_variables, weights, strict=True)
            with keras.StatelessScope(pairs):
                return self._one(batch)

        return tf.vectorized_map(one, [*(v.value for v in self.trainable_variables), x])

    def pick(self, i):
        """Replica i as a model of its own."""
        model = keras.models.clone_model(self._one)
        model.set_weights([np.asarray(v)[i] for v in self.trainable_variables])
        return model
