"""The frozen judge: one small classifier of digits, the common yardstick of all chapters.

"Identity kept" means that the judge reads the same digit in an image and in what was made of it;
where it does not, the image is a *flip*. The judge is trained once on the training images, never on
a test image, and its weights are kept in the cache.
"""

import hashlib

import numpy as np

from course.data.cache import load_or_make

VERSION = 1  # raise it when the network or its training changes
EPOCHS, BATCH_SIZE, SEED = 5, 256, 0


class Judge:
    """Reads digits in images.

    Args:
        model: a Keras model, (n, 28, 28, 1) -> logits (n, 10), with a layer named "features".
    """

    def __init__(self, model):
        import keras

        self._model = model
        self._features = keras.Model(model.inputs, model.get_layer("features").output)

    def probabilities(self, images):
        """How sure the judge is of each digit. (n, 28, 28, 1) or (n, 784) -> (n, 10)."""
        logits = self._model.predict(_images(images), batch_size=1000, verbose=0)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def read(self, images):
        """The digit read in each image. (n, 28, 28, 1) or (n, 784) -> (n,) int64."""
        logits = self._model.predict(_images(images), batch_size=1000, verbose=0)
        return logits.argmax(axis=1)

    def features(self, images):
        """The judge's last hidden layer. (n, 28, 28, 1) or (n, 784) -> (n, 128)."""
        return self._features.predict(_images(images), batch_size=1000, verbose=0)

    def flips(self, x, x_hat):
        """Where the judge reads another digit in x_hat than in x. -> (n,) bool."""
        if len(x) != len(x_hat):
            raise ValueError(f"Give as many images before as after: {len(x)}, {len(x_hat)}.")
        return self.read(x) != self.read(x_hat)


def load_judge(x_train, y_train):
    """The judge for these training images: from the cache, or trained now (about ten seconds).

    Args:
        x_train: (n, 28, 28, 1), float32 in [0, 1].
        y_train: (n,), digits 0 to 9.

    Raises:
        ValueError: if images and labels do not belong together.
    """
    x_train, y_train = _images(x_train), np.asarray(y_train)
    if y_train.shape != (len(x_train),) or not np.isin(y_train, range(10)).all():
        raise ValueError(
            f"Give a digit from 0 to 9 for each of the {len(x_train)} images. "
            f"Received: labels of shape {y_train.shape}, such as {y_train.ravel()[:5]}."
        )
    model = build_judge()
    stored = load_or_make(
        f"judge-v{VERSION}-{_digest(x_train, y_train)}", lambda: _train(model, x_train, y_train)
    )
    model.set_weights([stored[f"weight_{i}"] for i in range(len(model.weights))])
    model.trainable = False
    return Judge(model)


def build_judge():
    """A small convolutional classifier, 28x28x1 -> 10 logits; strides keep it quick on a CPU."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, padding="same", activation="relu"),  # (b, 14, 14, 16)
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),  # (b, 7, 7, 32)
            layers.Flatten(),
            layers.Dropout(0.3, seed=SEED),
            layers.Dense(128, activation="relu", name="features"),
            layers.Dense(10),
        ],
        name="judge",
    )


def _train(model, x_train, y_train):
    import keras

    from course.training import Progress, steps_per_epoch, warmup_cosine

    # Its own generator: whether the judge was cached must not change what the chapter draws next.
    rng = np.random.default_rng(SEED)
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.weights
            fan_in = int(np.prod(kernel.shape[:-1]))
            kernel.assign(rng.normal(0, np.sqrt(2 / fan_in), kernel.shape).astype("float32"))
            bias.assign(np.zeros(bias.shape, "float32"))
    order = rng.permutation(len(x_train))
    x_train, y_train = x_train[order], y_train[order]
    steps = steps_per_epoch(x_train, BATCH_SIZE)
    model.compile(
        optimizer=keras.optimizers.Adam(warmup_cosine(4e-3, EPOCHS, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,  # compiled convolutions are several times slower on a CPU
        steps_per_execution=steps,
    )
    model.fit(
        x_train,
        y_train,
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        shuffle=False,  # shuffled above; Keras would draw from the chapter's generator
        verbose=0,
        callbacks=[Progress("training the judge, once")],
    )
    return {f"weight_{i}": weight for i, weight in enumerate(model.get_weights())}


def _images(images):
    images = np.asarray(images)
    if images.ndim < 2 or not len(images) or images[0].size != 784:
        raise ValueError(
            f"The judge reads images (n, 28, 28, 1) or (n, 784). Received: shape {images.shape}."
        )
    if images.dtype.kind != "f":
        raise ValueError(
            f"The judge reads floats in [0, 1]: divide by 255. Received: {images.dtype}."
        )
    return images.astype("float32", copy=False).reshape(len(images), 28, 28, 1)


def _digest(x_train, y_train):
    """A name for these training images; every 16th is enough to tell data sets apart."""
    digest = hashlib.sha256(repr((x_train.shape, EPOCHS, BATCH_SIZE)).encode())
    digest.update(np.ascontiguousarray(x_train[::16]).tobytes())
    digest.update(np.ascontiguousarray(y_train).astype("int64").tobytes())
    return digest.hexdigest()[:16]
