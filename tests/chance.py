"""The sources of chance, for the tests that must leave them alone or seed them."""

import random

import numpy as np


def draws():
    """A number from each source of chance that a chapter may use."""
    import keras
    import tensorflow as tf

    return [
        random.random(),
        np.random.random(),
        float(keras.random.normal(())),
        float(tf.random.normal(())),
        float(keras.layers.Dense(1).kernel_initializer((1, 1))[0, 0]),
    ]
