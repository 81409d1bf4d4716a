"""Max pooling that remembers where each largest value stood, and the unpooling that uses it."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course")
class MaxPoolWithPlaces(keras.layers.Layer):
    """Keep the largest value of each window, and its place in the window.

    `MaxUnpool` needs the places to put the values back; they are the "switches" of Zeiler & Fergus
    2014, section 2.1. Within a window they count row by row: for size 2, 0 and 1 stand above 2 and
    3. Where several values are largest, the first one wins.

    Args:
        size: rows and columns of a window, an int, at least 1. Windows do not overlap.

    Shapes:
        (batch, h, w, c) -> a pair, each (batch, h / size, w / size, c): the values, and the places
        as int32.

    Raises:
        ValueError: if `size` is no such int, or does not divide both h and w.

    Example:
        >>> image = keras.ops.reshape([1.0, 9.0, 2.0, 3.0], (1, 2, 2, 1))
        >>> values, places = MaxPoolWithPlaces(2)(image)
        >>> float(values[0, 0, 0, 0]), int(places[0, 0, 0, 0])
        (9.0, 1)
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = _window_size(size)

    def call(self, images):
        _, h, w, c = _image_shape(images.shape)
        k = self.size
        if h % k or w % k:
            raise ValueError(
                f"Windows of {k}x{k} must fill the image. Received: images of {h}x{w}. "
                f"Crop or pad them to a multiple of {k}."
            )
        x = ops.reshape(images, (-1, h // k, k, w // k, k, c))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # the two k beside each other
        windows = ops.reshape(x, (-1, h // k, w // k, k * k, c))
        places = ops.argmax(windows, axis=3)
        return ops.max(windows, axis=3), ops.cast(places, "int32")

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("course")
class MaxUnpool(keras.layers.Layer):
    """Put each value at its place in a window of zeros.

    It undoes `MaxPoolWithPlaces` as far as that can be undone: the largest value of each window
    stands again where it stood, everything else is zero. (Zeiler & Fergus 2014, section 2.1.)

    Args:
        size: rows and columns of a window, an int, at least 1.

    Shapes:
        values and places, each (batch, h, w, c) -> (batch, size * h, size * w, c), of the values'
        dtype. A place outside the window, such as size * size, leaves it empty.

    Raises:
        ValueError: if `size` is no such int, or values and places have different shapes.

    Example:
        >>> image = MaxUnpool(2)([[[[9.0]]]], [[[[1]]]])
        >>> keras.ops.convert_to_numpy(image)[0, :, :, 0].tolist()
        [[0.0, 9.0], [0.0, 0.0]]
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = _window_size(size)

    def call(self, values, places):
        values, places = ops.convert_to_tensor(values), ops.convert_to_tensor(places)
        _, h, w, c = _image_shape(values.shape)
        if tuple(values.shape)[1:] != tuple(places.shape)[1:]:
            raise ValueError(
                "Give a place for each value, as MaxPoolWithPlaces does. "
                f"Received: {tuple(values.shape)} and {tuple(places.shape)}."
            )
        k = self.size
        here = ops.one_hot(places, k * k, axis=3, dtype=values.dtype)  # (b, h, w, k * k, c)
        windows = here * ops.expand_dims(values, 3)
        x = ops.reshape(windows, (-1, h, w, k, k, c))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, k * h, k * w, c))

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _window_size(size):
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"size must be an int, at least 1. Received: {size!r}.")
    return size


def _image_shape(shape):
    if len(shape) != 4 or None in shape[1:]:
        raise ValueError(
            f"Give images (batch, h, w, c) with h, w and c known. Received: {tuple(shape)}."
        )
    return shape
