"""Black-and-white digits. There are two customs, and they are different data sets.

*Thresholded*: ink where the grey level is above ½. *Sampled*: a pixel of grey level g is ink with
probability g (Salakhutdinov & Murray 2008). Nats on one say nothing about nats on the other.
"""

import math

import numpy as np

from course.quiet import keras


def threshold_pixels(images):
    """Ink where the grey level is above one half: always the same picture.

    Shapes:
        (n, ...) in [0, 1] -> the same, float32, 0 or 1.

    Raises:
        ValueError: if a pixel lies outside [0, 1].
    """
    return (_grey(images) > 0.5).astype("float32")


def sample_pixels(images, seed):
    """Ink with the probability that the grey level states, one draw.

    Args:
        images: grey pixels in [0, 1].
        seed: what `numpy.random.default_rng` takes. One seed, one set of pictures: a fixed test
            set needs a fixed seed.

    Shapes:
        (n, ...) -> the same, float32, 0 or 1.

    Raises:
        ValueError: if a pixel lies outside [0, 1].
    """
    images = _grey(images)
    rng = np.random.default_rng(seed)
    return _draw(rng, images)


class FreshPixels(keras.utils.PyDataset):
    """Batches of images whose pixels are drawn anew, and shuffled, in every epoch.

    The net never sees the same black-and-white picture twice, which works against overfitting.
    For `fit(FreshPixels(x, 256, seed=0), epochs=10)`; for testing use `sample_pixels` once.

    Args:
        images: grey pixels in [0, 1], (n, ...).
        batch_size: images a step; the last batch may be smaller.
        seed: an int; one seed gives the same batches in the same order.

    Raises:
        ValueError: if a pixel lies outside [0, 1], or there is no image.
    """

    def __init__(self, images, batch_size, *, seed, **kwargs):
        super().__init__(**kwargs)
        self.images = _grey(images)
        if not len(self.images) or batch_size < 1:
            raise ValueError(
                "Give at least one image, and a batch size of at least 1. "
                f"Received: {len(self.images)} images, batch_size={batch_size}."
            )
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self._shuffle()

    def _shuffle(self):
        self.order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.images))

    def __len__(self):
        return math.ceil(len(self.images) / self.batch_size)

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        rng = np.random.default_rng([self.seed, self.epoch, index])
        return (_draw(rng, self.images[rows]),)

    def on_epoch_end(self):
        self.epoch += 1
        self._shuffle()


def _draw(rng, images):
    return (rng.random(images.shape, dtype=np.float32) < images).astype("float32")


def _grey(images):
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise ValueError(f"Give floats in [0, 1]: divide by 255. Received: {images.dtype}.")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"Pixels must lie in [0, 1]. Received: {images.min()} to {images.max()}.")
    return images.astype("float32", copy=False)
