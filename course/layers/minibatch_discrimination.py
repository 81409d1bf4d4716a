"""A layer that lets a discriminator look at a whole batch: how alike are these images?"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course")
class MinibatchDiscrimination(keras.layers.Layer):
    """Append to each row how close the other rows of the batch are.

    A generator that makes one image again and again makes batches whose rows are alike, and a
    discriminator that sees one row at a time cannot tell. (Salimans et al. 2016, section 3.2.)

    The kernel T maps row i to a table M_i of num_kernels lines with kernel_dim numbers each. With
    d = |M_i,k - M_j,k|, summed over the numbers of line k, the statistic of row i and line k is

        o_ik = sum over all rows j of exp(-d)

    Row i itself is counted, as in the paper: the statistic lies between 1 (no other row is near, or
    there is no other row) and the number of rows (all are equal). Other rows of the batch change
    the answer, in training and later: show generated and real rows in batches of their own.

    Args:
        num_kernels: statistics a row, an int, at least 1.
        kernel_dim: numbers that a distance is summed over, an int, at least 1.
        average: divide by the number of rows, so that the statistic lies between 0 and 1 whatever
            the batch. The paper does not.
        kernel_initializer: what `keras.initializers.get` takes. Small numbers make all rows near.

    Shapes:
        (batch, features) -> (batch, features + num_kernels), of the input's dtype. The distances
        take num_kernels * batch * batch numbers.

    Raises:
        TypeError: if an argument is no int.
        ValueError: if one is below 1, or the input is no table (batch, features).

    Example:
        >>> x = keras.ops.ones((4, 3))  # four rows, all alike
        >>> MinibatchDiscrimination(num_kernels=2, kernel_dim=5)(x)[0]
        [1.0, 1.0, 1.0, 4.0, 4.0]
    """

    def __init__(
        self,
        num_kernels,
        kernel_dim,
        average=False,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_kernels = _positive("num_kernels", num_kernels)
        self.kernel_dim = _positive("kernel_dim", kernel_dim)
        self.average = bool(average)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        features = _features(input_shape)
        self.kernel = self.add_weight(
            shape=(features, self.num_kernels * self.kernel_dim),
            initializer=self.kernel_initializer,
            name="kernel",
        )

    def call(self, x):
        _features(x.shape)
        m = ops.reshape(ops.matmul(x, self.kernel), (-1, self.kernel_dim, self.num_kernels))
        m = ops.transpose(m, (1, 2, 0))  # (kernel_dim, kernels, b): long rows of memory
        distance = 0.0
        for line in range(self.kernel_dim):  # one at a time: no (b, b, kernels, kernel_dim)
            distance += ops.abs(ops.expand_dims(m[line], 2) - ops.expand_dims(m[line], 1))
        near = ops.exp(-distance)  # (kernels, b, b)
        statistic = ops.mean(near, axis=2) if self.average else ops.sum(near, axis=2)
        statistic = ops.transpose(statistic)  # (b, kernels)
        return ops.concatenate([x, statistic], axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], _features(input_shape) + self.num_kernels)

    def get_config(self):
        return {
            **super().get_config(),
            "num_kernels": self.num_kernels,
            "kernel_dim": self.kernel_dim,
            "average": self.average,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _positive(name, value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, at least 1. Received: {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1. Received: {value}.")
    return value


def _features(shape):
    if len(shape) != 2 or shape[1] is None:
        raise ValueError(
            "Give rows of features, (batch, features) with the features known: put a Flatten or a "
            f"Dense layer before MinibatchDiscrimination. Received: shape {tuple(shape)}."
        )
    return shape[1]
