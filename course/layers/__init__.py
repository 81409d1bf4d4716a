"""Keras layers that the chapters use and Keras does not have, one topic a file."""

import course.quiet  # noqa: F401  first, so that TensorFlow starts without its notice
from course.layers.dense_transpose import DenseTranspose
from course.layers.max_unpooling import MaxPoolWithPlaces, MaxUnpool
from course.layers.minibatch_discrimination import MinibatchDiscrimination
from course.layers.pixel_shuffle import PixelShuffle
from course.layers.sampling import Sampling

__all__ = [
    "DenseTranspose",
    "MaxPoolWithPlaces",
    "MaxUnpool",
    "MinibatchDiscrimination",
    "PixelShuffle",
    "Sampling",
]
