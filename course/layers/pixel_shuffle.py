"""Depth to space: channels become a finer grid."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course")
class PixelShuffle(keras.layers.Layer):
    """Lay each pixel's channels out as a block of size x size pixels.

    A convolution at low resolution that makes size * size * c channels, and this, together are a
    transposed convolution with that stride, at the same cost. (Shi et al. 2016, section 3.2.)

    The order is TensorFlow's `depth_to_space`: channel (i * size + j) * c + k becomes channel k of
    the pixel in row i and column j of the block. PyTorch's `PixelShuffle` has k outermost.

    Args:
        size: rows and columns of a block, an int, at least 1.

    Shapes:
        (batch, h, w, size * size * c) -> (batch, size * h, size * w, c), of the input's dtype.

    Raises:
        ValueError: if `size` is no such int, or size * size does not divide the channels.

    Example:
        >>> image = PixelShuffle(2)([[[[1.0, 2.0, 3.0, 4.0]]]])
        >>> keras.ops.convert_to_numpy(image)[0, :, :, 0].tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"size must be an int, at least 1. Received: {size!r}.")
        self.size = size

    def call(self, images):
        shape, k = images.shape, self.size
        if len(shape) != 4 or None in shape[1:] or shape[3] % (k * k):
            raise ValueError(
                f"Give images (batch, h, w, channels) whose channels are a multiple of {k * k} "
                f"(size * size). Received: {tuple(shape)}."
            )
        _, h, w, channels = shape
        x = ops.reshape(images, (-1, h, w, k, k, channels // (k * k)))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # rows of a block beside the rows of the image
        return ops.reshape(x, (-1, k * h, k * w, channels // (k * k)))

    def get_config(self):
        return {**super().get_config(), "size": self.size}
