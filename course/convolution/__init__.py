"""Convolution and transposed convolution as Keras computes them, in plain integers and NumPy.

`lengths` holds the sizes along one axis, `arrays` the values, `steps` the transposed convolution
one pasted window at a time, `matrix` the convolution as a matrix C. Nothing here loads TensorFlow.
"""

from course.convolution.arrays import conv, conv_transpose, overlap_counts
from course.convolution.lengths import conv_length, conv_padding, conv_transpose_length, same_crop
from course.convolution.matrix import convolution_matrix
from course.convolution.steps import PasteStep, paste_steps

__all__ = [
    "PasteStep",
    "conv",
    "conv_length",
    "conv_padding",
    "conv_transpose",
    "conv_transpose_length",
    "convolution_matrix",
    "overlap_counts",
    "paste_steps",
    "same_crop",
]
